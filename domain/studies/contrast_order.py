"""Whether sequences bear each other's names, such as T1 and T1 with contrast agent.

A network answers swapped sequences as confidently as right ones. After z-scoring, two sequences of a brain
differ most in few voxels, and the sign of the difference there names them: contrast agent makes vessels
and enhancing tumour brighter in T1c than in T1n, and CSF is brighter in T2w than in any other sequence. FLAIR is
known by the company it keeps: over the whole brain it resembles T2w, and the two T1 resemble each other.
`docs/results/contrast_order.py` measures the rules on real studies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import combinations

import numpy as np

from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.sampled_study import FEWEST, SampledStudy
from gliobench.domain.studies.study import Modality

TAIL = 2.0
"""Per cent of the voxels in which two sequences differ most, either way."""
CLEARLY = 0.15
"""Difference of the tails, in z-scores, from which on an order is reported as wrong."""
T1_WEIGHTED = (Modality.T1N, Modality.T1C)
_CLIPPED = (0.1, 99.9)


@dataclass(frozen=True, slots=True)
class Order:
    """Two sequences, of which one is the brighter where they differ most.

    Args:
        brighter: Where they differ most.
        darker: The other one.
        where: What is seen there.
    """

    brighter: Modality
    darker: Modality
    where: str


ORDERS = (
    Order(Modality.T1C, Modality.T1N, "vessels and enhancing tissue"),
    Order(Modality.T2W, Modality.T2F, "CSF"),
    Order(Modality.T2W, Modality.T1N, "CSF"),
    Order(Modality.T2W, Modality.T1C, "CSF"),
)


def contrast_faults(study: SampledStudy) -> Iterator[Fault]:
    """Name the sequences that look like each other's, or are one image under two names."""
    seen = study.seen
    for one, other in combinations(study.brains, 2):
        if np.array_equal(seen[one], seen[other]):
            yield Fault(
                study.id,
                FaultKind.CONTRAST_ORDER,
                f"{one.value} and {other.value} are the same image: which of them is it?",
            )
    for order in ORDERS:
        if order.brighter not in seen or order.darker not in seen:
            continue
        found = brighter_by(seen[order.brighter], seen[order.darker])
        if found is not None and found < -CLEARLY:
            first, second = order.brighter.value, order.darker.value
            yield Fault(
                study.id,
                FaultKind.CONTRAST_ORDER,
                f"{first} is not brighter than {second} in {order.where}: are they swapped?",
            )
    for t1 in T1_WEIGHTED:
        found = likeness(seen, t1)
        if found is not None and found < -CLEARLY:
            yield Fault(
                study.id,
                FaultKind.CONTRAST_ORDER,
                f"t2w resembles {t1.value} more than t2f: are {t1.value} and t2f swapped?",
            )


def brighter_by(one: FloatArray, other: FloatArray) -> float | None:
    """Measure how much brighter one sequence is than another where they differ most.

    The sign turns round with the two: an order is recognised as well as its reverse.

    Args:
        one: (I, J, K), zero around the brain.
        other: (I, J, K), likewise.

    Returns:
        The upper tail of the difference of their z-scores minus the lower one, both from the median;
        None where they share hardly a voxel, or one is constant.
    """
    brain = (one != 0) & (other != 0) & np.isfinite(one) & np.isfinite(other)
    if np.count_nonzero(brain) < FEWEST:
        return None
    first, second = _scores(one[brain]), _scores(other[brain])
    if first is None or second is None:
        return None
    low, middle, high = np.percentile(first - second, (TAIL, 50, 100 - TAIL))
    return float(high + low - 2 * middle)


def likeness(volumes: Mapping[Modality, FloatArray], t1: Modality) -> float | None:
    """Measure how much more FLAIR resembles T2w, and one T1 the other, than the reverse.

    The sign turns round where that T1 and FLAIR are swapped.

    Args:
        volumes: (I, J, K) by modality, zero around the brain.
        t1: `T1N` or `T1C`.

    Returns:
        The correlations of ranks with T2w, and with the other T1 where it is there, of the one minus the
        other; None where T2w, FLAIR or this T1 is absent, or they share hardly a voxel.
    """
    t2w, t2f = Modality.T2W, Modality.T2F
    (other,) = set(T1_WEIGHTED) - {t1}
    present = {item: volumes[item] for item in (t2w, t2f, t1, other) if item in volumes}
    if len(present) < (4 if other in present else 3):
        return None
    brain = reduce(np.logical_and, (volume != 0 for volume in present.values()))
    if np.count_nonzero(brain) < FEWEST:
        return None
    ranks = {item: _ranks(volume[brain]) for item, volume in present.items()}

    def alike(one: Modality, another: Modality) -> float:
        return float(np.mean(ranks[one] * ranks[another]))

    with_t2w = alike(t2w, t2f) - alike(t2w, t1)
    return with_t2w + (alike(other, t1) - alike(other, t2f) if other in ranks else 0.0)


def _ranks(voxels: FloatArray) -> FloatArray:
    """Return ranks of mean 0 and deviation 1, those of equal voxels alike; zeros where all are equal."""
    _, at, counts = np.unique(voxels, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2)[at]
    deviation = ranks.std()
    return (ranks - ranks.mean()) / deviation if deviation else np.zeros_like(ranks)


def _scores(voxels: FloatArray) -> FloatArray | None:
    clipped = np.clip(voxels, *np.percentile(voxels, _CLIPPED))
    deviation = clipped.std(dtype=np.float64)
    return None if deviation == 0 else (clipped - clipped.mean(dtype=np.float64)) / deviation
