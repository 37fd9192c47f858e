"""A random Mllama for every test of the engine."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a checkpoint with tiles of 28 px and random weights."""
    pytest.importorskip("transformers")
    import torch

    from fakes.tiny_mllama import tiny_mllama

    # Work this small gains nothing from threads, which on a busy machine wait for one another.
    torch.set_num_threads(1)
    return tiny_mllama(tmp_path_factory.mktemp("tiny"))
