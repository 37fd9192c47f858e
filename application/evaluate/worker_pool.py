"""Hand batches to workers in other processes, and repeat what they leave undone.

A worker that dies with a batch, or takes too long, is replaced; the batch is done again in ever
smaller parts, so that a fault is assigned to one study and one backend.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from math import inf
from time import monotonic
from typing import Any, Protocol, TypeAlias, final

from gliobench.application.evaluate.jobs import Done, Job, Message, Ready, WorkerDied, WorkerFailed
from gliobench.application.ports.executor import Batch, Outcome, WorkerPool
from gliobench.application.ports.run_store import RunManifest
from gliobench.domain.errors import JobError
from gliobench.domain.predictions.prediction import Failure, FailureReason

AHEAD = 2
"""Batches that a worker holds: one is inferred, the next one loaded."""
MAX_STARTUP_FAILURES = 3
"""Workers that may die before they have a model, one after the other."""
SILENCE_S = 15.0
"""How long workers are polled before their silence is reported."""


class Worker(Protocol):
    """Does jobs, one after the other."""

    def give(self, job: Job) -> None:
        """Hand it a job, which waits behind those it has."""
        ...

    def terminate(self) -> None:
        """End it at once, whatever it does."""
        ...


class Pool(Protocol):
    """Where workers come from.

    Contract:
        - A worker says `Ready` once, then `Done` once a job, or `WorkerFailed` or `WorkerDied` at last.
        - A worker that was terminated says nothing more.
    """

    def start_worker(self) -> Worker:
        """Get a worker, without waiting for its models."""
        ...

    def listen(self, workers: Sequence[Worker], timeout_s: float) -> list[tuple[Worker, Message]]:
        """Wait until some have something to say, or for so long; give one message of each."""
        ...


Notice: TypeAlias = Callable[[str, dict[str, Any]], None]
"""Called when something happens to a worker, with the event's name and its facts."""


@dataclass(slots=True, eq=False)
class _Hand:
    """A worker, what it has in hand, and when the first of that had its turn."""

    worker: Worker
    jobs: deque[Job] = field(default_factory=deque)
    since: float = 0.0
    is_ready: bool = False

    def has_room(self, depth: int, job: Job) -> bool:
        if job.alone or any(held.alone for held in self.jobs):
            depth = 1
        return self.is_ready and len(self.jobs) < depth

    def take(self, job: Job) -> None:
        if not self.jobs:
            self.since = monotonic()
        self.jobs.append(job)
        self.worker.give(job)


@final
class SupervisedWorkerPool(WorkerPool):
    """A pool whose workers can be replaced.

    Args:
        pool: Where they come from.
        size: How many.
        study_timeout_s: How long a study may take under one backend; None for ever.
        notice: Called when a worker is replaced or waited for.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        size: int,
        study_timeout_s: float | None = None,
        notice: Notice = lambda *_: None,
    ) -> None:
        self._pool, self._notice, self._limit_s = pool, notice, study_timeout_s
        self._again: deque[Job] = deque()
        self._manifests: tuple[RunManifest, ...] = ()
        self._startup_failures = 0
        self._hands = [_Hand(pool.start_worker()) for _ in range(size)]

    @property
    def manifests(self) -> tuple[RunManifest, ...]:
        """The manifest of each backend, in order, as soon as one worker is ready."""
        while not self._manifests:
            for _ in self._poll():
                pass  # nothing is done before anything is given
        return self._manifests

    def run(self, batches: Iterable[Batch], stop: Callable[[], bool]) -> Iterator[Outcome]:
        """Work on batches."""
        feed = map(Job, batches)
        while True:
            left = False if stop() else self._fill(feed)
            if not left and not any(hand.jobs for hand in self._hands):
                return
            for hand, outcome in self._poll():
                yield outcome
                if hand is not None and stop():
                    self._retire(hand)

    def terminate(self) -> None:
        """End all workers at once."""
        for hand in self._hands:
            hand.worker.terminate()

    def _fill(self, feed: Iterator[Job]) -> bool:
        """Hand every worker one job before any gets a second; return whether some are left."""
        for depth in range(1, AHEAD + 1):
            for hand in self._hands:
                if self._is_left(feed) and hand.has_room(depth, self._again[0]):
                    hand.take(self._again.popleft())
        return self._is_left(feed)

    def _is_left(self, feed: Iterator[Job]) -> bool:
        if not self._again:
            self._again.extend(islice(feed, 1))
        return bool(self._again)

    def _poll(self) -> Iterator[tuple[_Hand | None, Outcome]]:
        """Poll once, replace dead workers, and end those that are silent though their time was up."""
        hands = {id(hand.worker): hand for hand in self._hands}
        late = {key for key, hand in hands.items() if self._left_s(hand) <= 0}
        pause_s = max(0.0, min([SILENCE_S, *map(self._left_s, self._hands)]))
        messages = self._pool.listen([hand.worker for hand in self._hands], pause_s)
        for worker, message in messages:
            late.discard(id(worker))
            hand = hands[id(worker)]
            match message:
                case Ready(manifests):
                    self._welcome(hand, manifests)
                case Done(job, outcome):
                    hand.jobs.remove(job)
                    hand.since = monotonic()
                    yield hand, outcome
                case WorkerFailed(error):
                    raise error
                case WorkerDied(why):
                    self._replace(hand, Failure(FailureReason.BACKEND_ERROR, why))
        for key in late:
            self._cut(hands[key])
        if not messages:
            if pause_s == SILENCE_S:
                self._report_absent()
            yield None, Outcome({})

    def _cut(self, hand: _Hand) -> None:
        limit_s = hand.jobs[0].limit_s(self._limit_s or 0.0)
        self._replace(hand, Failure(FailureReason.TIMEOUT, f"not done after {limit_s:g} s"))

    def _report_absent(self) -> None:
        ready = sum(hand.is_ready for hand in self._hands)
        if ready < len(self._hands):
            self._notice("workers_awaited", {"ready": ready, "workers": len(self._hands)})

    def _welcome(self, hand: _Hand, manifests: tuple[RunManifest, ...]) -> None:
        self._manifests = self._manifests or manifests
        for ours, theirs in zip(self._manifests, manifests, strict=True):
            if ours.fingerprint != theirs.fingerprint:
                raise JobError(
                    f"workers do not run the same {ours.backend}: one runs {ours.fingerprint[:12]}, "
                    f"another {theirs.fingerprint[:12]}: give all the same weights, code and "
                    "provider"
                )
        hand.is_ready, self._startup_failures = True, 0

    def _replace(self, hand: _Hand, failure: Failure) -> None:
        """Start a worker in place of another, and repeat the jobs of that one."""
        hand.worker.terminate()
        facts = {"study_ids": hand.jobs[0].study_ids if hand.jobs else [], "why": failure.detail}
        self._notice("worker_replaced", facts)
        if not hand.is_ready:
            self._startup_failures += 1
            if self._startup_failures > MAX_STARTUP_FAILURES:
                raise JobError(f"workers end before they have a model: {failure.detail}")
        if hand.jobs:
            first, *others = hand.jobs
            self._again.extendleft(reversed([*first.after(failure), *others]))
        self._hands[self._hands.index(hand)] = _Hand(self._pool.start_worker())

    def _retire(self, hand: _Hand) -> None:
        """End a worker that has finished its job; what it has loaded ahead is dropped."""
        if hand in self._hands:
            self._hands.remove(hand)
            hand.worker.terminate()

    def _left_s(self, hand: _Hand) -> float:
        if self._limit_s is None or not hand.jobs:
            return inf
        return hand.since + hand.jobs[0].limit_s(self._limit_s) - monotonic()


@contextmanager
def supervised(
    pool: Pool, *, size: int, study_timeout_s: float | None, notice: Notice
) -> Iterator[WorkerPool]:
    """Put workers to work; all are ended at the end. Arguments are those of `SupervisedWorkerPool`."""
    workers = SupervisedWorkerPool(pool, size=size, study_timeout_s=study_timeout_s, notice=notice)
    try:
        yield workers
    finally:
        workers.terminate()
