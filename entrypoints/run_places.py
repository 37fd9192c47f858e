"""Where the runs are that a user names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gliobench.application.ports.run_store import RunStore
    from gliobench.domain.position.controls import Control

MANIFEST = "manifest.json"


def named_runs(places: Sequence[str]) -> dict[str, RunStore]:
    """Open the runs in places, by names of their own; see `run_places`.

    Raises:
        NotFoundError: A place keeps no run.
        JobError: A place cannot be read.
    """
    from gliobench.application.compare_runs import name_runs
    from gliobench.entrypoints.container import container

    found = run_places(places)
    return name_runs(
        {"/".join(place.split("/")[-2:]): container.run_store(place) for place in found}
    )


def named_controls(places: Sequence[str]) -> dict[str, dict[Control, RunStore]]:
    """Open the runs over altered images in places, by the names that `named_runs` gives.

    Raises:
        NotFoundError: A place keeps no run.
        JobError: A place cannot be read.
    """
    from gliobench.application.compare_runs import name_runs
    from gliobench.application.kept_controls import kept_controls
    from gliobench.entrypoints.container import container

    by_end = {"/".join(place.split("/")[-2:]): place for place in run_places(places)}
    names = name_runs({end: container.run_store(place) for end, place in by_end.items()})
    return {
        name: kept_controls(container.run_place(place))
        for name, place in zip(names, by_end.values(), strict=True)
    }


def run_places(places: Sequence[str]) -> list[str]:
    """Find the runs: a place that keeps one, else all those in it, in alphabetical order.

    Args:
        places: Folders or URLs.

    Raises:
        NotFoundError: A place keeps no run.
        JobError: A place cannot be read.
    """
    whole = [one.rstrip("/") if "://" in one else str(Path(one).resolve()) for one in places]
    found = [run for place in whole for run in _runs_in(place)]
    return list(dict.fromkeys(found))


def _runs_in(place: str) -> list[str]:
    from gliobench.domain.errors import NotFoundError
    from gliobench.entrypoints.container import container

    folder = container.storage(place)
    if folder.exists(MANIFEST):
        return [place]
    inside = [name for name in folder.names() if folder.exists(f"{name}{MANIFEST}")]
    if not inside:
        raise NotFoundError(f"{folder.url} keeps no run: there is no {MANIFEST} in it or below it")
    return [f"{place}/{name.rstrip('/')}" for name in inside]
