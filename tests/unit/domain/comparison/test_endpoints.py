"""What two backends can be compared by."""

from __future__ import annotations

import numpy as np
import pytest

from fakes.fake_comparison import reading
from gliobench.domain.comparison.endpoints import GRADING, LOCALISATION, UNTESTED, Endpoint
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.summary import Measure
from gliobench.domain.predictions.prediction import Form


@pytest.mark.parametrize("endpoint", [*GRADING, *LOCALISATION], ids=lambda one: one.name)
def test_an_endpoint_is_read_by_its_name_unless_no_test_fits_it(endpoint: Endpoint) -> None:
    if endpoint.measure in UNTESTED:
        with pytest.raises(InvalidInputError, match="wanted one of balanced_accuracy"):
            Endpoint.parse(endpoint.name)
    else:
        assert Endpoint.parse(endpoint.name) == endpoint


def test_of_errors_less_is_better() -> None:
    assert Endpoint.parse("point.error_mm").sign == -1
    assert Endpoint.parse("mask.dice").sign == 1


def test_a_score_is_read_off_its_form_and_missing_where_the_form_was_not_asked_for() -> None:
    case = reading(0, hgg=True, points=(1.0, 0.0))

    assert Endpoint(Measure.ERROR_MM, Form.POINT).scores([case]).tolist() == [2.0]
    assert Endpoint(Measure.HIT, Form.POINT).scores([case]).tolist() == [1.0]
    assert np.isnan(Endpoint(Measure.BOX_IOU, Form.BOX).scores([case])).tolist() == [True]
