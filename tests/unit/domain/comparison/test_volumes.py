"""Limits of agreement of volumes, on volumes whose ratios are known."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log

import pytest

from fakes.fake_case_score import fake_case_score, fake_target
from fakes.form_scores import mask_score, region_score
from gliobench.domain.comparison.volumes import volume_agreement
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.measures import WORST_MM
from gliobench.domain.predictions.prediction import Failure, FailureReason, Form

LOST = FormOutcome(
    mask_score({Region.WT: region_score(0.0, 0.0, WORST_MM, 0.0, None, 5000.0)}),
    Failure(FailureReason.TIMEOUT, ""),
)


def volumes(*pairs: tuple[float, float], lost: int = 0) -> list[CaseScore]:
    """Score masks by their volumes in mm³, the reference first; and some that failed."""
    outcomes = [
        FormOutcome(
            mask_score(
                {Region.WT: region_score(0.9, 0.8, 1.0, 1.0, predicted - reference, reference)}
            )
        )
        for reference, predicted in pairs
    ]
    return [
        replace(fake_case_score(f"s{n}", target=fake_target()), localisation={Form.MASK: outcome})
        for n, outcome in enumerate([*outcomes, *[LOST] * lost])
    ]


def test_the_bias_is_the_geometric_mean_of_the_ratios_with_196_deviations_around() -> None:
    # Logarithms of the ratios: log 2, 0 and -log 2, with a standard deviation of log 2.
    found = volume_agreement(volumes((1000, 2000), (4000, 4000), (8000, 4000)))

    assert found is not None
    assert found.bias == pytest.approx(1.0)
    assert found.high == pytest.approx(exp(1.959964 * log(2)), rel=1e-6)
    assert found.low == pytest.approx(1 / found.high)
    assert (found.n, found.n_empty, found.region) == (3, 0, Region.WT)
    assert found.reference_ml == (1.0, 4.0, 8.0)
    assert found.predicted_ml == (2.0, 4.0, 4.0)


def test_an_empty_mask_has_no_ratio_and_a_failure_no_volume() -> None:
    same = [(1000.0, 1000.0)] * 3

    found = volume_agreement(volumes(*same, (700.0, 0.0), (0.0, 300.0), (0.0, 0.0), lost=2))

    assert found is not None
    assert (found.n, found.n_empty) == (3, 2)


def test_two_masks_are_too_few() -> None:
    assert volume_agreement(volumes((1000, 2000), (4000, 4000), lost=3)) is None
    assert volume_agreement([fake_case_score()]) is None
