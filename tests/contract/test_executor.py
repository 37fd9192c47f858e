"""The contract of a pool, of every executor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from fakes.fake_executor import FakeExecutor
from fakes.folder_job import FolderJob
from gliobench.adapters.executors import InProcessExecutor, ProcessExecutor
from gliobench.application.evaluate.evaluate_cohort import EvaluateCohort
from gliobench.application.evaluate.progress import Progress
from gliobench.application.ports.executor import Assignment, Batch, Executor
from gliobench.domain.errors import BackendError, StoppedError, StoreError
from gliobench.domain.evaluation.scores import CaseScore

pytestmark = pytest.mark.usefixtures("real_sizes", "loaded_workers")  # as in workers' processes

IDS = tuple(f"s{number:02}" for number in range(12))
KINDS = ["fake", "in-process", "processes", "ray"]


@pytest.fixture(params=KINDS)
def executor(request: pytest.FixtureRequest) -> Executor:
    match request.param:
        case "fake":
            return FakeExecutor()
        case "in-process":
            return InProcessExecutor()
        case "processes":
            return ProcessExecutor(workers=1)
    ray = pytest.importorskip("gliobench.adapters.ray")
    made: Executor = ray.RayExecutor(address=request.getfixturevalue("ray_cluster"), workers=1)
    return made


def evaluate(job: FolderJob, executor: Executor, **options: object) -> None:
    EvaluateCohort(
        job.source(),
        executor,
        open_store=job.store,
        **{"batch_size": 2, **options},  # type: ignore[arg-type]
    )(job, job.ids)


def scores(job: FolderJob) -> dict[str, list[CaseScore]]:
    return {name: list(job.store(name).scores()) for name in ("steady", "moody")}


def test_every_executor_leaves_the_same_scores(tmp_path: Path, executor: Executor) -> None:
    reference = FolderJob(tmp_path / "reference", IDS)
    job = FolderJob(tmp_path / "run", IDS)
    evaluate(reference, FakeExecutor())

    evaluate(job, executor)

    assert scores(job) == scores(reference)
    assert [case.study_id for case in scores(job)["steady"]] == list(IDS)


def test_what_was_predicted_before_is_not_predicted_again(
    tmp_path: Path, executor: Executor
) -> None:
    job = FolderJob(tmp_path, IDS)
    evaluate(FolderJob(tmp_path, IDS), FakeExecutor())
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("part-*")}

    evaluate(job, executor)

    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("part-*")} == before


def test_a_crew_says_what_its_backends_are(tmp_path: Path, executor: Executor) -> None:
    with executor.worker_pool(FolderJob(tmp_path, IDS)) as pool:
        names = [manifest.backend for manifest in pool.manifests]

    assert names == ["steady", "moody"]


def test_once_told_to_stop_a_crew_begins_nothing_more(tmp_path: Path, executor: Executor) -> None:
    job = FolderJob(tmp_path, tuple(f"slow-{number:02}" for number in range(20)))
    progresses: list[Progress] = []

    with pytest.raises(StoppedError, match="the same command goes on"):
        evaluate(
            job,
            executor,
            watch=progresses.append,
            stopping=lambda: nullcontext(
                lambda: bool(progresses) and progresses[-1].done["moody"] > 0
            ),
        )

    finished = progresses[-1].done["moody"]
    assert finished == 2  # the batch in hand
    # A worker has its next batch beside it, and may begin that before a busy machine stops it.
    assert finished <= len(job.store("moody").keys()) <= 2 * finished
    assert not job.store("moody").is_scored()


def test_batches_are_drawn_when_there_is_room(tmp_path: Path, executor: Executor) -> None:
    job, drawn, most = FolderJob(tmp_path, IDS), [], 0

    def batches() -> Iterator[Batch]:
        for study_id in IDS:
            drawn.append(study_id)
            yield (Assignment(study_id, None, {"moody": study_id}, frozenset({"moody"})),)

    with executor.worker_pool(job) as pool:
        for done, _ in enumerate(pool.run(batches(), lambda: False)):
            most = max(most, len(drawn) - done)

    assert drawn == list(IDS)
    assert most <= 2 + 1 + 1  # two with the worker, one at hand, and the one just done


@pytest.mark.parametrize(
    ("broken", "raised", "said"),
    [("error", BackendError, "no weights at /nowhere"), ("bug", Exception, "a bug")],
)
def test_work_that_cannot_be_made_is_told_of(
    tmp_path: Path, executor: Executor, broken: str, raised: type[Exception], said: str
) -> None:
    with pytest.raises(raised, match=said):
        evaluate(FolderJob(tmp_path, IDS, broken=broken), executor)


def test_a_store_that_fails_ends_the_job_and_is_no_failure_of_a_study(
    tmp_path: Path, executor: Executor
) -> None:
    job = FolderJob(tmp_path, (*IDS, "storeless-1"))

    with pytest.raises(StoreError, match="the bucket is gone"):
        evaluate(job, executor)


def test_an_empty_cohort_is_no_error(tmp_path: Path, executor: Executor) -> None:
    evaluate(FolderJob(tmp_path, ()), executor)
