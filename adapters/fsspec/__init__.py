"""Files in folders and object stores: local paths and every URL that fsspec knows."""

from gliobench.adapters.fsspec.places import open_storage

__all__ = ["open_storage"]
