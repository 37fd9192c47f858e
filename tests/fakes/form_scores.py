"""Scores of one form of one study, from the numbers alone."""

from __future__ import annotations

from collections.abc import Mapping

from gliobench.domain.evaluation.scores import Scores, reference_name
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.measures import BOX_IOU, CENTRE_ERROR, HIT, POLYGON_DICE, scored_in
from gliobench.domain.predictions.prediction import Form


def point_score(error_mm: float, *, hit: bool) -> Scores:
    return {CENTRE_ERROR.score_name(): error_mm, HIT.score_name(): float(hit)}


def box_score(iou: float) -> Scores:
    return {BOX_IOU.score_name(): iou}


def polygon_score(dice: float) -> Scores:
    return {POLYGON_DICE.score_name(): dice}


def region_score(
    dice: float,
    iou: float,
    hd95_mm: float,
    nsd: float,
    volume_error_mm3: float | None,
    reference_mm3: float | None = None,
) -> Mapping[str, float | None]:
    """Name the scores of a region as its measures' keys do."""
    return dict(locals())


def mask_score(regions: Mapping[Region, Mapping[str, float | None]]) -> Scores:
    """Put regions together; None is a score that is not there."""
    scores = {
        one.score_name(region): part[one.key]
        for region, part in regions.items()
        for one in scored_in(Form.MASK)
    }
    scores |= {reference_name(region): part["reference_mm3"] for region, part in regions.items()}
    return {name: value for name, value in scores.items() if value is not None}
