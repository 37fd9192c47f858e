"""Make one run of the shards of a cohort; whoever does it makes the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import chain, islice

from gliobench.application.evaluate.evaluate_cohort import UNREADABLE
from gliobench.application.evaluate.shards import Shard, run_name
from gliobench.application.ports.run_place import RunPlace
from gliobench.application.ports.run_store import RunManifest, RunStore
from gliobench.domain.comparison.endpoints import PrimaryOrigin
from gliobench.domain.errors import InvalidInputError, NotFoundError

ALIKE = ("listing", "fingerprint", "settings", "seed", "labels")
"""What the manifests of a cohort's shards share."""
HASHED_AT_ONCE = 4096
"""Studies."""


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

    Args:
        place: Where the runs are kept.
    """

    def __init__(self, place: RunPlace) -> None:
        self._place = place

    def __call__(self, run: str, *, allow_partial: bool = False) -> RunStore:
        """Merge.

        Args:
            run: The backend's name.
            allow_partial: Leave missing shards out; the manifest tells of them.

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
        manifests = [store.manifest() for store in stores]
        first = _alike(run, manifests)
        primary, primary_origin = _shared_primary(manifests)
        whole = self._place.store(run)
        whole.open(
            replace(
                first,
                cohort=_fingerprint(chain.from_iterable(store.contents() for store in stores)),
                n_studies=first.listed,
                shard=None,
                listing=None,
                listed=None,
                missing_shards=tuple(shard.name for shard in parts.missing),
                primary=primary,
                primary_origin=primary_origin,
            )
        )
        whole.write_scores_of(stores)
        whole.write_kept_cases(chain.from_iterable(store.saved_cases() for store in stores))
        return whole

    def parts(self, run: str) -> Parts:
        """Look which shards of a run are finished.

        Raises:
            NotFoundError: It has no shards.
            InvalidInputError: It has shards of several divisions.
            JobError: The place cannot be read.
        """
        shards = shards_of(self._place, run)
        if not shards:
            raise NotFoundError(f"{run} has no shards: evaluate with --shard first")
        begun = set(shards)
        there = {
            shard: shard in begun and self._place.store(run_name(run, shard)).is_finished()
            for shard in shards[0].all
        }
        return Parts(
            there=tuple(shard for shard, is_there in there.items() if is_there),
            missing=tuple(shard for shard, is_there in there.items() if not is_there),
        )


def shards_of(place: RunPlace, run: str) -> list[Shard]:
    """Name the shards of a run that have begun, in order.

    Raises:
        InvalidInputError: They are of several divisions.
        JobError: The place cannot be read.
    """
    shards = sorted(Shard.parse(name) for name in place.folders(f"{run}/shards"))
    divisions = sorted({shard.of for shard in shards})
    if len(divisions) > 1:
        told = " and of ".join(map(str, divisions))
        raise InvalidInputError(f"{run} has shards of {told}: begin anew in another place")
    return shards


def check_division(place: RunPlace, run: str, shard: Shard) -> None:
    """Vouch that a shard fits those that have begun.

    Raises:
        InvalidInputError: They are of another division.
        JobError: The place cannot be read.
    """
    for other in shards_of(place, run)[:1]:
        if other.of != shard.of:
            raise InvalidInputError(
                f"{run} is kept in {other.of} shards, not {shard.of}: choose another place"
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


def _shared_primary(
    manifests: Sequence[RunManifest],
) -> tuple[str | None, PrimaryOrigin | None]:
    """Give the primary endpoint that all shards recorded; it is declared where all of them say so."""
    names, origins = (
        {getattr(one, of) for one in manifests} for of in ("primary", "primary_origin")
    )
    if len(names) > 1:
        return None, None
    origin = next(iter(origins)) if len(origins) == 1 else PrimaryOrigin.DEFAULT
    return next(iter(names)), None if None in origins else origin


def _missing(run: str, parts: Parts) -> str:
    names = [shard.name for shard in parts.missing]
    told = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return (
        f"{run} lacks {len(names)} of {len(names) + len(parts.there)} shards, {told}: finish them, "
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
