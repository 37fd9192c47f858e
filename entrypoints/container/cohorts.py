"""What is asked of a dataset as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from gliobench.adapters.json import read_exclusions
from gliobench.application.datasets.fingerprint_dataset import Fingerprint, fingerprint_dataset
from gliobench.application.datasets.split_cohort import (
    draw_cohort,
    split_by_fractions,
    split_into_folds,
)
from gliobench.application.datasets.verify_dataset import Verification, verify_dataset
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.labels.proposal import UndeclaredLabelsError
from gliobench.domain.studies.cohort import Cohort
from gliobench.entrypoints.progress import tracked


def verify(dataset: str, *, open_dataset: Callable[[str], StudySource]) -> Verification:
    """Read every file of a dataset, and list every fault; raises what opening it does."""
    return verify_dataset(
        open_dataset(dataset),
        track=partial(tracked, "verifying"),
        track_labels=partial(tracked, "reading labels"),
    )


def fingerprint(dataset: str, *, open_labelled: Callable[[str], StudySource]) -> Fingerprint:
    """Describe a dataset; raises what opening it does."""
    return fingerprint_dataset(open_labelled(dataset), track=partial(tracked, "reading"))


def split(
    dataset: str,
    *,
    folds: int | None = None,
    fractions: Mapping[str, float] | None = None,
    seed: int = 0,
    exclude: Path | None = None,
    warn: Callable[[str], None] = lambda _: None,
    open_dataset: Callable[[str], StudySource],
    open_labelled: Callable[[str], StudySource],
    name_of: Callable[[str], str],
) -> Cohort:
    """Split a dataset by patient.

    Args:
        dataset: As on the command line.
        folds: Equal parts; None takes the fractions.
        fractions: Share of the patients by part.
        seed: Of the draw.
        exclude: File of studies to leave out.
        warn: Called where the labels of the masks are in doubt, which a split does not need.
        open_dataset: Opens the dataset.
        open_labelled: Opens it with its labels settled.
        name_of: Names the cohort.

    Raises:
        InvalidInputError: The parts or the file of exclusions are wrong.
        GliobenchError: The dataset cannot be opened.
    """
    try:
        source = open_labelled(dataset)
    except UndeclaredLabelsError as doubt:
        warn(f"{doubt}; the cohort records no convention")
        source = open_dataset(dataset)
    cohort = draw_cohort(
        source,
        name=name_of(dataset),
        exclude=read_exclusions(exclude) if exclude else None,
        track=partial(tracked, "reading"),
    )
    if folds is not None:
        return split_into_folds(cohort, folds=folds, seed=seed)
    return split_by_fractions(cohort, fractions=fractions or {}, seed=seed)
