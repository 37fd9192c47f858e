"""Find and open the runs that a user names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gliobench.application.evaluate.run_layout import find_runs, saved_controls
from gliobench.application.ports.run_place import RunPlace
from gliobench.application.ports.run_store import RunStore
from gliobench.application.ports.storage import Storage
from gliobench.domain.controls.controls import Control


@dataclass(frozen=True, slots=True)
class SavedRuns:
    """Runs over the true images, and those over altered ones beside each.

    Args:
        stores: By a name of their own, as `name_runs` gives it.
        controls: By the same names.
        places: Folders or URLs, by the same names.
    """

    stores: Mapping[str, RunStore]
    controls: Mapping[str, Mapping[Control, RunStore]]
    places: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRuns:
    """Opens runs."""

    open_storage: Callable[[str], Storage]
    open_store: Callable[[str], RunStore]
    open_place: Callable[[str], RunPlace]

    def __call__(self, places: Sequence[str]) -> SavedRuns:
        """Open the runs in places.

        Args:
            places: Folders or URLs of runs, or of several runs as `gliobench evaluate` leaves them.

        Raises:
            NotFoundError: A place keeps no run.
            JobError: A place cannot be read.
        """
        found = find_runs(places, self.open_storage)
        stores = name_runs({ending: self.open_store(place) for ending, place in found.items()})
        named = dict(zip(stores, found.values(), strict=True))
        controls = {name: saved_controls(self.open_place(place)) for name, place in named.items()}
        return SavedRuns(stores, controls, named)


def name_runs(stores: Mapping[str, RunStore]) -> dict[str, RunStore]:
    """Call each run by its backend; where two are of one backend, by their places too.

    Args:
        stores: By place, which identifies them.

    Raises:
        NotFoundError: A store keeps no run.
        JobError: A store cannot be read.
    """
    backends = {place: store.manifest().backend for place, store in stores.items()}
    counts = Counter(backends.values())
    return {
        place if counts[backends[place]] > 1 else backends[place]: store
        for place, store in stores.items()
    }
