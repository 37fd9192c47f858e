"""What two backends can be compared by."""

from __future__ import annotations

import numpy as np
import pytest

from fakes.fake_comparison import reading
from gliobench.domain.comparison.endpoints import GRADING, LOCALISATION, Endpoint
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
