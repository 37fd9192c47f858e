"""Areas of drawn cohorts are those of cohorts written out."""

from __future__ import annotations

import numpy as np
import pytest

from fakes import one_cohort
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.metrics.classification import auprc, auroc
from gliobench.domain.statistics.rankings import RankedStudies


@pytest.mark.parametrize("digits", [1, 6])
def test_areas_are_those_of_cohorts_written_out(digits: int) -> None:
    rng = np.random.default_rng(0)
    reference, score = rng.random(12) < 0.6, rng.random(12).round(digits)
    times = rng.multinomial(12, np.full(12, 1 / 12), size=50)
    times[0], times[1] = reference * 2, ~reference * 2  # one grade only

    rankings = RankedStudies.of(reference=reference, score=score).rankings(times.astype(float))

    for row, drawn in enumerate(times):
        cohort = {"reference": np.repeat(reference, drawn), "probability": np.repeat(score, drawn)}
        for found, wanted in (
            (auroc(rankings)[row], one_cohort.auroc(**cohort)),
            (auprc(rankings)[row], one_cohort.auprc(**cohort)),
        ):
            assert np.isnan(found) if wanted is None else found == pytest.approx(wanted)


def test_scores_that_cannot_be_sorted_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="no NaN"):
        RankedStudies.of(reference=np.array([True, False]), score=np.array([0.5, np.nan]))
    with pytest.raises(InvalidInputError, match="wanted as many"):
        RankedStudies.of(reference=np.array([True, False]), score=np.array([0.5]))
