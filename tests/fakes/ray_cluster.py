"""A Ray cluster on this machine whose nodes are processes of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

TESTS = Path(__file__).parents[1]
NODE = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "include_dashboard": False}


@pytest.fixture(scope="session")
def ray_nodes() -> Iterator[Cluster]:
    """A cluster of one node of one core; tests add nodes, and take them away again."""
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RAY_USAGE_STATS_ENABLED", "0")
        environment.setenv("PYTHONPATH", str(TESTS))  # for the fakes, in workers
        cluster = Cluster(initialize_head=True, head_node_args=NODE)
        yield cluster
        cluster.shutdown()


@pytest.fixture
def ray_cluster(ray_nodes: Cluster) -> str:
    """Address of the cluster."""
    return str(ray_nodes.address)
