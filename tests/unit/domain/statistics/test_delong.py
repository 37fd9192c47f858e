"""DeLong's method: on the data of its paper, on Hanley's, and pair by pair."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.statistics.delong import PairedAuroc, auroc_interval, compare_aurocs
from gliobench.domain.statistics.estimate import Estimate, Interval, Measured, NotEstimable
from gliobench.domain.studies.grading_target import NEGATIVE, POSITIVE

# DeLong, DeLong & Clarke-Pearson, Biometrics 1988, as in the example of SAS's PROC LOGISTIC:
# albumin, total protein, K-G score, whether the patient did well.
OVARIAN_CANCER = np.array(
    """
    3.0 5.8 10 0   3.2 6.3 5 1   3.9 6.8 3 1   2.8 4.8 6 0   3.2 5.8 3 1   0.9 4.0 5 0
    2.5 5.7 8 0    1.6 5.6 5 1   3.8 5.7 5 1   3.7 6.7 6 1   3.2 5.4 4 1   3.8 6.6 6 1
    4.1 6.6 5 1    3.6 5.7 5 1   4.3 7.0 4 1   3.6 6.7 4 0   2.3 4.4 6 1   4.2 7.6 4 0
    4.0 6.6 6 0    3.5 5.8 6 1   3.8 6.8 7 1   3.0 4.7 8 0   4.5 7.4 5 1   3.7 7.4 5 1
    3.1 6.6 6 1    4.1 8.2 6 1   4.3 7.0 5 1   4.3 6.5 4 1   3.2 5.1 5 1   2.6 4.7 6 1
    3.3 6.8 6 0    1.7 4.0 7 0   3.7 6.1 5 1   3.3 6.3 7 1   4.2 7.7 6 1   3.5 6.2 5 1
    2.9 5.7 9 0    2.1 4.8 7 1   2.8 6.2 8 0   4.0 7.0 7 1   3.3 5.7 6 1   3.7 6.9 5 1
    3.6 6.6 5 1
    """.split(),  # noqa: SIM905  a table reads better
    dtype=np.float64,
).reshape(-1, 4)
WELL = OVARIAN_CANCER[:, 3] == 1
ALBUMIN, PROTEIN, KG = OVARIAN_CANCER[:, 0], OVARIAN_CANCER[:, 1], -OVARIAN_CANCER[:, 2]


def estimate(measured: Measured) -> Estimate:
    assert isinstance(measured, Estimate)
    return measured


def ends(found: Estimate) -> tuple[float, float]:
    assert isinstance(found.interval, Interval)
    return found.interval.low, found.interval.high


def standard_error(reference: BoolArray, score: FloatArray) -> float:
    """Read DeLong's error from the difference to a score that is the same for all."""
    found = compare_aurocs(reference=reference, first=score, second=np.zeros_like(score))
    assert isinstance(found, PairedAuroc)
    low, high = ends(found.difference)
    return float((high - low) / (2 * 1.959964))


def compared(first: FloatArray, second: FloatArray) -> PairedAuroc:
    found = compare_aurocs(reference=WELL, first=first, second=second)
    assert isinstance(found, PairedAuroc)
    return found


@pytest.mark.parametrize(
    ("score", "area", "error"),
    [(ALBUMIN, 0.7366, 0.0927), (KG, 0.7258, 0.1028), (PROTEIN, 0.6478, 0.1000)],
)
def test_areas_and_errors_are_those_of_delongs_patients(
    score: FloatArray, area: float, error: float
) -> None:
    found = estimate(auroc_interval(reference=WELL, score=score))

    assert found.value == pytest.approx(area, abs=5e-5)
    assert standard_error(WELL, score) == pytest.approx(error, abs=5e-5)


@pytest.mark.parametrize(
    ("score", "difference", "interval", "p"),
    [
        (ALBUMIN, 0.0108, (-0.1761, 0.1976), 0.9102),
        (PROTEIN, -0.0780, (-0.2830, 0.1271), 0.4561),
    ],
)
def test_differences_from_the_kg_score_are_those_of_delongs_patients(
    score: FloatArray, difference: float, interval: tuple[float, float], p: float
) -> None:
    found = compared(score, KG)

    assert found.difference.value == pytest.approx(difference, abs=5.1e-5)
    assert ends(found.difference) == pytest.approx(interval, abs=1e-4)
    assert found.p == pytest.approx(p, abs=1e-4)


def test_ratings_of_hanley_and_mcneils_ct_scans_have_the_error_that_stata_prints() -> None:
    # Hanley & McNeil, Radiology 1982, table I: ratings 1 to 5 of 58 normal and 51 abnormal scans
    ratings = np.repeat([1, 2, 3, 4, 5] * 2, [33, 6, 6, 11, 2, 3, 2, 2, 11, 33]).astype(float)
    abnormal = np.repeat([False, True], [58, 51])

    found = estimate(auroc_interval(reference=abnormal, score=ratings))

    assert found.value == pytest.approx(0.8932, abs=5e-5)
    assert standard_error(abnormal, ratings) == pytest.approx(0.0307, abs=5e-5)


def test_the_variance_is_that_of_the_wins_pair_by_pair() -> None:
    rng = np.random.default_rng(0)
    reference, score = rng.random(60) < 0.6, rng.random(60).round(1)
    hgg, lgg = score[reference][:, None], score[~reference]
    wins = (hgg > lgg) + 0.5 * (hgg == lgg)
    variance = sum(wins.mean(axis=axis).var(ddof=1) / wins.shape[1 - axis] for axis in (0, 1))

    found = estimate(auroc_interval(reference=reference, score=score))

    assert found.value == pytest.approx(wins.mean())
    assert standard_error(reference, score) == pytest.approx(np.sqrt(variance), rel=1e-6)


def test_an_interval_is_delongs_on_the_logit_scale_where_that_is_the_wider() -> None:
    # few grades of score: many ties, of which Hanley and McNeil's variance knows nothing
    rng = np.random.default_rng(3)
    reference = np.arange(80) < 40
    score = (rng.normal(size=80) + 0.3 * reference) ** 3 * np.where(reference, 1.0, 0.2)

    found = estimate(auroc_interval(reference=reference, score=score))

    reach = 1.959964 * standard_error(reference, score) / (found.value * (1 - found.value))
    assert ends(found) == pytest.approx(
        tuple(expit(logit(found.value) + np.array((-reach, reach)))), abs=1e-6
    )


def test_an_interval_of_a_large_area_is_wider_than_delongs() -> None:
    # one LGG of 74 above ten of 295 HGG: Hanley and McNeil's error by hand, N* = 183.5
    reference = np.arange(369) < 295
    score = np.r_[np.arange(295.0), np.full(73, -1.0), 9.5]
    area = 1 - 10 / (295 * 74)
    two_exponentials = (
        area * (1 - area) * (1 + 183.5 * ((1 - area) / (2 - area) + area / (1 + area))) / (295 * 74)
    )
    variance = (standard_error(reference, score) ** 2 + two_exponentials) / 2

    found = estimate(auroc_interval(reference=reference, score=score))

    assert found.value == pytest.approx(area)
    reach = 1.959964 * np.sqrt(variance) / (area * (1 - area))
    assert ends(found) == pytest.approx(
        tuple(expit(logit(area) + np.array((-reach, reach)))), abs=1e-6
    )


def test_areas_of_the_same_studies_go_together() -> None:
    rng = np.random.default_rng(0)
    reference = np.arange(400) < 300
    shared, own = rng.normal(size=400), rng.normal(size=(2, 400))
    scores = reference + np.sqrt([0.5]) * (shared + own)

    together = compare_aurocs(reference=reference, first=scores[0], second=scores[1])
    itself = compare_aurocs(reference=reference, first=scores[0], second=scores[0] ** 3)

    assert isinstance(together, PairedAuroc)
    assert together.correlation == pytest.approx(0.5, abs=0.12)
    assert isinstance(itself, PairedAuroc)
    assert itself.correlation == pytest.approx(1.0)


def test_an_interval_near_one_stays_below_it() -> None:
    reference = np.array([True] * 12 + [False] * 5)
    score = np.r_[np.arange(12.0), -np.arange(4.0) - 1, 0.5]

    low, high = ends(estimate(auroc_interval(reference=reference, score=score)))

    assert 0.5 < low < high < 1


@pytest.mark.parametrize("grade", [True, False])
def test_one_grade_has_no_area(grade: bool) -> None:
    measured = auroc_interval(reference=np.full(3, grade), score=np.arange(3.0))

    assert measured == NotEstimable(f"the reference has no {NEGATIVE if grade else POSITIVE}")


def test_perfect_ranks_and_single_studies_have_an_area_and_no_interval() -> None:
    reference = np.array([True, True, False, False])

    perfect = estimate(auroc_interval(reference=reference, score=np.array([3.0, 2.0, 1.0, 0.0])))
    single = estimate(auroc_interval(reference=reference[1:3], score=np.array([1.0, 2.0])))

    assert perfect.value == 1.0
    assert "no variance" in getattr(perfect.interval, "reason", "")
    assert single.value == 0.0
    assert "one study" in getattr(single.interval, "reason", "")


def test_backends_that_rank_alike_have_no_p() -> None:
    found = compared(KG, KG * 3 + 1)

    assert found.difference.value == 0.0
    assert isinstance(found.p, NotEstimable)
    assert found.difference.interval == found.p


def test_a_score_that_is_nan_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="no NaN"):
        auroc_interval(reference=np.array([True, False]), score=np.array([np.nan, 1.0]))


@pytest.mark.parametrize("is_rare", [True, False])
def test_fewer_than_ten_of_a_grade_give_no_p(is_rare: bool) -> None:
    rng = np.random.default_rng(0)
    reference = (np.arange(50) < 9) == is_rare
    enough = (np.arange(50) < 10) == is_rare
    first, second = rng.normal(size=(2, 50))

    few = compare_aurocs(reference=reference, first=first, second=second)
    ten = compare_aurocs(reference=enough, first=first, second=second)

    assert isinstance(few, PairedAuroc)
    assert isinstance(few.p, NotEstimable)
    assert few.p.reason.endswith(f"here are 9 {POSITIVE if is_rare else NEGATIVE}")
    assert isinstance(few.difference.interval, Interval)
    assert isinstance(ten, PairedAuroc)
    assert isinstance(ten.p, float)
