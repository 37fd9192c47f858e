"""Workers that are Ray actors, each with its own models."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock, current_thread, main_thread
from typing import Any, final
from urllib.parse import urlsplit

import ray
import structlog
from ray.exceptions import RayError, RayTaskError

from gliobench.application.evaluate.jobs import (
    Done,
    Job,
    Message,
    Ready,
    WorkerDied,
    WorkerFailed,
    do,
    load,
    portable,
)
from gliobench.application.evaluate.worker_pool import Pool, Worker, supervised
from gliobench.application.ports.executor import Executor, MakeWork, WorkerPool
from gliobench.domain.errors import InvalidInputError, JobError, StoreError

KNOCK_S = 20.0
"""How long a cluster may take to answer at all."""

log = structlog.get_logger()


@final
class RayExecutor(Executor):
    """Puts actors to work wherever the cluster has room, and replaces those that die.

    They read the dataset and write the run themselves, so both must be within reach of every node:
    an object store, or a folder that all nodes share.

    Args:
        address: Of the cluster, as `ray.init` takes it; None starts one on this machine, for this
            evaluation alone.
        workers: How many actors, ≥ 1.
        num_cpus: CPU cores of an actor.
        num_gpus: GPUs of an actor, or a part of one.
        study_timeout_s: How long a study may take under one backend before its actor is killed;
            None for ever.
    """

    def __init__(
        self,
        *,
        address: str | None,
        workers: int,
        num_cpus: float = 1.0,
        num_gpus: float = 0.0,
        study_timeout_s: float | None = None,
    ) -> None:
        self._address = address
        self._workers = workers
        self._num_cpus, self._num_gpus = num_cpus, num_gpus
        self._study_timeout_s = study_timeout_s

    @contextmanager
    def worker_pool(self, make_work: MakeWork) -> Iterator[WorkerPool]:
        """Join the cluster and ask for the actors; they are killed at the end.

        Raises:
            StoreError: There is no cluster at the address.
            JobError: It runs another version of Ray or of Python.
            InvalidInputError: It is this machine's own, and has no room for an actor.
        """
        with _joined(self._address):
            self._check_room()
            with supervised(
                _Actors(make_work, num_cpus=self._num_cpus, num_gpus=self._num_gpus),
                size=self._workers,
                study_timeout_s=self._study_timeout_s,
                notice=lambda event, facts: log.warning(event, **facts),
            ) as pool:
                yield pool

    def _check_room(self) -> None:
        """Refuse what Ray would wait for in silence; another cluster may still grow."""
        if (self._address or "local") != "local":
            return
        found: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]  # as most of Ray
        for name, wanted in {"CPU": self._num_cpus, "GPU": self._num_gpus}.items():
            if wanted > (has := found.get(name, 0.0)):
                raise InvalidInputError(
                    f"ray.num_{name.lower()}s is {wanted:g} for each worker, and this machine has "
                    f"{has:g} for all: lower it, or set ray.address to a cluster that has more"
                )


@contextmanager
def _joined(address: str | None) -> Iterator[None]:
    """Be part of a cluster; what Ray does to a process at large is undone or forestalled."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing leaves the hospital
    logging.getLogger("ray").setLevel(logging.ERROR)  # stderr is for our events
    mine = signal.getsignal(signal.SIGTERM)
    try:
        _knock(address)
        ray.init(
            address or "local",
            configure_logging=False,
            log_to_driver=False,
            include_dashboard=False if address is None else None,
        )
    except RuntimeError as error:  # other versions of Ray or Python over there
        raise JobError(f"Ray cluster {address}: {' '.join(str(error).split())}") from error
    except (OSError, ValueError, RayError) as error:
        reason = " ".join(str(error).split())
        raise StoreError(f"Ray cluster {address} cannot be reached: {reason}") from error
    if current_thread() is main_thread():
        signal.signal(signal.SIGTERM, mine)  # Ray's own would end the batch in hand
    try:
        yield
    finally:
        ray.shutdown()


def _knock(address: str | None) -> None:
    """Try the door of a cluster: Ray itself would stand before it for five minutes.

    Raises:
        OSError: No process opens it.
    """
    if address is None:
        return
    where = urlsplit(address if "://" in address else f"//{address}")
    if where.hostname and where.port:
        socket.create_connection((where.hostname, where.port), timeout=KNOCK_S).close()


@final
class _Actors(Pool):
    def __init__(self, make_work: MakeWork, *, num_cpus: float, num_gpus: float) -> None:
        self._make_work = pickle.dumps(make_work)
        self._kind: Any = ray.remote(Actor).options(
            num_cpus=num_cpus,
            num_gpus=num_gpus,
            max_concurrency=2,  # one job is inferred, the next one loaded
            max_restarts=0,  # the pool replaces them
            scheduling_strategy="SPREAD",
        )

    def start_worker(self) -> Worker:
        return _RayWorker(self._kind.remote(self._make_work))

    def listen(self, workers: Sequence[Worker], timeout_s: float) -> list[tuple[Worker, Message]]:
        said = {
            ref: item for item in workers if isinstance(item, _RayWorker) for ref in item.expected
        }
        ray.wait(list(said), num_returns=1, timeout=timeout_s)
        ready, _ = ray.wait(list(said), num_returns=len(said), timeout=0)  # the others too
        first = {said[ref]: ref for ref in reversed(ready)}
        return [(worker, worker.receive(ref)) for worker, ref in first.items()]


@final
class _RayWorker(Worker):
    def __init__(self, actor: Any) -> None:  # noqa: ANN401 -- Ray makes its classes
        self._actor = actor
        self.expected = [actor.ready.remote()]

    def give(self, job: Job) -> None:
        self.expected.append(self._actor.do.remote(job))

    def receive(self, ref: Any) -> Message:  # noqa: ANN401 -- Ray's references have several types
        self.expected.remove(ref)
        try:
            message: Message = ray.get(ref)
        except RayTaskError:
            raise  # a bug over there, and no fate of the actor's
        except RayError as error:
            return WorkerDied(" ".join(str(error).split())[:300])
        return message

    def terminate(self) -> None:
        self.expected.clear()
        ray.kill(self._actor)


class Actor:
    """Holds models, and does two jobs at a time: one is loaded while the other is inferred."""

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
