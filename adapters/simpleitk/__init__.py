"""Registration and bias fields by SimpleITK."""

from gliobench.adapters.simpleitk.bias_field import N4BiasField
from gliobench.adapters.simpleitk.registrar import SimpleItkRegistrar

__all__ = ["N4BiasField", "SimpleItkRegistrar"]
