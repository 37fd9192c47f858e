"""A random checkpoint of each family."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def checkpoint_of(shared_folder: Callable[..., Path]) -> Callable[[str], Path]:
    """Return the folder of a family's checkpoint."""
    pytest.importorskip("transformers")
    from fakes.tiny_families import tiny_checkpoint

    return lambda family: shared_folder(f"tiny_{family}", partial(tiny_checkpoint, family))
