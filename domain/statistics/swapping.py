"""Whether the difference of two backends could be their names' alone."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from scipy.special import ndtr

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry import FloatArray
from gliobench.domain.statistics.estimate import NO_STUDY, NotEstimable
from gliobench.domain.statistics.sampling import BLOCK

SWAPS = 9_999
"""With the answers as they are, these make 10,000 ways."""
DRAWN_UP_TO = 5_000
"""Patients up to which swaps are drawn; beyond, their sum is as good as normal."""


def swap_test(
    pulls: FloatArray, patients: Sequence[Hashable], *, swaps: int = SWAPS, seed: int = 0
) -> float | NotEstimable:
    """Test a difference that is a sum over studies, by swapping the backends patient by patient.

    If the two are equally good, either's answers to a patient could have been the other's. So each
    patient's part of the difference takes its sign by a coin. It needs no spread inside a grade,
    where a bootstrap of few studies that are all right would see no doubt.

    Args:
        pulls: (N,) what each study adds to the difference of the two.
        patients: Whose study it is; a patient is swapped with all of them.
        swaps: Ways to draw, ≥ 1.
        seed: The same seed gives the same ways.

    Returns:
        Two-sided p; 1.0 where no patient's part differs from zero. Not estimable without studies.

    Raises:
        InvalidInputError: The lengths differ.

    Source: Pitman, "Significance tests which may be applied to samples from any populations",
        J R Stat Soc 1937; Phipson & Smyth, Stat Appl Genet Mol Biol 2010.
    """
    if len(pulls) != len(patients):
        raise InvalidInputError(f"{len(patients)} patients for {len(pulls)} studies")
    if not len(pulls):
        return NO_STUDY
    names, place = np.unique(np.array([str(one) for one in patients]), return_inverse=True)
    parts = np.bincount(place, weights=pulls, minlength=len(names))
    parts = parts[np.abs(parts) > 1e-12 * max(1e-300, float(np.abs(parts).max()))]
    observed = abs(float(parts.sum()))
    if not len(parts):
        return 1.0
    if len(parts) > DRAWN_UP_TO:
        return float(2 * ndtr(-observed / np.sqrt((parts**2).sum())))
    # equal but for rounding is as large
    bar = observed - 1e-9 * float(np.abs(parts).sum())
    rng, rows, as_large = np.random.default_rng(seed), max(1, BLOCK // len(parts)), 0
    for start in range(0, swaps, rows):
        signs = rng.integers(0, 2, size=(min(rows, swaps - start), len(parts))) * 2 - 1
        as_large += int((np.abs(signs @ parts) >= bar).sum())
    return (1 + as_large) / (1 + swaps)
