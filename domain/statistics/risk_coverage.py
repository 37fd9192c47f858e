"""Risk and coverage: what is left to regret where the least sure answers are refused."""

from __future__ import annotations

import numpy as np

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import FloatArray


def risks_by_coverage(*, confidence: FloatArray, loss: FloatArray) -> FloatArray:
    """Average the loss of the surest answers, for every number of them.

    Answers of one confidence have no order: each counts with the mean loss of all of them.

    Args:
        confidence: (N,) of each answer.
        loss: (N,) of each answer.

    Returns:
        (N,) mean loss of the surest answer, of the two surest, … of all.

    Raises:
        InvalidInputError: There is no answer, shapes differ, or a number is not finite.
    """
    if confidence.shape != loss.shape or not confidence.size:
        raise InvalidInputError(
            f"{confidence.shape} confidences of {loss.shape} losses: wanted (N,)"
        )
    if not (np.isfinite(confidence).all() and np.isfinite(loss).all()):
        raise InvalidInputError("confidence or loss is not finite")
    _, group = np.unique(-confidence, return_inverse=True)
    means = np.bincount(group, loss) / np.bincount(group)
    ordered = means[np.sort(group)]
    return np.asarray(np.cumsum(ordered) / np.arange(1, len(loss) + 1))


def aurc(*, confidence: FloatArray, loss: FloatArray) -> float:
    """Return the area under the risk-coverage curve: its mean over all coverages; lower is better.

    Raises:
        InvalidInputError: As `risks_by_coverage`.

    Source: Geifman et al., "Bias-reduced uncertainty estimation for deep neural classifiers", ICLR 2019.
    """
    return float(risks_by_coverage(confidence=confidence, loss=loss).mean())
