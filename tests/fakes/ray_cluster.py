"""A Ray cluster on this machine whose nodes are processes of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

TESTS = Path(__file__).parents[1]
NODE = {
    "num_cpus": 1,
    "object_store_memory": 80 * 2**20,
    "include_dashboard": False,
    "no_monitor": True,
    "include_log_monitor": False,
}


@pytest.fixture(scope="module")
def ray_nodes() -> Iterator[Cluster]:
    """A cluster of one node of one core; tests add nodes, and take them away again."""
    pytest.importorskip("ray")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RAY_USAGE_STATS_ENABLED", "0")
        paths = [str(TESTS), os.environ.get("PYTHONPATH", "")]  # for the fakes, in workers
        environment.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
        cluster = _begun()
        yield cluster
        cluster.shutdown()


def _begun(tries: int = 3) -> Cluster:
    """Start the first node; Ray gives it 30 s, which a busy machine may exceed."""
    from ray.cluster_utils import Cluster

    try:
        return Cluster(initialize_head=True, head_node_args=NODE)
    except Exception:
        if tries == 1:
            raise
        return _begun(tries - 1)


@pytest.fixture
def ray_cluster(ray_nodes: Cluster) -> str:
    """Address of the cluster."""
    return str(ray_nodes.address)
