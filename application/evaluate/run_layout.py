"""How the runs of an evaluation are named and found in the place that keeps them.

A run lies in a folder named after its backend, those over altered images in `controls` within it,
and the shards of either in its `shards`; a folder that holds `manifest.json` is a run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from gliobench.application.evaluate.shards import Shard
from gliobench.application.ports.run_place import RunPlace
from gliobench.application.ports.run_store import RunStore
from gliobench.application.ports.storage import Storage
from gliobench.domain.controls.controls import Control
from gliobench.domain.errors import InvalidInputError, NotFoundError

MANIFEST = "manifest.json"


def run_name(backend: str, shard: Shard | None = None, control: Control | None = None) -> str:
    """Name the folder of a run, or of a shard of it, within the place of the evaluation.

    Args:
        backend: Whose run; empty where the place is the run's own folder.
        shard: The part of the cohort; None for all of it.
        control: How the images were altered; None where they are as they were.
    """
    return _within(
        backend,
        f"controls/{control.value}" if control else "",
        f"shards/{shard.name}" if shard else "",
    )


def run_names(place: RunPlace, backends: Sequence[str]) -> list[str]:
    """Name the runs of backends: over the true images, and over altered ones that have begun.

    Raises:
        JobError: The place cannot be read.
    """
    return [
        run_name(backend, control=control)
        for backend in backends
        for control in (None, *begun_controls(place, backend))
    ]


def begun_controls(place: RunPlace, run: str = "") -> list[Control]:
    """Name the controls of a run that have begun.

    Args:
        place: Where the runs are kept.
        run: The one over the true images; empty where the place is its own folder.

    Raises:
        JobError: The place cannot be read.
    """
    begun = frozenset(place.folders(_within(run, "controls")))
    return [control for control in Control if control.value in begun]


def saved_controls(place: RunPlace, run: str = "") -> dict[Control, RunStore]:
    """Open the runs over altered images; arguments and errors as of `begun_controls`."""
    return {
        control: place.store(run_name(run, control=control))
        for control in begun_controls(place, run)
    }


def has_shards(place: RunPlace, run: str) -> bool:
    """Return whether a run is kept in shards.

    Raises:
        JobError: The place cannot be read.
    """
    return bool(_shard_folders(place, run))


def shards_of(place: RunPlace, run: str) -> list[Shard]:
    """Name the shards of a run that have begun, in order.

    Raises:
        InvalidInputError: They are of several divisions.
        JobError: The place cannot be read.
    """
    shards = sorted(map(Shard.parse, _shard_folders(place, run)))
    divisions = sorted({shard.of for shard in shards})
    if len(divisions) > 1:
        numbers = " and of ".join(map(str, divisions))
        raise InvalidInputError(f"{run} has shards of {numbers}: begin anew in another place")
    return shards


def check_division(place: RunPlace, run: str, shard: Shard) -> None:
    """Check that a shard fits those that have begun.

    Raises:
        InvalidInputError: They are of another division.
        JobError: The place cannot be read.
    """
    for other in shards_of(place, run)[:1]:
        if other.of != shard.of:
            raise InvalidInputError(
                f"{run} is kept in {other.of} shards, not {shard.of}: choose another place"
            )


def find_runs(places: Sequence[str], open_storage: Callable[[str], Storage]) -> dict[str, str]:
    """Find the runs: a place that keeps one, else all those in it, in alphabetical order.

    Returns:
        The place of each, by its ending; see `by_ending`.

    Raises:
        NotFoundError: A place keeps no run.
        JobError: A place cannot be read.
    """
    whole = [
        place.rstrip("/") if "://" in place else str(Path(place).resolve()) for place in places
    ]
    found = [run for place in whole for run in _runs_in(place, open_storage(place))]
    return by_ending(list(dict.fromkeys(found)))


def by_ending(places: Sequence[str]) -> dict[str, str]:
    """Call each place by its ending: two parts of it, or as many as make the endings different.

    Args:
        places: Different ones, their parts separated by `/`.
    """
    parts = [place.split("/") for place in places]
    for length in count(2):
        found = {"/".join(one[-length:]): place for one, place in zip(parts, places, strict=True)}
        if len(found) == len(places):
            break
    return found


def _runs_in(place: str, folder: Storage) -> list[str]:
    if folder.exists(MANIFEST):
        return [place]
    inside = [name for name in folder.names() if folder.exists(f"{name}{MANIFEST}")]
    if not inside:
        raise NotFoundError(f"{folder.url} keeps no run: there is no {MANIFEST} in it or below it")
    return [f"{place}/{name.rstrip('/')}" for name in inside]


def _shard_folders(place: RunPlace, run: str) -> list[str]:
    return place.folders(_within(run, "shards"))


def _within(*folders: str) -> str:
    return "/".join(filter(None, folders))
