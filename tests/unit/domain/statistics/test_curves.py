"""ROC and precision over recall, held against hand-made counts and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

from fakes.one_cohort import auprc, auroc
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.statistics.curves import (
    CORNERS,
    ONE_GRADE,
    Curve,
    precision_recall_curve,
    roc_curve,
)

REFERENCE = np.array([True, False, True, True, False])
PROBABILITY = np.array([0.9, 0.8, 0.8, 0.3, 0.1])
CURVES = (roc_curve, precision_recall_curve)


def drawn(n: int, *, ties: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    probability = rng.integers(0, ties, n) / ties
    return rng.random(n) < 0.3 + probability / 2, probability


def test_a_roc_curve_of_five_studies_is_worked_out_by_hand() -> None:
    # at 0.9: 1 of 3 HGG; at 0.8: 2 of 3, and 1 of 2 LGG; at 0.3: 3 of 3; at 0.1 all
    assert roc_curve(reference=REFERENCE, probability=PROBABILITY) == Curve(
        ((0.0, 0.0), (0.0, 1 / 3), (0.5, 2 / 3), (0.5, 1.0), (1.0, 1.0))
    )


def test_precision_over_recall_of_five_studies_is_worked_out_by_hand() -> None:
    assert precision_recall_curve(reference=REFERENCE, probability=PROBABILITY) == Curve(
        ((1 / 3, 1.0), (2 / 3, 2 / 3), (1.0, 3 / 4), (1.0, 3 / 5))
    )


@pytest.mark.parametrize("ties", [7, 1000])
def test_the_roc_curve_is_scikit_learns(ties: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    reference, probability = drawn(120, ties=ties)

    found = roc_curve(reference=reference, probability=probability)

    x, y, _ = metrics.roc_curve(reference, probability, drop_intermediate=False)
    assert isinstance(found, Curve)
    assert np.array(found.corners) == pytest.approx(np.column_stack([x, y]))


@pytest.mark.parametrize("ties", [7, 1000])
def test_precision_over_recall_is_scikit_learns_but_for_its_corner_at_recall_0(ties: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    reference, probability = drawn(120, ties=ties)

    found = precision_recall_curve(reference=reference, probability=probability)

    precision, recall, _ = metrics.precision_recall_curve(reference, probability)
    assert isinstance(found, Curve)
    corners = np.column_stack([recall, precision])[::-1]
    assert np.array(found.corners) == pytest.approx(corners[1:])


def test_the_areas_beneath_are_those_of_the_tables() -> None:
    reference, probability = drawn(150, ties=40)
    roc = roc_curve(reference=reference, probability=probability)
    stairs = precision_recall_curve(reference=reference, probability=probability)
    assert isinstance(roc, Curve)
    assert isinstance(stairs, Curve)

    (x, y), (recall, precision) = (np.array(one.corners).T for one in (roc, stairs))

    assert np.trapezoid(y, x) == pytest.approx(auroc(reference=reference, probability=probability))
    assert np.diff(recall, prepend=0) @ precision == pytest.approx(
        auprc(reference=reference, probability=probability)
    )


def test_a_constant_probability_is_the_diagonal_and_the_prevalence() -> None:
    constant = np.full(5, 0.6)

    assert roc_curve(reference=REFERENCE, probability=constant) == Curve(((0.0, 0.0), (1.0, 1.0)))
    assert precision_recall_curve(reference=REFERENCE, probability=constant) == Curve(((1.0, 0.6),))


@pytest.mark.parametrize("curve", CURVES)
def test_many_thresholds_keep_their_ends_and_so_many_corners(curve: object) -> None:
    reference, probability = drawn(20_000, ties=10**9)
    assert callable(curve)

    found = curve(reference=reference, probability=probability)

    assert isinstance(found, Curve)
    assert len(found.corners) == CORNERS
    x, y = zip(*found.corners, strict=True)
    assert x[-1] == 1.0
    assert list(x) == sorted(x)
    assert y[-1] == pytest.approx(1.0 if curve is roc_curve else reference.mean())


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("reference", [[], [True, True], [False, False]])
def test_without_both_grades_there_is_no_curve(curve: object, reference: list[bool]) -> None:
    assert callable(curve)

    found = curve(
        reference=np.array(reference, dtype=np.bool_), probability=np.full(len(reference), 0.5)
    )

    assert found == ONE_GRADE


@pytest.mark.parametrize("curve", CURVES)
def test_a_probability_beyond_1_is_refused(curve: object) -> None:
    assert callable(curve)
    with pytest.raises(InvalidInputError, match=r"not in \[0, 1\]"):
        curve(reference=np.array([True, False]), probability=np.array([0.5, 1.5]))
