"""The contract of places that keep runs side by side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.fake_run_place import FakeRunPlace
from gliobench.adapters.parquet import ParquetRunPlace
from gliobench.adapters.storage import open_storage
from gliobench.application.ports.run_place import RunPlace
from gliobench.application.ports.run_store import RunManifest

MANIFEST = RunManifest(
    cohort="c0ffee",
    backend="a",
    fingerprint="f1",
    provenance={},
    grades=True,
    forms=frozenset(),
    settings={},
    trained_on=frozenset(),
    seed=0,
)


@pytest.fixture(params=["fake", "parquet"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> RunPlace:
    if request.param == "fake":
        return FakeRunPlace()
    open_at: Callable[[str], object] = lambda name: open_storage(str(tmp_path / name))  # noqa: E731
    return ParquetRunPlace(open_storage(str(tmp_path)), open_at)  # type: ignore[arg-type]


def test_an_empty_place_has_no_folders(place: RunPlace) -> None:
    assert place.folders() == []
    assert place.folders("a/shards") == []


def test_runs_are_found_by_their_folders(place: RunPlace) -> None:
    for name in ("b", "a/shards/1-of-2", "a/shards/0-of-2"):
        place.store(name).open(MANIFEST)

    assert place.folders() == ["a", "b"]
    assert place.folders("a/shards") == ["0-of-2", "1-of-2"]


def test_stores_of_different_names_share_nothing(place: RunPlace) -> None:
    place.store("a").open(MANIFEST)
    place.store("a").finish()

    assert place.store("a").is_finished()
    assert not place.store("a/shards/0-of-2").is_finished()
