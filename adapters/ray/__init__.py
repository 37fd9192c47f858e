"""Workers on a Ray cluster."""

from gliobench.adapters.ray.executor import RayExecutor

__all__ = ["RayExecutor"]
