"""Learn a region grader from measured tumours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.networks.region_grader import RegionGrader, Term
from gliobench.domain.networks.region_measures import FEATURES, RegionMeasures
from gliobench.domain.networks.segmentation_errors import SegmentationErrors
from gliobench.domain.statistics.logistic import even_odds, fit_logistic
from gliobench.domain.studies.study import Grade

CHOSEN = ("rim", "enclosed")
"""Features of the grader, chosen by leaving each site out: see `docs/results`."""
PENALTY = 1.0
FLATTEST = 1e-9
"""Deviation below which a feature is the same in all tumours, and says nothing."""


@dataclass(frozen=True, slots=True)
class RegionTumour:
    """A tumour that a region grader learns from.

    Args:
        patient_id: Whose it is.
        grade: Its reference grade.
        reference: Measures of the experts' mask.
        predicted: Measures as a localizer that has not seen the patient gives them; None where none
            was asked, or it found no tumour.
        segmented: Whether a localizer was asked.
        site: Where it was imaged; None where that is unknown.
        sha256: Hash of where it comes from.
    """

    patient_id: str
    grade: Grade
    reference: RegionMeasures
    predicted: RegionMeasures | None = None
    segmented: bool = False
    site: str | None = None
    sha256: str = ""

    @property
    def judged(self) -> RegionMeasures | None:
        """Return what a grader would be given; None where the localizer found no tumour."""
        return self.predicted if self.segmented else self.reference


def learn_regions(
    tumours: Sequence[RegionTumour],
    *,
    features: Sequence[str] = CHOSEN,
    errors: bool = True,
    penalty: float = PENALTY,
) -> RegionGrader:
    """Fit a logistic model for even odds of the grades, every tumour weighing the same in its grade.

    Args:
        tumours: Of both grades; one in which the localizer found nothing is left out.
        features: Keys of `FEATURES`.
        errors: Learn from tumours that no localizer has segmented as it might measure them, with the
            errors that it makes in the others; where it has segmented none, as they are.
        penalty: Of the coefficients, for one deviation of each feature.

    Returns:
        The grader, not yet calibrated, without a card.

    Raises:
        InvalidInputError: A grade is absent, or there is no such feature.
    """
    if unknown := set(features) - set(FEATURES):
        raise InvalidInputError(f"feature {min(unknown)!r}: wanted some of {', '.join(FEATURES)}")
    known = [tumour for tumour in tumours if tumour.judged is not None]
    examples = list(_examples(known, errors_in(known) if errors else SegmentationErrors.of([])))
    measures, grades, counts = zip(*examples, strict=True) if examples else ((), (), ())
    hgg = np.array([grade is Grade.HGG for grade in grades], dtype=np.bool_)
    weights = even_odds(hgg, 1 / np.array(counts, dtype=np.float64)) if examples else even_odds(hgg)
    weights *= len(known) / weights.sum()
    values = np.array([[FEATURES[name].value(found) for name in features] for found in measures])
    mean = np.average(values, axis=0, weights=weights)
    deviation = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weights))
    deviation[deviation < FLATTEST] = 1.0
    coefficients, intercept = fit_logistic(
        (values - mean) / deviation, hgg, weights, penalty=penalty
    )
    rows = zip(features, mean.tolist(), deviation.tolist(), coefficients.tolist(), strict=True)
    return RegionGrader(terms=tuple(Term(*row) for row in rows), intercept=intercept)


def errors_in(tumours: Iterable[RegionTumour]) -> SegmentationErrors:
    """Gather a localizer's errors in the tumours that it has found."""
    return SegmentationErrors.of(
        (tumour.reference, tumour.predicted) for tumour in tumours if tumour.predicted
    )


def _examples(
    tumours: Iterable[RegionTumour], errors: SegmentationErrors
) -> Iterable[tuple[RegionMeasures, Grade, int]]:
    """Yield measures with the grade and the number of them that the tumour gives."""
    for tumour in tumours:
        given = [tumour.predicted] if tumour.predicted else errors.over(tumour.reference)
        for measures in given:
            yield measures, tumour.grade, len(given)
