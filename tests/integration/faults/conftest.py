"""Runs that are disturbed in processes of their own equal those of this process."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def sizes_as_in_the_workers(real_sizes: None) -> None:
    """Hold toy brains to the sizes that a worker's process holds them to."""
