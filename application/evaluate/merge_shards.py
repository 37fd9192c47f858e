"""Make one run of the shards of a cohort; whoever does it makes the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from itertools import chain, islice
from typing import TypeVar

from gliobench.application.datasets.side_by_side import side_by_side
from gliobench.application.evaluate.run_layout import has_shards, run_name, run_names, shards_of
from gliobench.application.evaluate.shards import Shard
from gliobench.application.ports.run_place import RunPlace
from gliobench.application.ports.run_store import RunManifest, RunStore
from gliobench.domain.comparison.endpoints import PrimaryOrigin
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.evaluation.effort import Effort
from gliobench.domain.studies.cohort import UNREADABLE

T = TypeVar("T")

ALIKE = ("listing", "fingerprint", "settings", "seed", "labels", "measures", "target")
"""What the manifests of a cohort's shards share."""
HASHED_AT_ONCE = 4096
"""Studies."""
LOOKED_AT_ONCE = 16
"""Shards that are looked at side by side: a store takes its time to answer."""
STUDIES_AT_ONCE = 50_000
"""Of shards that are read side by side, in memory."""
MOST_NAMED = 100
"""Missing shards that the process of another one names."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The shards of a run.

    Args:
        there: The finished ones, in order.
        missing: The others.
    """

    there: tuple[Shard, ...]
    missing: tuple[Shard, ...]


class MergeShards:
    """Writes the scores of all shards of a run as the scores of the whole.

    Shards are copied one after the other, a few thousand rows at a time: they follow each other in
    the order of the study ids.
    """

    def __init__(self, place: RunPlace) -> None:
        self._place = place

    def of_backends(self, backends: Sequence[str], *, allow_partial: bool = False) -> None:
        """Merge all runs of backends: over the true images, and over altered ones that have begun.

        Raises:
            NotFoundError: A shard is missing that may not be.
            InvalidInputError: The shards do not belong together.
            JobError: A store cannot be read or written.
        """
        for run in run_names(self._place, backends):
            self(run, allow_partial=allow_partial)

    def backends(self) -> list[str]:
        """Name the backends that have shards here, none of them where there is none.

        Raises:
            JobError: The place cannot be read.
        """
        return [name for name in self._place.folders() if has_shards(self._place, name)]

    def missing(self, backends: Sequence[str]) -> list[Shard]:
        """Name shards that are not finished in some run of the backends, in order.

        Of thousands it names `MOST_NAMED` and looks no further: whoever finishes one of them asks.

        Raises:
            NotFoundError: A backend has no shards.
            JobError: The place cannot be read.
        """
        runs = run_names(self._place, backends)
        found = dict.fromkeys(shard for run in runs for shard in self._missing(run))
        return sorted(found)

    def _missing(self, run: str) -> Iterator[Shard]:
        """Yield some shards that are not finished: first those that have not begun."""
        begun = self._begun(run)
        left = sorted(set(begun[0].all) - set(begun))
        running = (shard for shard in reversed(begun) if not self._is_finished(run, shard))
        return islice(chain(left, running), MOST_NAMED)

    def __call__(self, run: str, *, allow_partial: bool = False) -> RunStore:
        """Merge one run.

        Args:
            run: Its name, as `run_names` gives it.
            allow_partial: Leave missing shards out; the manifest names them.

        Returns:
            The store of the whole.

        Raises:
            NotFoundError: No shard is finished, or one is missing that may not be.
            InvalidInputError: The shards do not belong together.
            JobError: A store cannot be read or written.
        """
        parts = self.parts(run)
        if not parts.there or (parts.missing and not allow_partial):
            raise NotFoundError(_missing(run, parts))
        stores = [self._place.store(run_name(run, shard)) for shard in parts.there]
        read = side_by_side(lambda store: store.manifest(), stores, at_once=LOOKED_AT_ONCE)
        manifests = list(read)
        _check_places(run, parts.there, manifests)
        first = _alike(run, manifests)
        largest = max(manifest.n_studies or STUDIES_AT_ONCE for manifest in manifests)
        at_once = min(LOOKED_AT_ONCE, max(1, STUDIES_AT_ONCE // largest))
        primary, primary_origin = _shared_primary(manifests)
        whole = self._place.store(run)
        whole.open(
            replace(
                first,
                cohort=_fingerprint(
                    _of_all(stores, lambda store: store.contents(), at_once=at_once)
                ),
                n_studies=first.listed,
                shard=None,
                listing=None,
                listed=None,
                missing_shards=tuple(shard.name for shard in parts.missing),
                primary=primary,
                primary_origin=primary_origin,
            )
        )
        whole.write_scores_of(stores, at_once=at_once)
        efforts = side_by_side(lambda store: store.effort(), stores, at_once=LOOKED_AT_ONCE)
        if spent := _added(effort for effort in efforts if effort):
            whole.write_effort(spent)
        whole.write_saved_cases(_of_all(stores, lambda store: store.saved_cases(), at_once=at_once))
        return whole

    def parts(self, run: str) -> Parts:
        """Look which shards of a run are finished.

        Raises:
            NotFoundError: It has no shards.
            InvalidInputError: It has shards of several divisions.
            JobError: The place cannot be read.
        """
        begun = self._begun(run)
        finished = side_by_side(partial(self._is_finished, run), begun, at_once=LOOKED_AT_ONCE)
        there = {shard for shard, is_there in zip(begun, finished, strict=True) if is_there}
        return Parts(
            there=tuple(sorted(there)),
            missing=tuple(shard for shard in begun[0].all if shard not in there),
        )

    def _begun(self, run: str) -> list[Shard]:
        shards = shards_of(self._place, run)
        if not shards:
            raise NotFoundError(f"{run} has no shards: evaluate with --shard first")
        return shards

    def _is_finished(self, run: str, shard: Shard) -> bool:
        return self._place.store(run_name(run, shard)).is_finished()


def _of_all(
    stores: Sequence[RunStore], read: Callable[[RunStore], Iterator[T]], *, at_once: int
) -> Iterator[T]:
    """Return what shards keep, one after the other; small ones are read side by side."""
    if at_once == 1:
        return chain.from_iterable(map(read, stores))
    return chain.from_iterable(
        side_by_side(lambda store: list(read(store)), stores, at_once=at_once)
    )


def _check_places(run: str, shards: Sequence[Shard], manifests: Sequence[RunManifest]) -> None:
    """Refuse a copied or renamed shard: its studies would count twice, and others never."""
    for shard, manifest in zip(shards, manifests, strict=True):
        if manifest.shard not in (None, shard.name):  # those over altered images do not say
            raise InvalidInputError(
                f"{run}: the folder of shard {shard.name} holds shard {manifest.shard}: evaluate {shard.name} "
                "again, elsewhere or after that folder is gone"
            )


def _alike(run: str, manifests: Sequence[RunManifest]) -> RunManifest:
    first = manifests[0]
    for other in manifests[1:]:
        for what in ALIKE:
            if getattr(first, what) != getattr(other, what):
                raise InvalidInputError(
                    f"shards {first.shard} and {other.shard} of {run} do not belong together, their "
                    f"{what} differs: evaluate them again, of one dataset with the same settings"
                )
    return first


def _added(efforts: Iterable[Effort]) -> Effort | None:
    total: Effort | None = None
    for effort in efforts:
        total = effort.beside(total)
    return total


def _shared_primary(manifests: Sequence[RunManifest]) -> tuple[str | None, PrimaryOrigin | None]:
    """Return the primary endpoint that all shards recorded; it is declared where all declare it."""
    names, origins = (
        {getattr(manifest, name) for manifest in manifests}
        for name in ("primary", "primary_origin")
    )
    if len(names) > 1:
        return None, None
    origin = next(iter(origins)) if len(origins) == 1 else PrimaryOrigin.DEFAULT
    return next(iter(names)), None if None in origins else origin


def _missing(run: str, parts: Parts) -> str:
    names = [shard.name for shard in parts.missing]
    listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return (
        f"{run} lacks {len(names)} of {len(names) + len(parts.there)} shards, {listed}: finish them, "
        "or merge without them by --allow-partial"
    )


def _fingerprint(contents: Iterator[tuple[str, str | None]]) -> str:
    """Hash ids and contents as `cohort_fingerprint` does, of studies sorted by id."""
    digest, between = sha256(b"["), b""
    known = ((study_id, content or UNREADABLE) for study_id, content in contents)
    while some := list(islice(known, HASHED_AT_ONCE)):
        digest.update(between + json.dumps(some)[1:-1].encode())
        between = b", "
    digest.update(b"]")
    return digest.hexdigest()
