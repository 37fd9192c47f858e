"""Registration by SimpleITK."""

from gliobench.adapters.simpleitk.registrar import SimpleItkRegistrar

__all__ = ["SimpleItkRegistrar"]
