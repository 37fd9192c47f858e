"""Measures of grading with their confidence intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.metrics.classification import Confusions, Rankings
from gliobench.domain.metrics.measures import (
    AUROC,
    BALANCED_ACCURACY,
    GRADING,
    SENSITIVITY,
    SPECIFICITY,
    Measure,
)
from gliobench.domain.statistics.bootstrap import resample
from gliobench.domain.statistics.confusions import CalledGrades
from gliobench.domain.statistics.delong import auroc_interval
from gliobench.domain.statistics.estimate import Measured
from gliobench.domain.statistics.means import RESAMPLES, MeasuredValues
from gliobench.domain.statistics.normal_limit import Pulls
from gliobench.domain.statistics.proportions import mean_of_proportions, wilson
from gliobench.domain.statistics.rankings import RankedStudies
from gliobench.domain.statistics.sampling import SamplingPlan


@dataclass(frozen=True, eq=False)
class GradedAnswers:
    """What B backends said of the grades of N studies, laid out once for all draws.

    Args:
        called: The grades of all B.
        ranked: Of those P that give probabilities.
        errors: By measure of single probabilities, (N, P) numbers.
    """

    called: CalledGrades
    ranked: tuple[RankedStudies, ...]
    errors: dict[Measure, MeasuredValues]

    @classmethod
    def of(
        cls, hgg: BoolArray, *, called: BoolArray, probabilities: Sequence[FloatArray]
    ) -> GradedAnswers:
        """Lay answers out.

        Args:
            hgg: (N,) bool, the reference.
            called: (N, B) bool.
            probabilities: P arrays, (N,) in [0, 1] each.
        """
        errors = {
            item: MeasuredValues.of(
                item.of_probabilities(
                    reference=hgg[:, None], probability=np.column_stack(probabilities)
                )
            )
            for item in GRADING
            if item.of_probabilities is not None and probabilities
        }
        return cls(
            called=CalledGrades.of(reference=hgg, called_hgg=called),
            ranked=tuple(
                RankedStudies.of(reference=hgg, score=probability) for probability in probabilities
            ),
            errors=errors,
        )

    def statistic(self, measures: Sequence[Measure]) -> Callable[[FloatArray], FloatArray]:
        """Return what computes these of R cohorts: (R, B) or (R, P) each, side by side."""

        def compute(weights: FloatArray) -> FloatArray:
            confusions = self.called.confusions(weights)
            rankings = [item.rankings(weights) for item in self.ranked]
            return np.hstack(
                [self._of(measure, weights, confusions, rankings) for measure in measures]
            )

        return compute

    def pulls(self, measures: Sequence[Measure]) -> Pulls | None:
        """Return how the studies' weights move these; None where that of one is not known."""
        if any(item.of_rankings and not item.slopes for item in measures):
            return None
        widths = (len(self.ranked) if item.needs_probabilities else self.n for item in measures)
        spans = pairwise(accumulate(widths, initial=0))
        return Pulls(
            lambda: map(self._pulls, measures),
            compared=[range(*span) for span in spans],
        )

    @property
    def n(self) -> int:
        """Backends."""
        return int(self.called.cells.shape[1]) // 4

    def _pulls(self, measure: Measure) -> FloatArray:
        if measure.slopes is not None:
            return np.column_stack([item.pulls(measure.slopes) for item in self.ranked])
        if measure.of_probabilities is not None:
            return self.errors[measure].pulls()
        return self.called.pulls(lambda found: np.asarray(measure.rates(found)))

    def _of(
        self,
        measure: Measure,
        weights: FloatArray,
        confusions: Confusions,
        rankings: Sequence[Rankings],
    ) -> FloatArray:
        if measure.of_rankings is not None:
            return np.column_stack([measure.of_rankings(ranking) for ranking in rankings])
        rates = measure.rates(confusions)
        return self.errors[measure].means(weights) if rates is None else rates


def grading_measures(
    hgg: BoolArray,
    called: BoolArray,
    probability: FloatArray,
    *,
    patients: Sequence[str],
    seed: int,
) -> dict[Measure, Measured]:
    """Measure grading performance: shares by Wilson's interval, AUROC by DeLong's, others by BCa.

    Args:
        hgg: (N,) bool, the experts' grades.
        called: (N,) bool, the backend's.
        probability: (N,) P(HGG), NaN where the backend gave none.
        patients: Whose study it is.
        seed: Seed of the bootstrap intervals.

    Returns:
        Measures of probabilities are there where every answer has one.
    """
    given = _all_given(probability)
    answers = GradedAnswers.of(
        hgg, called=called[:, None], probabilities=[probability] if given else []
    )
    found = undrawn_measures(hgg, called, probability)
    asked = [item for item in GRADING if given or not item.needs_probabilities]
    drawn = [item for item in asked if item not in found]
    plan = SamplingPlan.of(patients, hgg.tolist())
    replicates = resample(
        answers.statistic(drawn),
        plan,
        replicates=RESAMPLES,
        seed=seed,
        pulls=answers.pulls(drawn),
    )
    found |= zip(drawn, replicates.bca(), strict=True)
    return {item: found[item] for item in asked}


def undrawn_measures(
    hgg: BoolArray, called: BoolArray, probability: FloatArray
) -> dict[Measure, Measured]:
    """Measure, of the same, what has an interval in closed form: no cohort is drawn."""
    counted = CalledGrades.of(reference=hgg, called_hgg=called[:, None]).confusions(
        np.ones((1, len(hgg)))
    )
    found = {item: _wilson(*item.of_counts(counted)) for item in GRADING if item.of_counts}
    found[BALANCED_ACCURACY] = mean_of_proportions(found[SENSITIVITY], found[SPECIFICITY])
    if _all_given(probability):
        found[AUROC] = auroc_interval(reference=hgg, score=probability)
    return found


def _all_given(probability: FloatArray) -> bool:
    return bool(probability.size) and not np.isnan(probability).any()


def _wilson(counted: FloatArray, of: FloatArray) -> Measured:
    return wilson(successes=int(counted.item()), n=int(of.item()))
