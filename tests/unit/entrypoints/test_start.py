from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from gliobench.entrypoints import start


@pytest.fixture
def loading(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A quick start of this process, which is undone."""
    monkeypatch.setattr(gc, "freeze", lambda: None)
    start.load_without_collecting()
    yield
    gc.enable()


@pytest.mark.usefixtures("loading")
def test_no_garbage_is_collected_until_the_command_is_loaded() -> None:
    before = gc.isenabled()

    start.collect_garbage()

    assert (before, gc.isenabled()) == (False, True)


def test_no_garbage_is_looked_for_when_the_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = []
    monkeypatch.setattr(gc, "freeze", lambda: kept.append("all"))

    start.end_without_collecting()

    enabled = gc.isenabled()
    gc.enable()
    assert (kept, enabled) == (["all"], False)
