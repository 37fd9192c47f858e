import numpy as np
import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.statistics.risk_coverage import aurc, risks_by_coverage


def risks(confidence: list[float], loss: list[float]) -> list[float]:
    found = risks_by_coverage(confidence=np.array(confidence), loss=np.array(loss))
    return found.tolist()


def test_the_surest_answers_are_counted_first() -> None:
    assert risks([0.2, 0.9, 0.5], [1.0, 0.0, 0.4]) == pytest.approx([0.0, 0.2, 1.4 / 3])


def test_answers_of_one_confidence_share_their_loss() -> None:
    # The two of 0.5 lose 0.5 each, whichever comes first.
    assert risks([0.5, 0.9, 0.5], [1.0, 0.3, 0.0]) == pytest.approx([0.3, 0.4, 1.3 / 3])


def test_without_any_order_the_risk_is_the_mean_loss_at_every_coverage() -> None:
    assert risks([0.5] * 4, [1.0, 0.0, 0.0, 1.0]) == pytest.approx([0.5] * 4)


def test_the_area_is_the_mean_over_all_coverages() -> None:
    confidence, loss = np.array([0.2, 0.9, 0.5]), np.array([1.0, 0.0, 0.4])

    assert aurc(confidence=confidence, loss=loss) == pytest.approx((0.0 + 0.2 + 1.4 / 3) / 3)


@pytest.mark.parametrize(
    ("confidence", "loss"), [([], []), ([0.5], [0.1, 0.2]), ([float("nan")], [0.5])]
)
def test_what_is_no_answer_is_refused(confidence: list[float], loss: list[float]) -> None:
    with pytest.raises(InvalidInputError):
        risks(confidence, loss)
