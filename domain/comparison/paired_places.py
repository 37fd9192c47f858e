"""Paired localisation of the same tumours by several backends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from gliobench.domain.comparison.endpoints import LEADING, LOCALISATION, Endpoint
from gliobench.domain.evaluation.case_table import Cases, CaseTable
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import NotEstimable
from gliobench.domain.statistics.paired_means import PairedMeans, compare_means, larger_p
from gliobench.domain.statistics.rank_methods import mean_ranks
from gliobench.domain.statistics.sampling import Indices, numbered
from gliobench.domain.statistics.swapping import swap_tests
from gliobench.domain.statistics.wilcoxon import SignedRank, signed_rank

NOT_LOCALISED = NotEstimable("one of the two does not answer in this form")

ALIKE = 9
"""Decimals of differences: the same place in voxels and in millimetres scores alike up to rounding, of
which signed ranks would make a difference in every study."""

PairedScores: TypeAlias = dict[tuple[str, str, Endpoint], PairedMeans]
"""By both backends and the endpoint; the p is of the test that a claim takes."""


@dataclass(frozen=True, eq=False)
class PlacedStudies:
    """How well B backends placed N tumours; a failure scores worst.

    Args:
        numbers: (N,) whose studies they are, by number.
        scores: By backend and endpoint, (N,); NaN where the reference shows no tumour.
        failed: By backend and form, (N,) bool.
    """

    numbers: Indices
    scores: Mapping[tuple[str, Endpoint], FloatArray]
    failed: Mapping[tuple[str, Form | None], BoolArray]

    @classmethod
    def of(cls, runs: Mapping[str, Cases]) -> PlacedStudies:
        """Gather the scores of runs over the same studies, in the same order."""
        tables = {name: CaseTable.of(cases) for name, cases in runs.items()}
        found = {
            (name, endpoint): endpoint.scores(table)
            for endpoint in LOCALISATION
            for name, table in tables.items()
        }
        return cls(
            numbers=numbered(next(iter(tables.values())).patients.tolist()),
            scores={key: values for key, values in found.items() if not np.isnan(values).all()},
            failed={
                (name, form): table.failed(form)
                for name, table in tables.items()
                for form in table.forms
            },
        )

    def shared(self, first: str, second: str) -> list[Endpoint]:
        """Name the endpoints that both have."""
        return [e for e in LOCALISATION if {(first, e), (second, e)} <= set(self.scores)]

    def apart(self, first: str, second: str, endpoint: Endpoint) -> FloatArray:
        """Return the first's scores minus the second's, equal ones exactly 0; NaN where either has none."""
        return np.round(self.scores[first, endpoint] - self.scores[second, endpoint], ALIKE)

    def means(self, pairs: Sequence[tuple[str, str]], *, seed: int) -> PairedScores:
        """Compare every mean of all pairs; all permutation tests share the same random signs."""
        keys = [(*pair, endpoint) for pair in pairs for endpoint in self.shared(*pair)]
        apart = (np.nan_to_num(self.apart(*key)) for key in keys)
        swapped = swap_tests(apart, self.numbers, seed=seed)
        found = {}
        for (first, second, endpoint), swap_p in zip(keys, swapped, strict=True):
            means = compare_means(
                self.scores[first, endpoint],
                self.scores[second, endpoint],
                failed=(self._lost(first, endpoint), self._lost(second, endpoint)),
                worst=endpoint.worst,
                patients=self.numbers,
            )
            p = larger_p(swap_p, means.p) if endpoint.measure.is_mean else swap_p
            found[first, second, endpoint] = replace(means, p=p)
        return found

    def _lost(self, name: str, endpoint: Endpoint) -> BoolArray:
        """Return where the score is the worst, by a failure or by a missed tumour.

        Empty for shares of correct answers, where the worst is an ordinary wrong answer.
        """
        scores = self.scores[name, endpoint]
        if not endpoint.measure.is_mean:
            return np.zeros(len(scores), dtype=bool)
        return np.asarray(self.failed[name, endpoint.form] | (scores == endpoint.worst))

    def shifts(self, first: str, second: str) -> dict[Form, SignedRank | NotEstimable]:
        """Rank the differences of each form's leading endpoint, over the tumours that both answer."""
        shared = set(self.shared(first, second))
        found = {}
        for endpoint in LEADING:
            if endpoint in shared and endpoint.form is not None:
                apart, _ = self._known(first, second, endpoint)
                found[endpoint.form] = signed_rank(apart)
        return found

    def shift_p(
        self,
        endpoint: Endpoint,
        found: SignedRank | NotEstimable,
        names: tuple[str, str],
        *,
        seed: int,
    ) -> float | NotEstimable:
        """Test a shift by Wilcoxon's test, or by permuting its ranks for repeated patients.

        Source: Rosner, Glynn & Lee, "The Wilcoxon signed rank test for paired comparisons of
            clustered data", Biometrics 2006.
        """
        if isinstance(found, NotEstimable):
            return found
        if self.numbers.max() + 1 == len(self.numbers):
            return found.p
        apart, patients = self._known(*names, endpoint)
        ranks = mean_ranks(np.abs(apart)) * np.sign(apart)
        (p,) = swap_tests([ranks], patients, seed=seed)
        return p

    def _known(self, first: str, second: str, endpoint: Endpoint) -> tuple[FloatArray, Indices]:
        """Return the available differences, with their patients."""
        apart = self.apart(first, second, endpoint)
        there = ~np.isnan(apart)
        return apart[there], self.numbers[there]
