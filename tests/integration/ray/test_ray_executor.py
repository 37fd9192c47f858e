"""Workers on a real Ray cluster of several node processes."""

from __future__ import annotations

import signal
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from fakes.fake_executor import FakeExecutor
from fakes.folder_job import FolderJob
from fakes.ray_cluster import NODE
from gliobench.application.evaluate.evaluate_cohort import EvaluateCohort
from gliobench.application.evaluate.jobs import Message, WorkerDied
from gliobench.application.evaluate.progress import Progress
from gliobench.domain.errors import InvalidInputError, StoreError

pytest.importorskip("ray")
from ray.exceptions import (
    ActorUnavailableError,
    ObjectLostError,
    OutOfMemoryError,
    OwnerDiedError,
    RayTaskError,
)

from gliobench.adapters.ray import RayExecutor
from gliobench.adapters.ray.executor import _RayWorker

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

pytestmark = pytest.mark.usefixtures("real_sizes")  # as in the workers

IDS = tuple(f"slow-{number:02}" for number in range(16))


def test_a_node_that_dies_in_mid_run_changes_no_row(tmp_path: Path, ray_nodes: Cluster) -> None:
    reference = FolderJob(tmp_path / "reference", IDS)
    job = FolderJob(tmp_path / "run", IDS)
    EvaluateCohort(reference.source(), FakeExecutor(), open_store=reference.store)(reference, IDS)
    doomed = [ray_nodes.add_node(**NODE)]
    lost: list[float] = []

    def kill_a_node(progress: Progress) -> None:
        if doomed and progress.done["moody"] >= 4:
            ray_nodes.remove_node(doomed.pop(), allow_graceful=False)
            lost.append(progress.done["moody"])

    executor = RayExecutor(address=str(ray_nodes.address), workers=2, num_cpus=1)
    EvaluateCohort(job.source(), executor, open_store=job.store, watch=kill_a_node)(job, IDS)

    assert lost[0] < len(IDS)
    for name in ("steady", "moody"):
        assert list(job.store(name).scores()) == list(reference.store(name).scores())
        assert job.store(name).keys() == reference.store(name).keys()
        assert job.store(name).manifest() == reference.store(name).manifest()


def test_ray_leaves_the_handling_of_sigterm_as_it_was(tmp_path: Path, ray_cluster: str) -> None:
    def mine(*_: object) -> None: ...

    before = signal.signal(signal.SIGTERM, mine)
    try:
        with RayExecutor(address=ray_cluster, workers=1).worker_pool(FolderJob(tmp_path, ("a",))):
            assert signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_cluster_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    executor = RayExecutor(address="127.0.0.1:1", workers=1)

    with (
        pytest.raises(StoreError, match=r"Ray cluster 127\.0\.0\.1:1 cannot be reached") as told,
        executor.worker_pool(FolderJob(tmp_path, ("a",))),
    ):
        pass

    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"num_gpus": 1}, r"ray\.num_gpus is 1 for each worker, and this machine has 0 for all"),
        ({"num_cpus": 4}, r"ray\.num_cpus is 4 for each worker, and this machine has 2 for all"),
    ],
)
def test_a_worker_for_whom_this_machine_has_no_room_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: dict[str, float], said: str
) -> None:
    monkeypatch.setattr("ray.init", lambda *_, **__: None)
    monkeypatch.setattr("ray.shutdown", lambda: None)
    monkeypatch.setattr("ray.cluster_resources", lambda: {"CPU": 2.0, "memory": 1e9})
    executor = RayExecutor(address=None, workers=1, **wanted)

    with (
        pytest.raises(InvalidInputError, match=said),
        executor.worker_pool(FolderJob(tmp_path, ("a",))),
    ):
        pass


def heard_of(error: Exception, monkeypatch: pytest.MonkeyPatch) -> Message:
    """Listen to a worker of whose first word Ray has only an error."""

    def get(_: object) -> None:
        raise error

    monkeypatch.setattr("ray.get", get)
    worker = _RayWorker(SimpleNamespace(ready=SimpleNamespace(remote=object)))
    return worker.receive(worker.expected[0])


@pytest.mark.parametrize(
    "error",
    [
        ActorUnavailableError("it is gone", None),
        ObjectLostError("ff" * 28, None, ""),
        OwnerDiedError("ff" * 28, None, ""),
        OutOfMemoryError("the node is low on memory"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_actor_whose_word_is_lost_has_died(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = heard_of(error, monkeypatch)

    assert isinstance(message, WorkerDied)
    assert message.why in " ".join(str(error).split())


def test_a_bug_in_an_actor_stays_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    bug = RayTaskError("do", "Traceback: a bug", ZeroDivisionError("a bug"))

    with pytest.raises(RayTaskError, match="a bug"):
        heard_of(bug, monkeypatch)
