"""Detection of tumours, and specificity in tumour-free studies."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.summary import DetectionSummary
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.measures import VOLUME_ERROR_MM3
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.means import estimate_mean
from gliobench.domain.statistics.proportions import wilson
from gliobench.domain.statistics.sampling import numbered


def detection_rows(table: CaseTable, *, answered_only: bool) -> tuple[DetectionSummary, ...]:
    """Summarise detection: one row per mask region, or one row where no masks were asked for.

    Studies are excluded if they are not annotated, if an older run did not record the answer, or if the
    backend was shown a slice selected with the reference.

    Args:
        table: One study a row.
        answered_only: Exclude failures; otherwise they count as wrong in both measures.
    """
    rows = list(_of_masks(table, answered_only=answered_only))
    return tuple(rows or _of_studies(table, answered_only=answered_only))


def _of_masks(table: CaseTable, *, answered_only: bool) -> Iterator[DetectionSummary]:
    failed = table.failed(Form.MASK)
    for region in Region:
        reference = table.reference_mm3(region)
        predicted = reference + table.scores(Form.MASK, VOLUME_ERROR_MM3, region)
        counted = ~np.isnan(reference) & ~table.oracle
        if not (counted & ~failed).any():
            continue
        yield _row(
            table,
            region,
            counted=counted & ~failed if answered_only else counted,
            there=reference > 0,
            found=predicted > 0,
            spared=predicted == 0,
            failed=failed & counted,
            extra_mm3=np.where(counted & (reference == 0), predicted, np.nan),
        )


def _of_studies(table: CaseTable, *, answered_only: bool) -> Iterator[DetectionSummary]:
    asked = np.logical_or.reduce([table.asked(form) for form in table.forms] or [table.oracle])
    known = (table.has_plane | table.tumour_free) & asked.astype(np.bool_) & ~table.oracle
    answered = table.found_tumour | table.found_none
    if not (known & answered).any():
        return
    yield _row(
        table,
        None,
        counted=known & answered if answered_only else known,
        there=table.has_plane,
        found=table.found_tumour,
        spared=table.found_none,
        failed=known & ~answered,
        extra_mm3=np.full(len(table), np.nan),
    )


def _row(
    table: CaseTable,
    region: Region | None,
    *,
    counted: BoolArray,
    there: BoolArray,
    found: BoolArray,
    spared: BoolArray,
    failed: BoolArray,
    extra_mm3: FloatArray,
) -> DetectionSummary:
    shown, absent = counted & there, counted & ~there
    mean = estimate_mean(extra_mm3, numbered(table.patients.tolist()), bounds=(0.0, np.inf))
    known = extra_mm3[~np.isnan(extra_mm3)]
    return DetectionSummary(
        region=region,
        n_with=int(shown.sum()),
        n_without=int(absent.sum()),
        n_failed=int(failed.sum()),
        sensitivity=wilson(successes=int((shown & found).sum()), n=int(shown.sum())),
        specificity=wilson(successes=int((absent & spared).sum()), n=int(absent.sum())),
        false_positive_mm3=mean,
        largest_false_positive_mm3=float(known.max()) if known.size else None,
    )
