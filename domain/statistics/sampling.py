"""Sampling plans: patients drawn within strata, each with all of their studies."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.statistics.estimate import NO_STUDY, NotEstimable

Indices: TypeAlias = NDArray[np.intp]

BLOCK = 2**20
"""Size of weight blocks: 8 MiB, so that a million studies need no more memory than a thousand."""
GROUPS = 250
"""Leave-outs of a jackknife, about: with more patients than that, several are left out at once."""


def numbered(names: Sequence[Hashable]) -> Indices:
    """Number names from 0 in the order in which they first come, (N,)."""
    place = {name: at for at, name in enumerate(dict.fromkeys(names))}
    return np.fromiter(map(place.__getitem__, names), np.intp, len(names))


def renumbered(numbers: Indices) -> Indices:
    """Number some of what is `numbered` from 0 without gaps, in the same order, (N,)."""
    there = np.bincount(numbers) > 0
    return np.asarray((np.cumsum(there) - 1)[numbers])


@dataclass(frozen=True, eq=False)
class SamplingPlan:
    """Which patients there are, and of which stratum.

    Args:
        patient: (N,) int, each study's patient, counted from 0.
        strata: The patients of each stratum; as many are drawn from each as it holds.
    """

    patient: Indices
    strata: tuple[Indices, ...]

    @classmethod
    def of(
        cls, patients: Sequence[Hashable], strata: Sequence[Hashable] | None = None
    ) -> SamplingPlan:
        """Plan to draw patients.

        Args:
            patients: Whose study it is, one a study.
            strata: What is to stay as it is in every draw, such as the grade, one a study; a
                patient of several counts to that of the first study. None makes one stratum.

        Raises:
            InvalidInputError: The sequences differ in length.
        """
        if strata is not None and len(strata) != len(patients):
            raise InvalidInputError(f"{len(strata)} strata for {len(patients)} studies")
        patient = numbered(patients)
        members: dict[Hashable, list[int]] = {}
        _, first = np.unique(patient, return_index=True)
        for item, study in enumerate(first.tolist()):
            members.setdefault(None if strata is None else strata[study], []).append(item)
        return cls(patient, tuple(np.array(stratum, dtype=np.intp) for stratum in members.values()))

    @property
    def n_studies(self) -> int:
        """All studies."""
        return len(self.patient)

    @property
    def obstacle(self) -> NotEstimable | None:
        """Return why resamples would not vary, if so: a stratum of one is drawn the same each time."""
        if not self.n_studies:
            return NO_STUDY
        if len(self.strata) == 1 and len(self.strata[0]) == 1:
            return NotEstimable("there is one patient only")
        if any(len(members) == 1 for members in self.strata):
            return NotEstimable("a stratum has one patient only")
        return None

    @property
    def everyone(self) -> FloatArray:
        """Weigh each study once, (1, N)."""
        return np.ones((1, self.n_studies))

    def draws(self, count: int, *, seed: int) -> Iterator[FloatArray]:
        """Draw patients with replacement, again and again.

        Yields:
            (R, N) float64, how often each study is drawn; blocks that sum up to `count` rows. The
            same plan, count and seed give the same draws.
        """
        rng = np.random.default_rng(seed)
        rows = self._rows
        for start in range(0, count, rows):
            yield self._draw(rng, min(rows, count - start))

    def leave_outs(self) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Leave out a patient, or a few of a stratum, one after the other.

        Yields:
            (R, N) float64 weights, in which the rest of the stratum makes up for those left out;
            and (R,) the share of their stratum that the rest is.
        """
        found = self._groups
        for start in range(0, len(found), self._rows):
            block = found[start : start + self._rows]
            weights = np.ones((len(block), self.n_patients))
            shares = np.empty(len(block))
            for row, (members, left_out) in enumerate(block):
                shares[row] = 1 - len(left_out) / len(members)
                weights[row, members] = 1 / shares[row]
                weights[row, left_out] = 0.0
            yield self._of_studies(weights), shares

    def centred(self, pulls: FloatArray) -> FloatArray:
        """Sum the studies' numbers, (N,), of each patient, less the mean of its stratum, (P,)."""
        found = np.asarray(np.bincount(self.patient, pulls), dtype=np.float64)
        for members in self.strata:
            found[members] -= found[members].mean()
        return found

    @property
    def n_patients(self) -> int:
        """All patients."""
        return sum(map(len, self.strata))

    @property
    def _rows(self) -> int:
        return max(1, BLOCK // self.n_studies)

    @property
    def _groups(self) -> list[tuple[Indices, Indices]]:
        """Pair each group that is left out with its stratum, groups as alike as can be."""
        size = -(-self.n_patients // GROUPS)
        counts = [max(2, -(-len(members) // size)) for members in self.strata]
        return [
            (members, members[first::count])
            for members, count in zip(self.strata, counts, strict=True)
            for first in range(count)
        ]

    def _draw(self, rng: np.random.Generator, rows: int) -> FloatArray:
        weights = np.empty((rows, self.n_patients))
        for members in self.strata:
            size = len(members)
            drawn = rng.integers(0, size, size=(rows, size))
            whose = slice(None) if len(self.strata) == 1 else members
            drawn += (
                np.arange(rows)[:, None] * size
            )  # one count of all rows: each has its own numbers
            counts = np.bincount(drawn.ravel(), minlength=rows * size)
            weights[:, whose] = counts.reshape(rows, size)
        return self._of_studies(weights)

    def _of_studies(self, weights: FloatArray) -> FloatArray:
        # take is four times as fast as an index
        return weights if self._one_study_each else np.take(weights, self.patient, axis=1)

    @cached_property
    def _one_study_each(self) -> bool:
        return self.n_patients == self.n_studies
