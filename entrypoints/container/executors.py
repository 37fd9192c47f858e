"""Who does the work of an evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gliobench.domain.errors import MissingExtraError

if TYPE_CHECKING:
    from gliobench.application.ports.executor import Executor
    from gliobench.entrypoints.settings import Settings


def executor(settings: Settings) -> Executor:
    """Give whom the settings put to work: this process, processes beside it, or Ray.

    Raises:
        MissingExtraError: Ray is asked for and its extra is not installed.
    """
    if settings.executor == "ray":
        return _ray_executor(settings)
    from gliobench.adapters.executors import InProcessExecutor, ProcessExecutor

    if settings.workers == 1 and settings.study_timeout_s is None:
        return InProcessExecutor()
    return ProcessExecutor(workers=settings.workers, study_timeout_s=settings.study_timeout_s)


def _ray_executor(settings: Settings) -> Executor:
    try:
        from gliobench.adapters.ray import RayExecutor
    except ModuleNotFoundError as error:
        raise MissingExtraError(extra="ray", purpose="Working on Ray") from error
    return RayExecutor(
        address=settings.ray.address,
        workers=settings.workers,
        num_cpus=settings.ray.num_cpus,
        num_gpus=settings.ray.num_gpus,
        study_timeout_s=settings.study_timeout_s,
    )
