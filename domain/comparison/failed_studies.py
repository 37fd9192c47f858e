"""Paired failures of backends on the same studies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.statistics.estimate import NotEstimable
from gliobench.domain.statistics.mcnemar import McNemar, mcnemar
from gliobench.domain.statistics.sampling import Indices, numbered
from gliobench.domain.statistics.swapping import swap_tests

FEWEST = 6
"""Minimum number of studies with a failure of exactly one of two backends: with fewer, no p can fall
below 0.05, so there is nothing to test (Tarone, Biometrics 1990)."""


@dataclass(frozen=True, eq=False)
class FailedStudies:
    """Where B backends failed, in a grade or a form.

    Args:
        patients: (N,) whose studies they are, by number.
        failed: By backend, (N,) bool.
    """

    patients: Indices
    failed: Mapping[str, BoolArray]

    @classmethod
    def of(cls, tables: Mapping[str, CaseTable]) -> FailedStudies:
        """Gather the failures of runs over the same studies, in the same order."""
        first = next(iter(tables.values()))
        return cls(
            numbered(first.patients.tolist()),
            {name: table.has_failed for name, table in tables.items()},
        )

    def answered(self, first: str, second: str) -> McNemar | NotEstimable:
        """Count the studies that exactly one of two backends answered completely."""
        return mcnemar(first_right=~self.failed[first], second_right=~self.failed[second])

    def p(
        self, answered: McNemar | NotEstimable, first: str, second: str, *, seed: int
    ) -> float | NotEstimable:
        """Test failure rates by McNemar's exact test, or by permutation for repeated patients."""
        if isinstance(answered, NotEstimable):
            return answered
        if answered.only_first + answered.only_second < FEWEST:
            return NotEstimable(f"just one of the two failed in fewer than {FEWEST} studies")
        if self.patients.max() + 1 == len(self.patients):
            return answered.exact_p
        apart = self.failed[first].astype(np.float64) - self.failed[second]
        (p,) = swap_tests([apart], self.patients, seed=seed)
        return p
