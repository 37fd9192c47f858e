"""What two backends can be compared by."""

from __future__ import annotations

import numpy as np
import pytest

from fakes.fake_comparison import reading
from gliobench.domain.comparison.endpoints import (
    GRADING,
    LOCALISATION,
    Answers,
    Endpoint,
    default_primary,
)
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.metrics import measures
from gliobench.domain.metrics.measures import Compared
from gliobench.domain.predictions.prediction import Form


@pytest.mark.parametrize("endpoint", [*GRADING, *LOCALISATION], ids=lambda one: one.name)
def test_an_endpoint_is_read_by_its_name_unless_no_test_fits_it(endpoint: Endpoint) -> None:
    if endpoint.measure.compared is not Compared.BY_TEST:
        with pytest.raises(InvalidInputError, match="wanted one of accuracy, balanced_accuracy"):
            Endpoint.parse(endpoint.name)
    else:
        assert Endpoint.parse(endpoint.name) == endpoint


def test_of_errors_less_is_better() -> None:
    assert Endpoint.parse("point.error_mm").sign == -1
    assert Endpoint.parse("mask.dice").sign == 1


def test_a_score_is_read_off_its_form_and_missing_where_the_form_was_not_asked_for() -> None:
    case = reading(0, hgg=True, points=(1.0, 0.0))

    assert Endpoint(measures.CENTRE_ERROR, Form.POINT).scores([case]).tolist() == [2.0]
    assert Endpoint(measures.HIT, Form.POINT).scores([case]).tolist() == [1.0]
    assert np.isnan(Endpoint(measures.BOX_IOU, Form.BOX).scores([case])).tolist() == [True]


GRADER = Answers(grades=True, forms=())
SEGMENTER = Answers(grades=False, forms={Form.MASK})
POINTER = Answers(grades=False, forms={Form.POINT})
BOTH = Answers(grades=True, forms={Form.MASK})
PRIOR = Answers(grades=False, forms={Form.POINT}, baseline=True)


@pytest.mark.parametrize(
    ("answers", "name"),
    [
        ([BOTH], "balanced_accuracy"),
        ([SEGMENTER], "mask.dice"),
        ([BOTH, SEGMENTER], "mask.dice"),
        ([BOTH, SEGMENTER, GRADER], "balanced_accuracy"),
        ([POINTER, SEGMENTER], "point.error_mm"),
        ([Answers(grades=False, forms={Form.BOX}), PRIOR, PRIOR], "box.box_iou"),
        ([PRIOR, PRIOR], "point.error_mm"),
    ],
)
def test_the_default_endpoint_is_what_most_models_answer(answers: list[Answers], name: str) -> None:
    assert default_primary(answers).name == name
