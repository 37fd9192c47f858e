"""Pairs of backends: their differences, tests and supported claims.

A difference is always the first backend of a pair minus the second. What cannot be estimated is a
`NotEstimable` with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.delong import PairedAuroc
from gliobench.domain.statistics.estimate import LEVEL, Estimate, Measured, NotEstimable
from gliobench.domain.statistics.mcnemar import McNemar
from gliobench.domain.statistics.wilcoxon import SignedRank
from gliobench.domain.studies.grading_target import NEGATIVE, POSITIVE

ALPHA = 1 - LEVEL

PValue = float | NotEstimable


class Family(str, Enum):
    """Tests that are corrected together by Holm, over all pairs of backends."""

    LEAD = "claims of the report"
    """The primary endpoint, centre errors of points by mean and by ranks, failure rates, and whether
    answers follow the tumour: all that the report claims."""
    GRADES = "grades over all studies"
    WITHIN_GRADES = f"grades within {POSITIVE} and within {NEGATIVE}"
    AUROC = "area under the ROC curve"
    LOCALISATION = "localisation, signed ranks"
    MEANS = "localisation, means"


@dataclass(frozen=True, slots=True)
class Test:
    """One test of one pair.

    Args:
        family: The family in which it is corrected.
        of: What is tested, such as a class or "point.error_mm".
        p: Two-sided, uncorrected.
        adjusted: Corrected over the family, to be compared with `ALPHA`.
    """

    __test__ = False  # pytest

    family: Family
    of: str
    p: PValue
    adjusted: PValue

    @property
    def is_significant(self) -> bool:
        """Return whether the difference is statistically significant."""
        return isinstance(self.adjusted, float) and self.adjusted < ALPHA


def ranks_of(endpoint: Endpoint) -> str:
    """Name the test of an endpoint's signed ranks in the family of the report's claims."""
    return f"{endpoint.name}, ranks"


FAILURES = "failures"
TRACKING = "tracking_index"


class Verdict(str, Enum):
    """The claim supported for a pair in one endpoint."""

    APART = "better"
    TYPICAL = "better in the typical study, no claim about the mean"
    OPEN = "not significantly different"
    TORN = "mean and median disagree"
    UNTESTED = "no test"


class Tracking(str, Enum):
    """The claim supported for one backend's points."""

    FOLLOWS = "follows the tumour"
    HARDLY = "hardly follows the tumour"


@dataclass(frozen=True, slots=True)
class Claim:
    """The supported claims for a pair in one endpoint.

    Args:
        better: The better backend by the endpoint itself: for a mean by both its interval (at all
            failure rates within their exact intervals) and the permutation test; for a share or an
            area by its test. None for neither.
        typically: The better backend in the typical study, by Wilcoxon's test, the Hodges–Lehmann shift
            and the majority of differing studies. None for neither, or where ranks are not tested.
        tested: Whether any test was made.
    """

    better: str | None
    typically: str | None
    tested: bool = True

    @property
    def verdict(self) -> Verdict:
        """Combine both claims."""
        if not self.tested:
            return Verdict.UNTESTED
        if self.better and self.typically and self.better != self.typically:
            return Verdict.TORN
        if self.better:
            return Verdict.APART
        return Verdict.TYPICAL if self.typically else Verdict.OPEN

    @property
    def winner(self) -> str | None:
        """The better backend, at least in the typical study; None for neither or contradicting claims."""
        return None if self.verdict is Verdict.TORN else self.better or self.typically


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference of two backends in one endpoint, intention-to-treat.

    Args:
        endpoint: The endpoint.
        value: First minus second, from a paired bootstrap over patients.
    """

    endpoint: Endpoint
    value: Measured


@dataclass(frozen=True, slots=True)
class Detectable:
    """The smallest differences detectable with a power of 80 %, before Holm.

    Args:
        accuracy: By the exact McNemar test, at the observed discordance.
        auroc: By DeLong's test, at the observed correlation.
    """

    accuracy: PValue
    auroc: PValue


@dataclass(frozen=True, slots=True)
class Pair:
    """Two backends on the same studies.

    Args:
        first: Its name.
        second: Its name.
        differences: By endpoint, where both answer.
        right: McNemar's counts: "all" and by class; empty where either does not grade.
        auroc: DeLong's paired comparison.
        answered: McNemar's counts of studies in which nothing failed.
        shifts: Signed ranks by form, of the forms' leading endpoints.
        tests: All tests, each with its family.
        claims: Supported claims, by the name of each tested endpoint.
        detectable: None where either does not grade.
    """

    first: str
    second: str
    differences: tuple[Difference, ...]
    right: Mapping[str, McNemar | NotEstimable]
    auroc: PairedAuroc | NotEstimable
    answered: McNemar | NotEstimable
    shifts: Mapping[Form, SignedRank | NotEstimable]
    tests: tuple[Test, ...]
    claims: Mapping[str, Claim]
    detectable: Detectable | None

    def difference(self, endpoint: Endpoint) -> Measured | None:
        """Look up one endpoint; None where the two do not both answer it."""
        return next((item.value for item in self.differences if item.endpoint == endpoint), None)

    def test(self, family: Family, of: str) -> Test | None:
        """Look up one test."""
        found = (item for item in self.tests if item.family is family and item.of == of)
        return next(found, None)

    def mean_test(self, endpoint: Endpoint) -> Test | None:
        """Look up the test of an endpoint itself."""
        return self.test(Family.LEAD, endpoint.name) or self.test(Family.MEANS, endpoint.name)

    def rank_test(self, endpoint: Endpoint) -> Test | None:
        """Look up the test of its signed ranks."""
        in_lead = self.test(Family.LEAD, ranks_of(endpoint))
        return in_lead or self.test(Family.LOCALISATION, endpoint.name)

    def claim(self, endpoint: Endpoint) -> Claim:
        """Look up the supported claims in an endpoint."""
        return self.claims.get(endpoint.name, Claim(None, None, tested=False))

    def supported(self, endpoint: Endpoint) -> Claim:
        """Derive the claims from tests corrected in their families."""
        mean, ranks = self.mean_test(endpoint), self.rank_test(endpoint)
        difference = self.difference(endpoint)
        shift = self.shifts.get(endpoint.form) if endpoint.form else None
        apart = nearer = 0.0
        if mean is not None and mean.is_significant and isinstance(difference, Estimate):
            apart = difference.value
        if ranks is not None and ranks.is_significant and isinstance(shift, SignedRank):
            nearer = shift.side
        return Claim(
            better=self._of_sign(apart * endpoint.sign),
            typically=self._of_sign(nearer * endpoint.sign),
            tested=any(test is not None and isinstance(test.p, float) for test in (mean, ranks)),
        )

    @property
    def fails_more(self) -> str | None:
        """Return the backend with the significantly higher failure rate; None for neither."""
        test = self.test(Family.LEAD, FAILURES)
        if test is None or not test.is_significant or not isinstance(self.answered, McNemar):
            return None
        return self._of_sign(self.answered.only_second - self.answered.only_first)

    def _of_sign(self, value: float) -> str | None:
        return (self.first if value > 0 else self.second) if value else None
