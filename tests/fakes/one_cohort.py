"""Measures of grades in one cohort, as numbers, None where they are undefined."""

from __future__ import annotations

import numpy as np

from gliobench.domain.metrics.classification import (
    ConfusionMatrix,
    Confusions,
    Rankings,
    check_probabilities,
    squared_error,
)
from gliobench.domain.metrics.classification import auprc as _auprc
from gliobench.domain.metrics.classification import auroc as _auroc
from gliobench.domain.metrics.measures import GRADING
from gliobench.domain.studies.grading_target import GRADE

RATES = tuple(one for one in GRADING if not one.needs_probabilities)


def rates(matrix: ConfusionMatrix) -> dict[str, float | None]:
    """Compute what is measured of grades alone, by key."""
    counts = (
        matrix.true_positive,
        matrix.false_negative,
        matrix.false_positive,
        matrix.true_negative,
    )
    found = Confusions(*(np.array([[float(count)]]) for count in counts))
    values = {GRADE.in_words(one.key): one.rates(found) for one in RATES}
    return {key: _number(value) for key, value in values.items() if value is not None}


def auroc(*, reference: np.ndarray, probability: np.ndarray) -> float | None:
    return _number(_auroc(Rankings.of(reference=reference, probability=probability)))


def auprc(*, reference: np.ndarray, probability: np.ndarray) -> float | None:
    return _number(_auprc(Rankings.of(reference=reference, probability=probability)))


def brier(*, reference: np.ndarray, probability: np.ndarray) -> float | None:
    check_probabilities(reference, probability)
    errors = squared_error(reference=reference, probability=probability)
    return float(errors.mean()) if errors.size else None


def _number(value: np.ndarray) -> float | None:
    return None if np.isnan(value).all() else float(value.item())
