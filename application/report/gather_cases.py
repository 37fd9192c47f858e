"""Gather single cases from several runs, at a memory that the cohort's size does not change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from gliobench.application.ports.run_store import RunStore
from gliobench.domain.comparison.casebook import Casebook, CaseEntry
from gliobench.domain.evaluation.saved_case import SavedCase, chosen
from gliobench.domain.evaluation.scores import CaseScore

MOST = 1000
"""More cases than this slow a browser down."""


def gather_cases(
    stores: Mapping[str, RunStore], study_ids: Iterable[Sequence[str]], *, most: int = MOST
) -> Casebook:
    """Lay the cases of runs side by side; where they are too many, some that were drawn by lot.

    Args:
        stores: Of runs that are scored, by a name of their own.
        study_ids: The studies of each.
        most: How many cases.

    Raises:
        NotFoundError: A store keeps no scores.
        JobError: A store cannot be read.
    """
    runs = list(study_ids)
    ids = sorted(chosen(chain(*runs), most))
    by_run = {
        name: {case.study_id: case for case in store.scores(ids)} for name, store in stores.items()
    }
    kept = {name: _kept(store, frozenset(ids)) for name, store in stores.items()}
    return Casebook(
        backends=tuple(stores),
        entries=tuple(_entry(study_id, by_run, kept) for study_id in ids),
        n_left_out=max(0, max(map(len, runs), default=0) - len(ids)),
        baselines=frozenset(
            name for name, store in stores.items() if store.manifest().facts.baseline
        ),
    )


def _kept(store: RunStore, study_ids: frozenset[str]) -> dict[str, SavedCase]:
    return {case.study_id: case for case in store.saved_cases() if case.study_id in study_ids}


def _entry(
    study_id: str,
    by_run: Mapping[str, Mapping[str, CaseScore]],
    kept: Mapping[str, Mapping[str, SavedCase]],
) -> CaseEntry:
    seen = {name: cases[study_id] for name, cases in kept.items() if study_id in cases}
    # a run that kept a volume shows more than one that kept a picture only
    shown = max(seen.values(), key=_richness, default=None)
    masks = {
        name: one.volume.prediction
        for name, one in seen.items()
        if one.volume is not None
        and one.volume.prediction is not None
        and shown is not None
        and shown.volume is not None
        and one.volume.grid == shown.volume.grid
    }
    scores = {name: cases[study_id] for name, cases in by_run.items() if study_id in cases}
    return CaseEntry(scores, shown, masks)


def _richness(case: SavedCase) -> tuple[bool, bool]:
    return case.volume is not None, case.picture is not None
