"""The tracking index, and a permutation test of answers between patients.

The tracking index is 1 - own / others, where `own` is the mean distance from an answer to its own
patient's tumour, and `others` the mean distance to the tumours of all other patients.

- It is 1 where every answer is at the centre of its tumour.
- It is 0 for a constant answer c: `own` and `others` are both the mean distance from c to a tumour.
- It is about 0 wherever the answers are independent of tumour position: E d(answer_i, reference_i)
  equals E d(answer_i, reference_j), so `own` and `others` are equal on average, whatever the two
  distributions. Given both sets of positions, all assignments of answers to patients are equally
  likely. The mean distance M over all N² pairs is the same for all assignments, so
  others = (N·M - own) / (N - 1), and with u = own / M, whose mean over all assignments is 1, the index
  is N·(1 - u) / (N - u). It is 0 at u = 1 with little curvature: its mean is at least -Var(u) / N to
  first order, where Var(u) itself decreases as 1 / N.
- It is negative where answers are nearer to other patients' tumours than to their own, e.g. with left
  and right swapped.
- It is invariant to translating, rotating, mirroring or scaling answers and references alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.metrics.ratios import ratio
from gliobench.domain.statistics.bootstrap import Statistic
from gliobench.domain.statistics.estimate import NotEstimable
from gliobench.domain.statistics.sampling import BLOCK, Indices

SHUFFLES = 9_999
"""Together with the observed assignment, these make 10,000 permutations."""

FOLLOWS = 0.5
"""A backend follows the tumour if the index's interval lies above this."""
HARDLY = 0.2
"""A backend hardly follows the tumour if the index's interval lies below this."""
SAME_PLACE_MM = 1e-6
ONE_PLACE = NotEstimable("the references all lie in one place")


def tracking_index(*, predicted: FloatArray, reference: FloatArray) -> Statistic:
    """Compute the tracking index in many bootstrap cohorts at once.

    A patient drawn twice counts as two patients: a constant answer scores 0 in every resample, and the
    index is biased downwards by about index·(1 - index) / N.

    Args:
        predicted: (N, 2) mm.
        reference: (N, 2) mm, of the same studies; memory grows as N².

    Returns:
        A function from (R, N) weights to the index, (R, 1); NaN in a cohort with one position.
    """
    apart_mm = distances_mm(predicted=predicted, reference=reference)
    own_mm = np.diagonal(apart_mm)

    def index(weights: FloatArray) -> FloatArray:
        total, own = weights.sum(axis=1), weights @ own_mm
        every = np.einsum("rn,rn->r", weights @ apart_mm, weights)
        others = ratio(every - own, total - 1)
        return np.asarray(1 - ratio(own, others))[:, None]

    return index


def lie_in_one_place(places: FloatArray) -> bool:
    """Return whether all references, (N, 2) mm, are equal, so that no answer can follow them."""
    return bool(np.ptp(places, axis=0).max() <= SAME_PLACE_MM)


def distances_mm(*, predicted: FloatArray, reference: FloatArray) -> FloatArray:
    """Measure (N, N) distances: row i is answer i, column j patient j's tumour."""
    return np.asarray(scipy.spatial.distance.cdist(predicted, reference))


def ious(*, predicted: FloatArray, reference: FloatArray) -> FloatArray:
    """Measure the overlap of every answered box with every patient's box.

    Args:
        predicted: (N, 4), start and stop: x0, y0, x1, y1; N ≥ 1.
        reference: (N, 4).

    Returns:
        (N, N) in [0, 1]: row i is answer i.
    """
    rows = max(1, BLOCK // max(1, len(reference)))
    blocks = [predicted[start : start + rows] for start in range(0, len(predicted), rows)]
    return np.concatenate([_ious(block[:, None], reference[None]) for block in blocks])


@dataclass(frozen=True, slots=True)
class ShuffleTest:
    """The score that remains when answers are shuffled between patients.

    Args:
        observed: The mean score of the observed assignment.
        shuffled: Its mean over all assignments.
        survives: The worse of the two over the better: 1.0 where nothing is lost, so that the answers
            are independent of the patients, and 0.0 where everything is.
        p_value: (1 + permutations at least as good) / (1 + permutations).
        n_shuffles: Number of permutations.
    """

    observed: float
    shuffled: float
    survives: float | NotEstimable
    p_value: float
    n_shuffles: int


def shuffle_tests(
    *scored: tuple[FloatArray, bool], shuffles: int = SHUFFLES, seed: int = 0
) -> tuple[ShuffleTest, ...]:
    """Test whether answers fit their own patients better than others, by each score.

    Args:
        scored: (N, N) of every answer against every patient's reference, row i answer i, as
            `distances_mm` and `ious` give them; and whether higher ones are better.
        shuffles: Permutations to draw, ≥ 1, the same for every score.
        seed: The same seed gives the same permutations.

    Returns:
        The p values are one-sided; with fewer than two studies they are 1.0.

    Raises:
        InvalidInputError: There is no study, or the scores are not square.

    Source: Phipson & Smyth, "Permutation p-values should never be zero", Stat Appl Genet Mol Biol
        2010.
    """
    for scores, _ in scored:
        if scores.ndim != 2 or scores.shape[0] != scores.shape[1] or not scores.size:
            raise InvalidInputError(f"scores {scores.shape}: wanted (N, N) of one study or more")
    drawn = _shuffled_means([scores for scores, _ in scored], shuffles, seed)
    return tuple(
        _tested(scores, means, higher_is_better=higher)
        for (scores, higher), means in zip(scored, drawn, strict=True)
    )


def _tested(scores: FloatArray, drawn: FloatArray, *, higher_is_better: bool) -> ShuffleTest:
    sign = 1.0 if higher_is_better else -1.0
    observed, shuffled = float(np.diagonal(scores).mean()), float(scores.mean())
    # equality up to rounding counts as good: a constant answer has a p of 1
    bar = sign * observed - 1e-9 * max(1.0, float(np.abs(scores).max()))
    as_good = int((sign * drawn >= bar).sum())
    return ShuffleTest(
        observed=observed,
        shuffled=shuffled,
        survives=_survives(observed, shuffled, higher_is_better=higher_is_better),
        p_value=(1 + as_good) / (1 + len(drawn)),
        n_shuffles=len(drawn),
    )


def _shuffled_means(scores: Sequence[FloatArray], count: int, seed: int) -> FloatArray:
    """Return the means of each of K (N, N) scores under the same permutations, (K, count)."""
    rng, places = np.random.default_rng(seed), np.arange(len(scores[0]))
    rows = max(1, BLOCK // len(places))
    found = []
    for start in range(0, count, rows):
        order = rng.permuted(np.tile(places, (min(rows, count - start), 1)), axis=1)
        found.append([_mean_by_answer(item, np.ascontiguousarray(order.T)) for item in scores])
    return np.concatenate(found, axis=1)


def _mean_by_answer(scores: FloatArray, order: Indices) -> FloatArray:
    """Average, for each column of `order`, (N, R), what answer i scores at patient order[i].

    One answer after the other: a row of scores stays in the processor's cache, all of them do not.
    """
    totals = np.zeros(order.shape[1])
    for answer, patients in zip(scores, order, strict=True):
        totals += np.take(answer, patients)
    return totals / len(scores)


def _survives(observed: float, shuffled: float, *, higher_is_better: bool) -> float | NotEstimable:
    part, whole = (shuffled, observed) if higher_is_better else (observed, shuffled)
    return part / whole if whole > 0 else NotEstimable("no answer scores at all")


def _ious(one: FloatArray, other: FloatArray) -> FloatArray:
    shared = np.ones(())
    for first, last in ((0, 2), (1, 3)):
        stop = np.minimum(one[..., last], other[..., last])
        shared = shared * np.clip(stop - np.maximum(one[..., first], other[..., first]), 0.0, None)
    return np.asarray(shared / (_areas(one) + _areas(other) - shared))


def _areas(boxes: FloatArray) -> FloatArray:
    return np.asarray((boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1]))
