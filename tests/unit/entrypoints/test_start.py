from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from gliobench.entrypoints import start


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A quick start of this process, in which `greedy` needs no `colorsys`; it is undone."""
    monkeypatch.setattr(sys, "meta_path", sys.meta_path.copy())
    monkeypatch.setitem(start.UNNEEDED, "colorsys", "greedy")
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    monkeypatch.setattr(gc, "freeze", lambda: None)
    start.start_quickly()
    yield
    gc.enable()


def imported_by(package: str) -> dict[str, object]:
    names: dict[str, object] = {"__name__": f"{package}.part"}
    exec("import colorsys", names)
    return names


@pytest.mark.usefixtures("quick")
def test_a_library_does_not_load_what_is_not_needed_through_it() -> None:
    with pytest.raises(ModuleNotFoundError, match="colorsys is not needed here"):
        imported_by("greedy")


@pytest.mark.usefixtures("quick")
def test_whoever_needs_it_loads_it_afterwards() -> None:
    with pytest.raises(ModuleNotFoundError):
        imported_by("greedy")

    assert "colorsys" in imported_by("gliobench")


@pytest.mark.usefixtures("quick")
def test_no_garbage_is_collected_until_the_command_is_loaded() -> None:
    before = gc.isenabled()

    start.collect_garbage()

    assert (before, gc.isenabled()) == (False, True)
