"""Workers on a Ray cluster (extra `ray`)."""

from __future__ import annotations

from gliobench.adapters.ray import RayExecutor
from gliobench.application.ports.executor import Executor
from gliobench.entrypoints.settings import Settings


def ray_executor(settings: Settings) -> Executor:
    """Join the cluster that the settings name, or a local one."""
    return RayExecutor(
        address=settings.ray.address,
        workers=settings.workers,
        num_cpus=settings.ray.num_cpus,
        num_gpus=settings.ray.num_gpus,
        study_timeout_s=settings.study_timeout_s,
    )
