"""How grades become the measures of a summary, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gliobench.domain.evaluation.summary import Measure
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.statistics.bootstrap import resample
from gliobench.domain.statistics.confusions import CalledGrades
from gliobench.domain.statistics.delong import auroc_interval
from gliobench.domain.statistics.estimate import Measured
from gliobench.domain.statistics.means import RESAMPLES, MeasuredValues
from gliobench.domain.statistics.proportions import mean_of_proportions, wilson
from gliobench.domain.statistics.rankings import RankedStudies
from gliobench.domain.statistics.sampling import SamplingPlan

Measures = dict[Measure, Measured]


def grading_measures(
    hgg: BoolArray,
    called: BoolArray,
    probability: FloatArray,
    *,
    patients: Sequence[str],
    seed: int,
) -> Measures:
    """Measure how grades were told.

    Args:
        hgg: (N,) bool, the experts' grades.
        called: (N,) bool, the backend's.
        probability: (N,) P(HGG), NaN where the backend gave none.
        patients: Whose study it is.
        seed: Seed of the bootstrap intervals.

    Returns:
        AUROC, AUPRC and Brier are there where every answer has a probability.
    """
    measures = _proportions(hgg, called)
    if not probability.size or np.isnan(probability).any():
        return measures | _drawn(hgg, called, None, patients=patients, seed=seed)
    measures[Measure.AUROC] = auroc_interval(reference=hgg, score=probability)
    return measures | _drawn(hgg, called, probability, patients=patients, seed=seed)


def _proportions(hgg: BoolArray, called: BoolArray) -> Measures:
    found, spared = _wilson(called[hgg]), _wilson(~called[~hgg])
    return {
        Measure.ACCURACY: _wilson(called == hgg),
        Measure.SENSITIVITY: found,
        Measure.SPECIFICITY: spared,
        Measure.PPV: _wilson(hgg[called]),
        Measure.NPV: _wilson(~hgg[~called]),
        Measure.BALANCED_ACCURACY: mean_of_proportions(found, spared),
    }


def _wilson(right: BoolArray) -> Measured:
    """Estimate the share of True."""
    return wilson(successes=int(right.sum()), n=len(right))


def _drawn(
    hgg: BoolArray,
    called: BoolArray,
    probability: FloatArray | None,
    *,
    patients: Sequence[str],
    seed: int,
) -> Measures:
    """Bootstrap within each grade what has no interval of its own."""
    names = [Measure.F1_HGG, Measure.F1_LGG, Measure.MCC]
    grades = CalledGrades.of(reference=hgg, called_hgg=called[:, None])
    ranked = squared = None
    if probability is not None:
        names += [Measure.AUPRC, Measure.BRIER]
        ranked = RankedStudies.of(reference=hgg, score=probability)
        squared = MeasuredValues.of((probability - hgg)[:, None] ** 2)

    def measure(weights: FloatArray) -> FloatArray:
        found = grades.confusions(weights)
        columns = [found.f1_hgg, found.f1_lgg, found.mcc]
        if ranked is not None and squared is not None:
            columns += [ranked.rankings(weights).auprc[:, None], squared.means(weights)]
        return np.hstack(columns)

    plan = SamplingPlan.of(patients, hgg.tolist())
    replicates = resample(measure, plan, replicates=RESAMPLES, seed=seed)
    return dict(zip(names, replicates.bca(), strict=True))
