"""Measures of position bias: whether answers depend on the position of the tumour.

All numbers refer to the answered studies, on each study's scoring plane; unanswered studies have no
position and are counted separately.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

import numpy as np
from scipy.special import ndtr

from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.position.clouds import Cloud
from gliobench.domain.position.placements import Placements
from gliobench.domain.position.tracking import (
    FOLLOWS,
    HARDLY,
    ONE_PLACE,
    SHUFFLES,
    ShuffleTest,
    distances_mm,
    ious,
    lie_in_one_place,
    shuffle_tests,
    tracking_index,
)
from gliobench.domain.statistics.bootstrap import REPLICATES, Replicates, Statistic, resample
from gliobench.domain.statistics.estimate import Measured, NotEstimable
from gliobench.domain.statistics.means import MeasuredValues
from gliobench.domain.statistics.regression import slope_and_r_squared
from gliobench.domain.statistics.sampling import SamplingPlan

IMAGE_CENTRE = "image centre"
BRAIN_CENTROID = "brain centroid"

MIN_PATIENTS = 20
"""Minimum number of patients for an estimate."""
MIN_FOR_INTERVAL = 40
"""Minimum number of patients for an interval of the index. If a tenth of the answers is at the centre,
95 % intervals cover the truth in 86 % of cohorts of 20 and in 92 to 96 % of 30 and more; see
docs/results/tracking.md."""
FEW = NotEstimable(f"fewer than {MIN_FOR_INTERVAL} patients: rare outliers may be missing")
MAX_STUDIES = 2_500
"""For more studies, a seeded sample is measured: memory grows as the square."""

ONE_VALUE = NotEstimable("the references are all the same")
ONE_ANSWER = NotEstimable("the answers are all the same")


@dataclass(frozen=True, slots=True)
class Line:
    """What is answered as a straight line of what is true: slope 1 and R² 1 for a perfect one.

    Args:
        slope: How far the answers move when the tumour moves by 1; 0 for a constant answer.
        r_squared: The share of the answers' variance that the tumours explain; not estimable for a
            constant answer.
    """

    slope: Measured
    r_squared: Measured


@dataclass(frozen=True, slots=True)
class PriorComparison:
    """A backend in comparison with an answer that does not use the tumour.

    Args:
        error_mm: Mean distance of the prior from the tumours.
        answers_from_it_mm: Mean distance of the backend's answers from the prior.
        gain_mm: Error of the prior minus error of the backend, on the same patients; negative where the
            backend is worse.
    """

    error_mm: Measured
    answers_from_it_mm: Measured
    gain_mm: Measured


@dataclass(frozen=True, slots=True)
class PositionBias:
    """Dependence of a backend's answers on the tumour, and on a fixed position.

    Args:
        n: Studies measured.
        n_unanswered: Studies with a tumour in which the backend failed.
        predicted: The answers.
        reference: The tumours in the same studies.
        tracking: The tracking index, see `tracking`; no interval for fewer than `MIN_FOR_INTERVAL`
            patients.
        tracking_p: Two-sided, of an index that is not above `FOLLOWS`, or not below `HARDLY` where
            it is measured below that; 1.0 in between.
        error_mm: Mean distance from an answer to its tumour.
        x: Along the first axis of the plane, mm on mm: on axial ones to the patient's right.
        y: Along the second axis: on axial planes to anterior.
        area: mm² on mm²; None for points.
        shuffled: Distances with the answers shuffled between patients.
        shuffled_iou: Overlaps likewise; None for other forms than boxes.
        priors: By name.
    """

    n: int
    n_unanswered: int
    predicted: Cloud
    reference: Cloud
    tracking: Measured
    tracking_p: float | NotEstimable
    error_mm: Measured
    x: Line
    y: Line
    area: Line | None
    shuffled: ShuffleTest
    shuffled_iou: ShuffleTest | None
    priors: Mapping[str, PriorComparison]


def position_bias(
    placements: Placements,
    *,
    priors: Mapping[str, FloatArray] | None = None,
    replicates: int = REPLICATES,
    shuffles: int = SHUFFLES,
    seed: int = 0,
) -> PositionBias | NotEstimable:
    """Measure one backend's bias in one form.

    Args:
        placements: What it answered.
        priors: (N, 2) mm by name, of the same studies; NaN where a prior has no answer. The image's
            centre and, where it is known, the brain's centroid are always there.
        replicates: Cohorts drawn for the intervals, which are BCa for the index and percentiles for
            everything else.
        shuffles: Permutations drawn.
        seed: Of the draws, the permutations and, over `MAX_STUDIES`, the sample.

    Returns:
        Not estimable for fewer than `MIN_PATIENTS` patients.
    """
    if (patients := len(set(placements.patients))) < MIN_PATIENTS:
        return NotEstimable(f"{patients} patients were answered: wanted {MIN_PATIENTS} or more")
    chosen = _sample(placements.n, seed=seed)
    known = {name: at[chosen] for name, at in _all_priors(placements, priors or {}).items()}
    places = placements.take(chosen)
    predicted, reference = places.predicted.centres_mm, places.reference.centres_mm
    drawn = _measure(_statistics(places, known), places.patients, replicates=replicates, seed=seed)
    found = {name: numbers.percentile() for name, numbers in drawn.items()}
    tracking, tracking_p = estimate_tracking(drawn["tracking"], patients)
    by_distance, by_overlap = _shuffle_tests(places, shuffles=shuffles, seed=seed)
    return PositionBias(
        n=places.n,
        n_unanswered=places.n_unanswered,
        predicted=Cloud.of(predicted),
        reference=Cloud.of(reference),
        tracking=ONE_PLACE if lie_in_one_place(reference) else tracking,
        tracking_p=ONE_PLACE if lie_in_one_place(reference) else tracking_p,
        error_mm=found["error_mm"][0],
        x=_as_line(found["x"]),
        y=_as_line(found["y"]),
        area=_as_line(found["area"]) if "area" in found else None,
        shuffled=by_distance,
        shuffled_iou=by_overlap,
        priors={name: PriorComparison(*found[f"prior {name}"]) for name in known},
    )


def _all_priors(
    placements: Placements, priors: Mapping[str, FloatArray]
) -> Mapping[str, FloatArray]:
    known: dict[str, FloatArray] = {IMAGE_CENTRE: np.zeros((placements.n, 2))}
    if not np.isnan(placements.brain_mm).all():
        known[BRAIN_CENTROID] = placements.brain_mm
    return known | dict(priors)


def _sample(n: int, *, seed: int) -> Sequence[int]:
    if n <= MAX_STUDIES:
        return range(n)
    drawn = np.random.default_rng(seed).choice(n, MAX_STUDIES, replace=False)
    return [int(item) for item in np.sort(drawn)]


def _statistics(places: Placements, priors: Mapping[str, FloatArray]) -> dict[str, Statistic]:
    predicted, reference = places.predicted.centres_mm, places.reference.centres_mm
    error_mm = _apart_mm(predicted, reference)
    found: dict[str, Statistic] = {
        "tracking": tracking_index(predicted=predicted, reference=reference),
        "error_mm": _mean_of(error_mm),
        "x": _line(reference[:, 0], predicted[:, 0]),
        "y": _line(reference[:, 1], predicted[:, 1]),
    }
    if places.reference.areas_mm2 is not None and places.predicted.areas_mm2 is not None:
        found["area"] = _line(places.reference.areas_mm2, places.predicted.areas_mm2)
    for name, at in priors.items():
        prior_mm = _apart_mm(at, reference)
        found[f"prior {name}"] = _mean_of(prior_mm, _apart_mm(at, predicted), prior_mm - error_mm)
    return found


def _shuffle_tests(
    places: Placements, *, shuffles: int, seed: int
) -> tuple[ShuffleTest, ShuffleTest | None]:
    predicted, reference = places.predicted, places.reference
    apart_mm = distances_mm(predicted=predicted.centres_mm, reference=reference.centres_mm)
    scored = [(apart_mm, False)]
    if predicted.corners_mm is not None and reference.corners_mm is not None:
        overlap = ious(predicted=predicted.corners_mm, reference=reference.corners_mm)
        scored.append((overlap, True))
    by_distance, *by_overlap = shuffle_tests(*scored, shuffles=shuffles, seed=seed)
    return by_distance, next(iter(by_overlap), None)


def _measure(
    statistics: Mapping[str, Statistic], patients: Sequence[str], *, replicates: int, seed: int
) -> dict[str, Replicates]:
    """Compute all statistics on the same resamples, and name each result."""
    plan = SamplingPlan.of(patients)
    widths = [statistic(plan.everyone).shape[1] for statistic in statistics.values()]

    def together(weights: FloatArray) -> FloatArray:
        return np.hstack([statistic(weights) for statistic in statistics.values()])

    drawn = resample(together, plan, replicates=replicates, seed=seed)
    spans = pairwise(accumulate(widths, initial=0))
    return {
        name: drawn.pick(range(lo, hi)) for name, (lo, hi) in zip(statistics, spans, strict=True)
    }


def estimate_tracking(drawn: Replicates, patients: int) -> tuple[Measured, float | NotEstimable]:
    """Estimate the index, and test on the scale of log(own / others) whether it says anything.

    Args:
        drawn: The index alone, of the cohort and of drawn ones.
        patients: Who were answered.

    Returns:
        The index, and the p as `PositionBias.tracking_p`.
    """
    (index,) = drawn.bca()
    if isinstance(index, NotEstimable):
        return index, index
    if patients < MIN_FOR_INTERVAL and not isinstance(index.interval, NotEstimable):
        index = replace(index, interval=FEW)
    if isinstance(index.interval, NotEstimable):
        return index, index.interval
    if HARDLY <= index.value <= FOLLOWS:
        return index, 1.0
    left = 1 - index.value
    apart = np.log(left / (1 - (HARDLY if index.value < HARDLY else FOLLOWS)))
    return index, float(2 * ndtr(-abs(apart) * left / drawn.standard_error(0)))


def _as_line(measured: tuple[Measured, ...]) -> Line:
    slope, r_squared = measured
    if isinstance(slope, NotEstimable):
        return Line(ONE_VALUE, ONE_VALUE)
    return Line(slope, ONE_ANSWER if isinstance(r_squared, NotEstimable) else r_squared)


def _mean_of(*columns: FloatArray) -> Statistic:
    return MeasuredValues.of(np.column_stack(columns)).means


def _line(x: FloatArray, y: FloatArray) -> Statistic:
    return lambda weights: slope_and_r_squared(weights, x=x, y=y)


def _apart_mm(one: FloatArray, other: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.norm(one - other, axis=1))
