"""Test of whether a mean differs between subgroups of patients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.statistics.estimate import NotEstimable
from gliobench.domain.statistics.sampling import BLOCK, Indices

SHUFFLES = 1_999
"""Together with the observed subgroups, these make 2,000 permutations."""
DRAWN_UP_TO = 5_000
"""Maximum number of patients for a permutation test; above it, χ² is exact enough."""
FEWEST = 10
"""Studies of a subgroup that is claimed about."""
TOO_FEW = NotEstimable(f"fewer than two subgroups have {FEWEST} studies, some of each class")


def heterogeneity_tests(
    columns: FloatArray,
    *,
    parts: Indices,
    patients: Indices,
    classes: Indices | None = None,
    shuffles: int = SHUFFLES,
    seed: int = 0,
) -> tuple[float | NotEstimable, ...]:
    """Test for each column whether its mean is the same in all subgroups, failures included.

    The statistic is Welch's: the squared distances of the subgroups' means from their weighted mean, each
    over its own variance. It is compared with its values after shuffling patients between subgroups, so
    that the level holds for a few studies, for values that are all the same in a subgroup, and for
    failures that score far worse than any answer; and because it is studentised, it holds for many
    studies also where subgroups have equal means and unequal variances. The variance of a subgroup
    counts the common variance as one more observation: a subgroup without a mistake is not certain.

    With classes, such as the reference's grades, the mean of the classes' means is tested, and patients
    are shuffled within their class: of right and wrong grades that is the balanced accuracy.

    All studies of a patient in one subgroup (and class) count as one observation, their mean.

    Args:
        columns: (N, M) scores; NaN is left out. Columns with the same NaN share the shuffles.
        parts: (N,) subgroup of each study; -1 is left out.
        patients: (N,) patient of each study, by number.
        classes: (N,) 0 or 1; None where there are none.
        shuffles: Number of permutations, ≥ 1.
        seed: The same seed gives the same permutations.

    Returns:
        M p values; subgroups of fewer than `FEWEST` studies, or without one of the classes, take no part.
        Not estimable where fewer than two are left; 1.0 where all values are the same.

    Source: Chung & Romano, "Exact and asymptotically robust permutation tests", Ann Stat 2013; Welch,
        Biometrika 1951; Phipson & Smyth, Stat Appl Genet Mol Biol 2010.
    """
    known = ~np.isnan(columns) & (parts >= 0)[:, None]
    kinds = np.zeros(len(parts), dtype=np.intp) if classes is None else classes
    found: dict[int, float | NotEstimable] = {}
    patterns: dict[bytes, list[int]] = {}
    for column in range(columns.shape[1]):
        patterns.setdefault(known[:, column].tobytes(), []).append(column)
    for alike in patterns.values():
        there = _claimed(known[:, alike[0]], parts, kinds)
        if not there.any():
            found |= dict.fromkeys(alike, TOO_FEW)
            continue
        units = _Units.of(columns[there][:, alike], parts[there], patients[there], kinds[there])
        found |= zip(alike, units.p(shuffles, seed), strict=True)
    return tuple(found[column] for column in range(columns.shape[1]))


def _claimed(known: BoolArray, parts: Indices, kinds: Indices) -> BoolArray:
    """(N,) bool, the studies of subgroups that are large enough; none where they are fewer than two."""
    wanted = set(kinds[known].tolist())
    large = [
        part
        for part in np.unique(parts[known]).tolist()
        if (of_part := known & (parts == part)).sum() >= FEWEST
        and set(kinds[of_part].tolist()) == wanted
    ]
    return known & np.isin(parts, large if len(large) > 1 else [])


@dataclass(frozen=True, eq=False)
class _Units:
    """U independent observations of M columns.

    Args:
        values: (U, M).
        parts: (U,) subgroup, from 0.
        members: Observations of each class.
        n_parts: Subgroups.
    """

    values: FloatArray
    parts: Indices
    members: tuple[Indices, ...]
    n_parts: int

    @classmethod
    def of(cls, values: FloatArray, parts: Indices, patients: Indices, kinds: Indices) -> _Units:
        """Average the studies of one patient, subgroup and class."""
        of_patients = int(patients.max()) + 1
        keys = (kinds * (int(parts.max()) + 1) + parts) * of_patients + patients
        keys, whose, sizes = np.unique(keys, return_inverse=True, return_counts=True)
        sums = np.column_stack([np.bincount(whose, column) for column in values.T])
        kinds, groups = np.divmod(keys // of_patients, int(parts.max()) + 1)
        names, numbered = np.unique(groups, return_inverse=True)
        members = tuple(np.flatnonzero(kinds == kind) for kind in np.unique(kinds))
        return cls(sums / sizes[:, None], numbered, members, len(names))

    def p(self, shuffles: int, seed: int) -> list[float]:
        """Test each column."""
        (own,) = self._statistics([self.parts[None, at] for at in self.members])
        if len(self.parts) > DRAWN_UP_TO:
            return [float(item) for item in chdtrc(self.n_parts - 1, own)]
        # equality up to rounding counts as large
        bar, as_large = own - 1e-9 * (1 + own), np.ones(len(own))
        for labels in self._shuffled(shuffles, seed):
            as_large += (self._statistics(labels) >= bar).sum(axis=0)
        return [float(item) for item in as_large / (1 + shuffles)]

    def _shuffled(self, shuffles: int, seed: int) -> Iterator[list[Indices]]:
        """Yield the subgroups of each class's observations, (R, U) in all at a time."""
        rng, rows = np.random.default_rng(seed), max(1, BLOCK // len(self.parts))
        for start in range(0, shuffles, rows):
            count = min(rows, shuffles - start)
            yield [rng.permuted(np.tile(self.parts[at], (count, 1)), axis=1) for at in self.members]

    def _statistics(self, labels: list[Indices]) -> FloatArray:
        """Compute Welch's statistic of R rows of labels, (R, M)."""
        shares = 1 / len(self.members)
        means = np.zeros((len(labels[0]), self.n_parts, self.values.shape[1]))
        errors = np.zeros_like(means)
        for at, drawn in zip(self.members, labels, strict=True):
            of_class = self.values[at]
            of_class -= of_class.mean(axis=0)
            squared = of_class**2
            common = squared.sum(axis=0) / max(1, len(at) - 1)
            sums, squares = self._sums(drawn, of_class, squared)
            sizes = np.bincount(drawn[0], minlength=self.n_parts)[:, None]  # the same in every row
            mean = sums / sizes
            spread = np.maximum(squares - sizes * mean**2, 0.0)
            means += shares * mean
            errors += shares**2 * (spread + common) / sizes**2
        weights = np.divide(1, errors, out=np.zeros_like(errors), where=errors > 0)
        total = weights.sum(axis=1, keepdims=True)
        middle = np.divide(
            (weights * means).sum(axis=1, keepdims=True),
            total,
            out=np.zeros_like(total),
            where=total > 0,
        )
        return np.asarray((weights * (means - middle) ** 2).sum(axis=1))

    def _sums(self, labels: Indices, *columns: FloatArray) -> Iterator[FloatArray]:
        """Sum columns, (U, M) each, by subgroup for (R, U) labels: (R, parts, M) each."""
        found: list[list[FloatArray]] = [[] for _ in columns]
        for part in range(self.n_parts - 1):
            chosen = (labels == part).astype(np.float64)
            for sums, values in zip(found, columns, strict=True):
                sums.append(chosen @ values)
        for sums, values in zip(found, columns, strict=True):
            rest = values.sum(axis=0) - np.sum(sums, axis=0)
            yield np.stack([*sums, rest], axis=1)
