"""How batches are given to workers, and what becomes of those that are not done."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, final

import pytest

from fakes.fake_backend import fake_backend
from gliobench.application.evaluate.jobs import (
    Done,
    Job,
    Message,
    Ready,
    WorkerDied,
    WorkerFailed,
    overlapped,
)
from gliobench.application.evaluate.manifests import manifest_of
from gliobench.application.evaluate.worker_pool import (
    MAX_STARTUP_FAILURES,
    SILENCE_S,
    Pool,
    SupervisedWorkerPool,
    Worker,
)
from gliobench.application.ports.executor import Assignment, Batch, Outcome, ReadLimit, Work
from gliobench.application.ports.run_store import RunManifest
from gliobench.domain.errors import BackendError, JobError
from gliobench.domain.predictions.prediction import Failure, FailureReason

MANIFEST = manifest_of(fake_backend("a"), seed=0, versions={})
DIED = Failure(FailureReason.BACKEND_ERROR, "it died")
HUNG = Failure(FailureReason.TIMEOUT, "it hung")


def one(study_id: str, *backends: str) -> Assignment:
    names = backends or ("a",)
    return Assignment(study_id, None, dict.fromkeys(names, "key"), frozenset(names))


@final
@dataclass(eq=False)
class ScriptedWorker(Worker):
    """Does what its pool's script says, when it is listened to."""

    number: int
    jobs: deque[Job] = field(default_factory=deque)
    was_ready: bool = False
    terminated: bool = False

    def give(self, job: Job) -> None:
        self.jobs.append(job)

    def terminate(self) -> None:
        self.terminated = True


Script = Callable[[ScriptedWorker, Job], Message | None]


@final
class ScriptedPool(Pool):
    """Its workers speak in turn; one that has nothing to say to its job says nothing for ever."""

    def __init__(
        self, script: Script = lambda _, job: done(job), manifest: RunManifest = MANIFEST
    ) -> None:
        self.hired: list[ScriptedWorker] = []
        self.given: list[tuple[int, tuple[str, ...]]] = []
        self._script, self.manifest = script, manifest

    def start_worker(self) -> Worker:
        self.hired.append(ScriptedWorker(len(self.hired)))
        return self.hired[-1]

    def listen(self, workers: Sequence[Worker], timeout_s: float) -> list[tuple[Worker, Message]]:
        said: list[tuple[Worker, Message]] = []
        for worker in workers:
            assert isinstance(worker, ScriptedWorker)
            assert not worker.terminated
            message = self._message(worker)
            if message is not None:
                said.append((worker, message))
        assert said or timeout_s < SILENCE_S, "all wait for ever"
        return said

    def _message(self, worker: ScriptedWorker) -> Message | None:
        if not worker.was_ready:
            worker.was_ready = True
            return Ready((self.manifest,))
        if not worker.jobs:
            return None
        job = worker.jobs[0]
        self.given.append((worker.number, tuple(job.study_ids)))
        message = self._script(worker, job)
        if message is not None:
            worker.jobs.popleft()
        return message


def done(job: Job) -> Done:
    return Done(job, Outcome({}))


def run(
    pool: ScriptedPool, batches: Sequence[Batch], *, size: int = 1, limit_s: float | None = None
) -> list[Outcome]:
    supervised = SupervisedWorkerPool(pool, size=size, study_timeout_s=limit_s)
    assert supervised.manifests == (MANIFEST,)
    return list(supervised.run(batches, lambda: False))


def test_every_worker_gets_one_batch_before_any_gets_a_second() -> None:
    pool = ScriptedPool()

    run(pool, [(one("s0"),), (one("s1"),)], size=2)

    assert pool.given == [(0, ("s0",)), (1, ("s1",))]


def test_a_batch_that_killed_its_worker_is_done_again_study_by_study() -> None:
    def dies_once(worker: ScriptedWorker, job: Job) -> Message:
        return WorkerDied("no memory") if worker.number == 0 else done(job)

    pool = ScriptedPool(dies_once)

    outcomes = run(pool, [(one("s0"), one("s1")), (one("s2"),)])

    assert pool.given == [(0, ("s0", "s1")), (1, ("s0",)), (1, ("s1",)), (1, ("s2",))]
    assert len(outcomes) == 3
    assert pool.hired[0].terminated


def test_what_was_ahead_of_a_dead_worker_is_not_blamed() -> None:
    seen: list[Job] = []

    def dies_once(worker: ScriptedWorker, job: Job) -> Message:
        seen.append(job)
        return WorkerDied("no memory") if worker.number == 0 else done(job)

    run(ScriptedPool(dies_once), [(one("s0"),), (one("s1"), one("s2"))])

    assert [(job.study_ids, job.alone) for job in seen] == [
        (["s0"], False),
        (["s0"], True),
        (["s1", "s2"], False),
    ]


def test_a_batch_that_takes_too_long_is_cut_though_its_worker_says_nothing() -> None:
    def hangs_on_s1(_: ScriptedWorker, job: Job) -> Message | None:
        return None if "s1" in job.study_ids and job.failure is None else done(job)

    pool = ScriptedPool(hangs_on_s1)

    run(pool, [(one("s0"), one("s1"))], limit_s=0.01)

    last = pool.given[-1]
    assert last[1] == ("s1",)
    assert len(pool.hired) == 3
    assert all(worker.terminated for worker in pool.hired[:2])


def test_what_was_done_while_nobody_listened_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 0.0
    monkeypatch.setattr("gliobench.application.evaluate.worker_pool.monotonic", lambda: now_s)

    def after_the_other(worker: ScriptedWorker, job: Job) -> Message | None:
        return done(job) if worker.number == 0 or now_s else None

    pool = ScriptedPool(after_the_other)
    supervised = SupervisedWorkerPool(pool, size=2, study_timeout_s=1.0)
    assert supervised.manifests

    for _ in supervised.run([(one("s0"),), (one("s1"),)], lambda: False):
        now_s = 100.0  # so long the first outcome keeps whoever takes it

    assert pool.given == [(0, ("s0",)), (1, ("s1",)), (1, ("s1",))]
    assert len(pool.hired) == 2


def test_while_workers_say_nothing_that_is_told() -> None:
    silences = iter([True, True, False])
    pool = ScriptedPool()
    listen, told = pool.listen, list[tuple[str, dict[str, Any]]]()

    def seldom(workers: Sequence[Worker], timeout_s: float) -> list[tuple[Worker, Message]]:
        return [] if next(silences, False) else listen(workers, timeout_s)

    pool.listen = seldom  # type: ignore[method-assign]
    hired = SupervisedWorkerPool(
        pool, size=2, notice=lambda event, facts: told.append((event, facts))
    )
    assert hired.manifests == (MANIFEST,)
    silences = iter([True])

    outcomes = list(hired.run([(one("s0"),)], lambda: False))

    assert told == [("workers_awaited", {"ready": 0, "workers": 2})] * 2
    assert outcomes == [Outcome({})] * 2  # of nothing, and of the batch


def test_a_study_is_split_by_backend_before_it_is_given_up() -> None:
    parts = Job((one("s0", "a", "b"),)).after(HUNG)

    assert [list(job.batch[0].keys) for job in parts] == [["a"], ["b"]]
    assert all(job.alone and job.failure is None for job in parts)


def test_one_that_hung_alone_is_given_up_at_once_and_one_that_died_the_second_time() -> None:
    alone = Job((one("s0"),), alone=True)

    (hung,) = alone.after(HUNG)
    (again,) = alone.after(DIED)
    (dead,) = again.after(DIED)

    assert (hung.limit, hung.failure) == (ReadLimit.ALL, HUNG)
    assert again.failure is None
    assert (dead.limit, dead.failure) == (ReadLimit.ALL, DIED)


def test_of_one_that_hangs_while_it_is_given_up_ever_less_is_looked_at() -> None:
    given_up = Job((one("s0"),), DIED, alone=True)

    (unopened,) = given_up.after(HUNG)
    (blind,) = unopened.after(HUNG)

    assert (unopened.limit, unopened.failure) == (ReadLimit.REFERENCE, DIED)
    assert (blind.limit, blind.failure) == (ReadLimit.NOTHING, DIED)
    with pytest.raises(JobError, match="study s0: its failure cannot be kept: it hung"):
        blind.after(HUNG)


def test_a_machine_that_dies_while_a_study_is_given_up_costs_it_nothing() -> None:
    given_up = Job((one("s0"),), HUNG, alone=True)

    (again,) = given_up.after(DIED)
    (unopened,) = again.after(DIED)
    (unopened_again,) = unopened.after(DIED)

    assert (again.limit, again.failure) == (ReadLimit.ALL, HUNG)
    assert unopened.limit is unopened_again.limit is ReadLimit.REFERENCE


def test_a_batch_may_take_as_long_as_all_of_its_studies_under_all_backends_they_wait_for() -> None:
    kept = replace(one("s1"), waiting=frozenset())

    assert Job((one("s0", "a", "b"), kept)).limit_s(2.0) == 6.0
    assert Job((kept,), HUNG).limit_s(2.0) == 30.0


def test_workers_that_die_before_they_are_ready_end_the_job() -> None:
    @final
    class Stillborn(Pool):
        hired = 0

        def start_worker(self) -> Worker:
            self.hired += 1
            return ScriptedWorker(0)

        def listen(
            self, workers: Sequence[Worker], timeout_s: float
        ) -> list[tuple[Worker, Message]]:
            return [(workers[0], WorkerDied("exit code 1"))]

    pool = Stillborn()

    with pytest.raises(JobError, match="before they have a model: exit code 1"):
        _ = SupervisedWorkerPool(pool, size=1).manifests
    assert pool.hired == MAX_STARTUP_FAILURES + 1


def test_workers_with_other_weights_are_refused() -> None:
    pool = ScriptedPool()
    supervised = SupervisedWorkerPool(pool, size=1)
    assert supervised.manifests == (MANIFEST,)
    pool.manifest = replace(MANIFEST, fingerprint="other")

    def dies_once(worker: ScriptedWorker, job: Job) -> Message:
        return WorkerDied("no memory") if worker.number == 0 else done(job)

    pool._script = dies_once
    with pytest.raises(JobError, match="workers do not run the same a"):
        list(supervised.run([(one("s0"),)], lambda: False))


def test_an_error_of_a_worker_is_raised() -> None:
    pool = ScriptedPool(lambda *_: WorkerFailed(BackendError("no weights")))

    with pytest.raises(BackendError, match="no weights"):
        run(pool, [(one("s0"),)])


def test_once_told_to_stop_workers_finish_what_they_are_at_and_are_let_go() -> None:
    pool, outcomes = ScriptedPool(), list[Outcome]()
    supervised = SupervisedWorkerPool(pool, size=2)
    assert supervised.manifests
    batches = [(one(f"s{n}"),) for n in range(9)]

    for outcome in supervised.run(batches, stop=lambda: bool(outcomes)):
        outcomes.append(outcome)

    assert len(outcomes) == 2
    assert all(worker.terminated for worker in pool.hired)


@final
class RecordingWork(Work):
    """Notes what it loads and finishes."""

    def __init__(self) -> None:
        self.events: list[str] = []

    @property
    def manifests(self) -> tuple[RunManifest, ...]:
        return (MANIFEST,)

    def load(self, batch: Batch) -> str:
        return batch[0].study_id

    def finish(self, batch: Batch, loaded: str) -> Outcome:
        assert loaded == batch[0].study_id
        self.events.append(f"finish {loaded}")
        return Outcome({})

    def give_up(self, batch: Batch, failure: Failure, limit: ReadLimit) -> Outcome:
        self.events.append(f"give up {batch[0].study_id} {failure.detail} {limit.name}")
        return Outcome({})


def test_a_worker_finishes_in_order_and_gives_up_without_loading() -> None:
    work = RecordingWork()

    def jobs() -> Iterator[Job]:
        yield Job((one("s0"),))
        yield Job((one("s1"),), HUNG)
        yield Job((one("s2"),), HUNG, ReadLimit.NOTHING)

    assert [done.job.study_ids for done in overlapped(work, jobs())] == [["s0"], ["s1"], ["s2"]]
    assert work.events == ["finish s0", "give up s1 it hung ALL", "give up s2 it hung NOTHING"]
