from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.one_cohort import RATES, auprc, auroc, brier, rates
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.metrics.classification import ConfusionMatrix
from gliobench.domain.studies.study import Grade

HGG, LGG = Grade.HGG, Grade.LGG
COUNTS = st.integers(0, 50)
SCORED = (auroc, auprc, brier)


def matrix(tp: int, fn: int, fp: int, tn: int) -> ConfusionMatrix:
    return ConfusionMatrix(true_positive=tp, false_negative=fn, false_positive=fp, true_negative=tn)


def booleans(*values: int) -> np.ndarray:
    return np.array(values, dtype=bool)


def test_pairs_of_grades_are_counted_with_hgg_as_positive() -> None:
    confusion = ConfusionMatrix.of(
        reference=[HGG, HGG, HGG, HGG, LGG, LGG, LGG],
        prediction=[HGG, HGG, HGG, LGG, HGG, HGG, LGG],
    )

    assert confusion == matrix(tp=3, fn=1, fp=2, tn=1)


def test_rates_of_a_matrix_worked_out_by_hand() -> None:
    confusion = rates(matrix(tp=6, fn=2, fp=1, tn=3))

    assert confusion["sensitivity"] == 6 / 8
    assert confusion["specificity"] == 3 / 4
    assert confusion["ppv"] == 6 / 7
    assert confusion["npv"] == 3 / 5
    assert confusion["f1_hgg"] == 12 / 15
    assert confusion["f1_lgg"] == 6 / 9
    assert confusion["accuracy"] == 9 / 12
    assert confusion["balanced_accuracy"] == 0.75
    assert confusion["mcc"] == pytest.approx((18 - 2) / (7 * 8 * 4 * 5) ** 0.5)


def test_always_answering_hgg_has_no_skill_however_accurate() -> None:
    always_hgg = rates(matrix(tp=293, fn=0, fp=76, tn=0))

    assert always_hgg["accuracy"] == pytest.approx(0.794, abs=5e-4)
    assert always_hgg["balanced_accuracy"] == 0.5
    assert always_hgg["mcc"] == 0.0
    assert always_hgg["npv"] is None
    assert always_hgg["f1_lgg"] == 0.0


def test_without_lgg_in_the_reference_nothing_is_said_of_lgg() -> None:
    assert rates(matrix(tp=3, fn=1, fp=0, tn=0)) == {
        "sensitivity": 0.75, "specificity": None, "ppv": 1.0, "npv": 0.0,
        "f1_hgg": 6 / 7, "f1_lgg": 0.0,
        "accuracy": 0.75, "balanced_accuracy": None, "mcc": None,
    }  # fmt: skip  # as the rates are grouped above


def test_a_grade_that_is_in_neither_has_no_f1() -> None:
    assert rates(matrix(tp=3, fn=0, fp=0, tn=0))["f1_lgg"] is None
    assert rates(matrix(tp=0, fn=0, fp=0, tn=3))["f1_hgg"] is None


def test_without_studies_there_is_no_rate() -> None:
    empty = ConfusionMatrix.of(reference=[], prediction=[])

    assert list(rates(empty).values()) == [None] * len(RATES)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_swapping_the_grades_swaps_their_rates(tp: int, fn: int, fp: int, tn: int) -> None:
    confusion, swapped = rates(matrix(tp, fn, fp, tn)), rates(matrix(tp=tn, fn=fp, fp=fn, tn=tp))

    assert confusion["sensitivity"] == swapped["specificity"]
    assert confusion["ppv"] == swapped["npv"]
    assert confusion["f1_hgg"] == swapped["f1_lgg"]
    assert confusion["mcc"] == swapped["mcc"]


def test_sequences_of_other_length_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="1 predictions for 2 references"):
        ConfusionMatrix.of(reference=[HGG, LGG], prediction=[HGG])


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="negative count"):
        matrix(tp=1, fn=-1, fp=0, tn=0)


def test_auroc_is_the_share_of_pairs_in_the_right_order() -> None:
    reference, probability = booleans(1, 1, 0, 0), np.array([0.9, 0.4, 0.5, 0.1])

    assert auroc(reference=reference, probability=probability) == 3 / 4


def test_a_tie_counts_as_half_a_pair() -> None:
    reference, probability = booleans(1, 0, 0), np.array([0.5, 0.5, 0.1])

    assert auroc(reference=reference, probability=probability) == 1.5 / 2


def test_auprc_adds_up_precision_at_each_hgg_found() -> None:
    reference, probability = booleans(1, 0, 1, 0), np.array([0.9, 0.8, 0.7, 0.1])

    assert auprc(reference=reference, probability=probability) == (1 / 1 + 2 / 3) / 2


def test_auprc_of_a_constant_guess_is_the_prevalence() -> None:
    reference, probability = booleans(1, 1, 1, 0), np.full(4, 0.5)

    assert auprc(reference=reference, probability=probability) == 3 / 4
    assert auroc(reference=reference, probability=probability) == 1 / 2


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=1))
def test_the_order_of_studies_and_the_scale_of_probabilities_do_not_matter(
    studies: list[tuple[bool, int]],
) -> None:
    reference = np.array([grade for grade, _ in studies])
    probability = np.array([eighths / 8 for _, eighths in studies])

    for metric in (auroc, auprc):
        value = metric(reference=reference, probability=probability)
        assert value == metric(reference=reference[::-1], probability=probability[::-1])
        assert value == metric(reference=reference, probability=probability**2)


def test_brier_averages_squared_distances() -> None:
    reference, probability = booleans(1, 0), np.array([0.8, 0.4])

    assert brier(reference=reference, probability=probability) == pytest.approx((0.04 + 0.16) / 2)


@pytest.mark.parametrize("grade", [0, 1])
def test_one_grade_only_leaves_nothing_to_rank_but_probabilities_to_judge(grade: int) -> None:
    reference, probability = booleans(grade, grade), np.array([0.5, 0.5])

    assert auroc(reference=reference, probability=probability) is None
    assert auprc(reference=reference, probability=probability) is None
    assert brier(reference=reference, probability=probability) == 0.25


@pytest.mark.parametrize("metric", SCORED)
def test_without_studies_there_is_no_estimate(metric: Callable[..., object]) -> None:
    assert metric(reference=booleans(), probability=np.array([])) is None


@pytest.mark.parametrize("metric", SCORED)
@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan")])
def test_a_probability_outside_0_to_1_is_refused(metric: Callable[..., object], bad: float) -> None:
    with pytest.raises(InvalidInputError, match=r"not in \[0, 1\]"):
        metric(reference=booleans(1, 0), probability=np.array([0.5, bad]))


@pytest.mark.parametrize("metric", SCORED)
@pytest.mark.parametrize("reference", [booleans(1), np.array([1, 0]), np.array([[True, False]])])
def test_a_reference_of_another_shape_or_type_is_refused(
    metric: Callable[..., object], reference: np.ndarray
) -> None:
    with pytest.raises(InvalidInputError, match="wanted bool"):
        metric(reference=reference, probability=np.array([0.5, 0.5]))
