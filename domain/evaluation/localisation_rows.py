"""How localisation scores become the rows of a summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from gliobench.domain.evaluation.scores import (
    BoxScore,
    CaseScore,
    FormOutcome,
    MaskScore,
    PointScore,
    PolygonScore,
    RegionScore,
)
from gliobench.domain.evaluation.summary import FormSummary, Measure
from gliobench.domain.prediction import Form
from gliobench.domain.regions import Region
from gliobench.domain.statistics.estimate import Measured
from gliobench.domain.statistics.means import bootstrap_mean
from gliobench.domain.statistics.proportions import wilson

Part: TypeAlias = PointScore | BoxScore | PolygonScore | RegionScore
"""A score that fills one row: a form's, or one region's of a mask."""


def localisation_rows(
    cases: Sequence[CaseScore], *, answered_only: bool, seed: int
) -> tuple[FormSummary, ...]:
    """Sum up each form that was scored, masks by region, the volume's forms first.

    Args:
        cases: One a study.
        answered_only: Leave failures out; else they score worst.
        seed: Seed of the bootstrap intervals.
    """
    rows = []
    for form in reversed(Form):
        outcomes = _outcomes(cases, form)
        failed = sum(outcome.failure is not None for _, outcome in outcomes)
        counted = [o for o in outcomes if not (answered_only and o[1].failure is not None)]
        for region in _regions(outcomes) if form is Form.MASK else [None] * bool(outcomes):
            parts = _parts(counted, region)
            measures = _measures(parts, seed=seed)
            rows.append(FormSummary(form, region, n=len(parts), n_failed=failed, measures=measures))
    return tuple(rows)


def _outcomes(cases: Sequence[CaseScore], form: Form) -> list[tuple[str, FormOutcome]]:
    """Give each patient's outcome where the reference allows a score."""
    return [
        (case.patient_id, outcome)
        for case in cases
        if (outcome := case.localisation.get(form)) is not None and outcome.score is not None
    ]


def _regions(outcomes: Sequence[tuple[str, FormOutcome]]) -> list[Region]:
    """List the regions that some mask answered; a backend is not failed on the others."""
    answered = {
        region
        for _, outcome in outcomes
        if isinstance(outcome.score, MaskScore) and outcome.failure is None
        for region in outcome.score.regions
    }
    return [region for region in Region if region in answered] or [Region.WT] * bool(outcomes)


def _parts(
    outcomes: Sequence[tuple[str, FormOutcome]], region: Region | None
) -> list[tuple[str, Part]]:
    parts = []
    for patient, outcome in outcomes:
        score = outcome.score
        part = score.regions.get(region) if isinstance(score, MaskScore) and region else score
        if part is not None and not isinstance(part, MaskScore):
            parts.append((patient, part))
    return parts


def _measures(parts: Sequence[tuple[str, Part]], *, seed: int) -> dict[Measure, Measured]:
    rows = [(patient, columns(part)) for patient, part in parts]
    measures: dict[Measure, Measured] = {}
    for measure in rows[0][1] if rows else ():
        known = [(who, value) for who, row in rows if (value := row[measure]) is not None]
        values = [value for _, value in known]
        if all(isinstance(value, bool) for value in values):
            measures[measure] = wilson(successes=sum(map(bool, values)), n=len(values))
        else:
            patients = [patient for patient, _ in known]
            measures[measure] = bootstrap_mean(values=values, patients=patients, seed=seed)
    return measures


def columns(part: Part) -> Mapping[Measure, float | bool | None]:
    """Lay a score out: a bool becomes a proportion, a number a mean, None is left out."""
    match part:
        case PointScore():
            return {Measure.ERROR_MM: part.error_mm, Measure.HIT: part.hit}
        case BoxScore():
            return {
                Measure.BOX_IOU: part.iou,
                Measure.ACC_25: part.iou >= 0.25,
                Measure.ACC_50: part.iou >= 0.5,
            }
        case PolygonScore():
            return {Measure.DICE: part.dice}
        case RegionScore():
            return {
                Measure.DICE: part.dice,
                Measure.IOU: part.iou,
                Measure.HD95_MM: part.hd95_mm,
                Measure.NSD: part.nsd,
                Measure.VOLUME_ERROR_MM3: part.volume_error_mm3,
            }
