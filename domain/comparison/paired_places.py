"""How pairs of backends place the same tumours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from gliobench.domain.comparison.endpoints import LEADING, LOCALISATION, Endpoint
from gliobench.domain.evaluation.case_table import Cases, CaseTable
from gliobench.domain.geometry import FloatArray
from gliobench.domain.prediction import Form
from gliobench.domain.statistics.bootstrap import Replicates, resample
from gliobench.domain.statistics.estimate import Measured, NotEstimable
from gliobench.domain.statistics.means import MeasuredValues
from gliobench.domain.statistics.sampling import SamplingPlan
from gliobench.domain.statistics.swapping import swap_test
from gliobench.domain.statistics.wilcoxon import SignedRank, signed_rank

NOT_LOCALISED = NotEstimable("one of the two does not answer in this form")


@dataclass(frozen=True, eq=False)
class PlacedStudies:
    """How well B backends placed N tumours; a failure scores worst.

    Args:
        patients: Whose studies they are.
        scores: By backend and endpoint, (N,); NaN where the reference shows no tumour.
    """

    patients: tuple[str, ...]
    scores: Mapping[tuple[str, Endpoint], FloatArray]

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
            patients=tuple(next(iter(tables.values())).patients.tolist()),
            scores={key: values for key, values in found.items() if not np.isnan(values).all()},
        )

    def shared(self, first: str, second: str) -> list[Endpoint]:
        """Name the endpoints that both have."""
        return [e for e in LOCALISATION if {(first, e), (second, e)} <= set(self.scores)]

    def apart(self, first: str, second: str, endpoint: Endpoint) -> FloatArray:
        """Give the first's scores less the second's; NaN where either has none."""
        return np.asarray(self.scores[first, endpoint] - self.scores[second, endpoint])

    def draw(self, *, replicates: int, seed: int) -> Replicates:
        """Draw patients; a column each key of `scores`."""
        plan = SamplingPlan.of(self.patients)
        values = MeasuredValues.of(np.column_stack(list(self.scores.values())))
        return resample(values.means, plan, replicates=replicates, seed=seed)

    def differences(self, drawn: Replicates, first: str, second: str) -> dict[Endpoint, Measured]:
        """Estimate each mean that both have, the first less the second."""
        shared, column = self.shared(first, second), {key: at for at, key in enumerate(self.scores)}
        if not shared:
            return {}
        one, other = (drawn.pick([column[name, e] for e in shared]) for name in (first, second))
        return dict(zip(shared, (one - other).percentile(), strict=True))

    def shifts(self, first: str, second: str) -> dict[Form, SignedRank | NotEstimable]:
        """Rank the differences of each form's leading endpoint, over the tumours both answer."""
        shared = set(self.shared(first, second))
        found = {}
        for endpoint in LEADING:
            if endpoint in shared and endpoint.form is not None:
                apart, _ = self._known(first, second, endpoint)
                found[endpoint.form] = signed_rank(apart)
        return found

    def shift_p(
        self, endpoint: Endpoint, found: SignedRank, first: str, second: str, *, seed: int
    ) -> float | NotEstimable:
        """Test a shift: by Wilcoxon's test, or by swapping its ranks where patients came twice.

        Source: Rosner, Glynn & Lee, "The Wilcoxon signed rank test for paired comparisons of
            clustered data", Biometrics 2006.
        """
        if len(set(self.patients)) == len(self.patients):
            return found.p
        apart, patients = self._known(first, second, endpoint)
        ranks = rankdata(np.abs(apart)) * np.sign(apart)
        return swap_test(ranks, patients, seed=seed)

    def p(self, endpoint: Endpoint, first: str, second: str, *, seed: int) -> float | NotEstimable:
        """Test a mean as the primary endpoint, by swapping."""
        if endpoint not in self.shared(first, second):
            return NOT_LOCALISED
        apart, patients = self._known(first, second, endpoint)
        return swap_test(apart / max(1, len(apart)), patients, seed=seed)

    def _known(
        self, first: str, second: str, endpoint: Endpoint
    ) -> tuple[FloatArray, tuple[str, ...]]:
        """Give the differences that there are, and whose they are."""
        apart = self.apart(first, second, endpoint)
        there = ~np.isnan(apart)
        whose = zip(self.patients, there, strict=True)
        return apart[there], tuple(who for who, is_there in whose if is_there)
