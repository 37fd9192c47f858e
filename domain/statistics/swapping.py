"""Paired permutation test of the difference of two backends."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence

import numpy as np
from scipy.special import ndtr

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.statistics.estimate import NO_STUDY, NotEstimable
from gliobench.domain.statistics.sampling import BLOCK, Indices, numbered, renumbered

SWAPS = 9_999
"""Together with the observed assignment, these make 10,000 permutations."""
DRAWN_UP_TO = 5_000
"""Maximum number of patients for a permutation test; above it, the normal approximation is exact enough."""


def swap_test(
    pulls: FloatArray, patients: Sequence[Hashable], *, swaps: int = SWAPS, seed: int = 0
) -> float | NotEstimable:
    """Test a difference that is a sum over studies, by swapping the backends patient by patient.

    Under the null hypothesis, the two backends' answers on a patient are exchangeable, so each patient's
    contribution to the difference has a random sign. The test is valid for a few studies that are all
    correct, for which bootstrap CIs have zero width.

    Args:
        pulls: (N,) each study's contribution to the difference.
        patients: Patient of each study; all studies of a patient are swapped together.
        swaps: Number of permutations, ≥ 1.
        seed: The same seed gives the same permutations.

    Returns:
        Two-sided p; 1.0 where no patient's contribution differs from zero. Not estimable without
        studies.

    Raises:
        InvalidInputError: The lengths differ.

    Source: Pitman, "Significance tests which may be applied to samples from any populations",
        J R Stat Soc 1937; Phipson & Smyth, Stat Appl Genet Mol Biol 2010.
    """
    if len(pulls) != len(patients):
        raise InvalidInputError(f"{len(patients)} patients for {len(pulls)} studies")
    (p,) = swap_tests([pulls], numbered(patients), swaps=swaps, seed=seed)
    return p


def swap_tests(
    columns: Iterable[FloatArray], patients: Indices, *, swaps: int = SWAPS, seed: int = 0
) -> tuple[float | NotEstimable, ...]:
    """Test many differences over the same studies with the same random signs, as `swap_test` does.

    Args:
        columns: (N,) each; 0.0 for studies outside a difference.
        patients: (N,) patient of each study, by number.
        swaps: Number of permutations.
        seed: Seed of the signs.
    """
    if not len(patients):
        return tuple(NO_STUDY for _ in columns)
    place = renumbered(patients)
    if place.max() >= DRAWN_UP_TO:
        return tuple(_by_normal(_parts(place, pulls)) for pulls in columns)
    parts = (
        np.array([np.bincount(place, pulls) for pulls in columns]).reshape(-1, place.max() + 1).T
    )
    # equality up to rounding counts as large
    observed = np.abs(parts.sum(axis=0)) - 1e-9 * np.abs(parts).sum(axis=0)
    as_large = np.zeros(parts.shape[1], dtype=np.intp)
    for signs in _coins(swaps, len(parts), seed=seed):
        as_large += (np.abs(signs @ parts) >= observed).sum(axis=0)
    return tuple(((1 + as_large) / (1 + swaps)).tolist())


def _parts(place: Indices, pulls: FloatArray) -> FloatArray:
    return np.asarray(np.bincount(place, pulls), dtype=np.float64)


def _by_normal(parts: FloatArray) -> float:
    spread = float(np.sqrt((parts**2).sum()))
    return float(2 * ndtr(-abs(float(parts.sum())) / spread)) if spread else 1.0


def _coins(swaps: int, patients: int, *, seed: int) -> Iterator[FloatArray]:
    """Draw ±1 for every patient, (R, P) at a time; the rows sum up to `swaps`."""
    rng, rows, width = np.random.default_rng(seed), max(1, BLOCK // patients), -(-patients // 8)
    for start in range(0, swaps, rows):
        count = min(rows, swaps - start)
        tossed = np.frombuffer(rng.bytes(count * width), np.uint8).reshape(count, width)
        yield np.unpackbits(tossed, axis=1, count=patients) * 2.0 - 1
