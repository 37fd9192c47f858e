"""Simulated studies (extra `phantom`): MNI152 brains with simulated gliomas."""

from gliobench.adapters.phantom.export import copy_included_phantoms, export_phantoms
from gliobench.adapters.phantom.source import PhantomStudySource

__all__ = ["PhantomStudySource", "copy_included_phantoms", "export_phantoms"]
