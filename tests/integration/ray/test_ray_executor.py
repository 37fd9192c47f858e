"""Workers on a real Ray cluster of several node processes."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fakes.fake_executor import FakeExecutor
from fakes.folder_recipe import FolderRecipe
from fakes.ray_cluster import NODE
from gliobench.application.evaluate_cohort import EvaluateCohort
from gliobench.application.pulse import Pulse
from gliobench.domain.errors import StoreError

pytest.importorskip("ray")
from gliobench.adapters.ray import RayExecutor

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

IDS = tuple(f"slow-{number:02}" for number in range(16))


def test_a_node_that_dies_in_mid_run_changes_no_row(tmp_path: Path, ray_nodes: Cluster) -> None:
    reference = FolderRecipe(tmp_path / "reference", IDS)
    recipe = FolderRecipe(tmp_path / "run", IDS)
    EvaluateCohort(reference.source(), FakeExecutor(), open_store=reference.store)(reference, IDS)
    doomed = [ray_nodes.add_node(**NODE)]
    lost: list[float] = []

    def kill_a_node(pulse: Pulse) -> None:
        if doomed and pulse.done["moody"] >= 4:
            ray_nodes.remove_node(doomed.pop(), allow_graceful=False)
            lost.append(pulse.done["moody"])

    executor = RayExecutor(address=str(ray_nodes.address), workers=2, num_cpus=1)
    EvaluateCohort(recipe.source(), executor, open_store=recipe.store, watch=kill_a_node)(
        recipe, IDS
    )

    assert lost[0] < len(IDS)
    for name in ("steady", "moody"):
        assert list(recipe.store(name).scores()) == list(reference.store(name).scores())
        assert recipe.store(name).keys() == reference.store(name).keys()
        assert recipe.store(name).manifest() == reference.store(name).manifest()


def test_ray_leaves_the_handling_of_sigterm_as_it_was(tmp_path: Path, ray_cluster: str) -> None:
    def mine(*_: object) -> None: ...

    before = signal.signal(signal.SIGTERM, mine)
    try:
        with RayExecutor(address=ray_cluster, workers=1).crew(FolderRecipe(tmp_path, ("a",))):
            assert signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_cluster_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    executor = RayExecutor(address="127.0.0.1:1", workers=1)

    with (
        pytest.raises(StoreError, match=r"Ray cluster 127\.0\.0\.1:1 cannot be reached") as told,
        executor.crew(FolderRecipe(tmp_path, ("a",))),
    ):
        pass

    assert "\n" not in str(told.value)
