"""A random Mllama for every test of the engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_folder(shared_folder: Callable[..., Path]) -> Path:
    """Folder of a checkpoint with tiles of 28 px and random weights."""
    pytest.importorskip("transformers")
    from fakes.tiny_mllama import tiny_mllama

    return shared_folder("tiny_mllama", tiny_mllama)
