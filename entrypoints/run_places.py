"""Where the runs are that a user names."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gliobench.application.ports.run_store import RunStore
    from gliobench.domain.controls.controls import Control

MANIFEST = "manifest.json"


def open_runs(
    places: Sequence[str],
) -> tuple[dict[str, RunStore], dict[str, dict[Control, RunStore]]]:
    """Open the runs in places, and those over altered images beside each.

    Args:
        places: Folders or URLs of runs, or of several runs; see `run_places`.

    Returns:
        Both by the same names, those of `name_runs`.

    Raises:
        NotFoundError: A place keeps no run.
        JobError: A place cannot be read.
    """
    from gliobench.application.report.compare_runs import name_runs
    from gliobench.application.report.saved_controls import saved_controls
    from gliobench.entrypoints.container import container

    found = by_ending(run_places(places))
    runs = name_runs({ending: container.run_store(place) for ending, place in found.items()})
    controls = {
        name: saved_controls(container.run_place(place))
        for name, place in zip(runs, found.values(), strict=True)
    }
    return runs, controls


def by_ending(places: Sequence[str]) -> dict[str, str]:
    """Call each place by its ending: two parts of it, or as many as tell all of them apart.

    Args:
        places: Different ones, their parts parted by `/`.
    """
    parts = [place.split("/") for place in places]
    for length in count(2):
        found = {"/".join(one[-length:]): place for one, place in zip(parts, places, strict=True)}
        if len(found) == len(places):
            break
    return found


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
