"""The runs that lie beside some runs and belong into one report with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gliobench.application.evaluate.run_layout import has_shards
from gliobench.application.ports.run_place import RunPlace
from gliobench.application.ports.run_store import RunManifest, RunStore
from gliobench.domain.errors import JobError, NotFoundError, StoreError
from gliobench.domain.evaluation.alignment import differ_in_truth
from gliobench.domain.evaluation.case_table import CaseTable


@dataclass(frozen=True, slots=True)
class RunsBeside:
    """What a place keeps beside the runs that were asked for.

    Args:
        alike: Runs over the same cohort and references, sorted.
        left_out: Why others do not belong into the report, a sentence each.
    """

    alike: tuple[str, ...]
    left_out: tuple[str, ...]


def runs_beside(place: RunPlace, runs: Sequence[str]) -> RunsBeside:
    """Look what else a place keeps.

    Args:
        place: Where the runs are kept.
        runs: At least one, all scored over one cohort.

    Raises:
        NotFoundError: The first run is not scored, and another lies beside it.
        JobError: The place or the first run cannot be read.
    """
    others = [name for name in place.folders() if name not in runs and _is_run(place, name)]
    if not others:
        return RunsBeside((), ())  # without reading the scores, of which there may be millions
    first = place.store(runs[0])
    manifest, table = first.manifest(), first.case_table()
    reasons = {name: _reason(place.store(name), manifest, table) for name in others}
    return RunsBeside(
        alike=tuple(name for name, reason in reasons.items() if reason is None),
        left_out=tuple(
            f"{name} is not in the report: {reason}" for name, reason in reasons.items() if reason
        ),
    )


def _is_run(place: RunPlace, name: str) -> bool:
    try:
        place.store(name).manifest()
    except NotFoundError:
        return has_shards(place, name)
    except StoreError:
        raise
    except JobError:
        return True
    return True


def _reason(store: RunStore, beside: RunManifest, table: CaseTable) -> str | None:
    """Return why a run cannot be reported with one of this manifest and these scores, or None."""
    try:
        manifest = store.manifest()
        if manifest.cohort != beside.cohort:
            return "it is over another cohort"
        if not store.is_scored():
            return "it is not finished: evaluate it again"
        if manifest.target != beside.target:
            return f"its target is {manifest.target.name}, not {beside.target.name}"
        reason = _other_truth(store, manifest.labels == beside.labels, table)
    except NotFoundError:
        return "its shards are not merged: see gliobench merge"
    except StoreError:
        raise
    except JobError as error:
        return str(error)
    return reason


def _other_truth(store: RunStore, same_labels: bool, table: CaseTable) -> str | None:
    if not same_labels:
        return "its masks were read by another label convention: evaluate it again"
    if not _same_references(store.case_table(), table):
        return "the references have changed since: evaluate it again"
    return None


def _same_references(one: CaseTable, other: CaseTable) -> bool:
    same = one.study_ids.tolist() == other.study_ids.tolist()
    return same and not differ_in_truth(one, other).any()
