from __future__ import annotations

from dataclasses import replace
from math import log1p

import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.networks.region_grader import BASELINE, RegionGrader, Term
from gliobench.domain.networks.region_measures import RegionMeasures

MEASURES = RegionMeasures(wt_ml=60.0, tc_ml=30.0, et_ml=12.0, rim=0.85, enclosed=0.36)
GRADER = RegionGrader(
    terms=(
        Term("et_of_tc", mean=0.3, deviation=0.2, coefficient=2.0),
        Term("wt_ml", mean=log1p(60.0), deviation=1.0, coefficient=-5.0),
        Term("rim", mean=0.35, deviation=0.25, coefficient=1.0),
    ),
    intercept=0.4,
    temperature=2.0,
)


def test_log_odds_are_told_by_feature_and_divided_by_the_temperature() -> None:
    parts = GRADER.log_odds(MEASURES)

    assert parts == {
        "et_of_tc": pytest.approx(0.5),  # 2 · (0.4 - 0.3) / 0.2 / 2
        "wt_ml": 0.0,
        "rim": pytest.approx(1.0),
        BASELINE: pytest.approx(0.2),
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"terms": ()}, "wanted different ones"),
        ({"terms": (GRADER.terms[0], GRADER.terms[0])}, "wanted different ones"),
        ({"intercept": float("nan")}, "intercept nan is not finite"),
        ({"temperature": 0.0}, "temperature 0.0 is not positive"),
        ({"temperature": float("inf")}, "is not positive"),
        ({"version": 2}, "of version 2: wanted"),
        ({"kind": "grader"}, "wanted 'region-grader'"),
    ],
)
def test_a_grader_that_cannot_be_computed_is_refused(
    changes: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        replace(GRADER, **changes)


@pytest.mark.parametrize(
    "changes", [{"feature": "colour"}, {"deviation": 0.0}, {"coefficient": float("inf")}]
)
def test_a_term_that_cannot_be_computed_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError, match="wanted"):
        replace(GRADER.terms[0], **changes)
