"""What an actor does."""

from __future__ import annotations

import pickle
from threading import Lock

from gliobench.application.evaluate.jobs import Done, Job, Ready, WorkerFailed, do, load
from gliobench.application.evaluate.picklable_errors import portable


class Actor:
    """Holds models, and does two jobs at a time: one is loaded while the other is inferred.

    Args:
        make_work: Makes its work; pickled.
    """

    def __init__(self, make_work: bytes) -> None:
        self._inferring = Lock()
        self._broken: WorkerFailed | None = None
        try:
            # here, so that a package missing on this node is reported by name
            self._work = pickle.loads(make_work)()  # noqa: S301 -- the driver's own
        except Exception as error:  # reported by `ready`
            self._broken = WorkerFailed(portable(error))

    def ready(self) -> Ready | WorkerFailed:
        """Describe the backends, once they are loaded."""
        return self._broken or Ready(self._work.manifests)

    def do(self, job: Job) -> Done | WorkerFailed:
        """Do a job."""
        try:
            loaded = load(self._work, job)
            with self._inferring:
                return do(self._work, job, loaded)
        except Exception as error:  # the driver raises it
            return WorkerFailed(portable(error))
