"""The result of a comparison.

A difference is always the first backend of a pair minus the second. What cannot be estimated is a
`NotEstimable` with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from gliobench.domain.comparison.casebook import Casebook
from gliobench.domain.comparison.distributions import Distribution
from gliobench.domain.comparison.endpoints import Endpoint, PrimaryChoice
from gliobench.domain.comparison.flow import CohortFlow
from gliobench.domain.comparison.report import CohortDescription
from gliobench.domain.comparison.site_audit import SiteAudit
from gliobench.domain.comparison.strata import Stratifier
from gliobench.domain.evaluation.findings import Finding
from gliobench.domain.evaluation.summary import RunSummary
from gliobench.domain.position.bias import PositionBias
from gliobench.domain.position.clouds import Cloud
from gliobench.domain.position.control_responses import Response
from gliobench.domain.predictions.prediction import FailureReason, Form
from gliobench.domain.statistics.curves import Curve
from gliobench.domain.statistics.delong import PairedAuroc
from gliobench.domain.statistics.estimate import LEVEL, Estimate, Measured, NotEstimable
from gliobench.domain.statistics.mcnemar import McNemar
from gliobench.domain.statistics.reliability import Reliability
from gliobench.domain.statistics.wilcoxon import SignedRank

ALPHA = 1 - LEVEL

PValue = float | NotEstimable


class Family(str, Enum):
    """Tests that are corrected together by Holm, over all pairs of backends."""

    LEAD = "first paragraph"
    """The primary endpoint, centre errors of points by mean and by ranks, failure rates, and whether
    answers follow the tumour: all claims of the first paragraph."""
    GRADES = "grades over all studies"
    WITHIN_GRADES = "grades within HGG and within LGG"
    AUROC = "area under the ROC curve"
    LOCALISATION = "localisation, signed ranks"
    MEANS = "localisation, means"


@dataclass(frozen=True, slots=True)
class Test:
    """One test of one pair.

    Args:
        family: The family in which it is corrected.
        of: What is tested, such as "HGG" or "point.error_mm".
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
    """Name the test of an endpoint's signed ranks in the first paragraph's family."""
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
        right: McNemar's counts: "all", "HGG" and "LGG"; empty where either does not grade.
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


@dataclass(frozen=True, slots=True)
class FailureRate:
    """How often a backend failed for one reason, or for any.

    Args:
        reason: None for any.
        n: Studies; one counts once a reason.
        rate: Of all studies, with Wilson's interval.
    """

    reason: FailureReason | None
    n: int
    rate: Measured


@dataclass(frozen=True, slots=True)
class Bias:
    """Position bias of one backend in one form.

    Args:
        form: On the scoring plane.
        measured: Not estimable for too few patients.
        predicted_mm: Centres of its answers, relative to the image centre; at most `SHOWN` of them.
        reference_mm: Those of the tumours in the same studies.
    """

    form: Form
    measured: PositionBias | NotEstimable
    predicted_mm: tuple[tuple[float, float], ...]
    reference_mm: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Arm:
    """One backend of the comparison, over the studies that all of them share.

    Args:
        name: Unique here.
        backend: As in the entry points.
        fingerprint: Hash of all that decides its predictions.
        provenance: As stated by the backend.
        baseline: Whether it answers by a rule, without detecting the tumour.
        n_trained_on: Patients here that it has learned from; None where it does not state that.
        oracle: True where it was shown slices chosen with the reference.
        summary: Its scores, both ways.
        roc: As the AUROC of `summary`, intention-to-treat.
        precision_recall: As the AUPRC of `summary`, intention-to-treat.
        calibration: Of the probabilities it gave.
        distributions: Of its scores of single studies, by endpoint.
        failures: Any failure first, then by reason.
        biases: By form.
        follows: The test of whether its points follow the tumour, or hardly do; see
            `PositionBias.tracking_p`.
        tracking: What is supported of that; None for nothing.
        controls: What it made of altered images; empty where it was not controlled.
    """

    name: str
    backend: str
    fingerprint: str
    provenance: Mapping[str, str]
    baseline: bool
    n_trained_on: int | None
    oracle: bool
    summary: RunSummary
    roc: Curve | NotEstimable
    precision_recall: Curve | NotEstimable
    calibration: Reliability | NotEstimable
    distributions: tuple[Distribution, ...]
    failures: tuple[FailureRate, ...]
    biases: tuple[Bias, ...]
    follows: Test | None
    tracking: Tracking | None
    controls: tuple[Response, ...] = ()


@dataclass(frozen=True, slots=True)
class StratumRow:
    """One backend in one part of the cohort, intention-to-treat.

    Args:
        arm: The backend.
        n: Studies of the part.
        accuracy: Of its grades.
        balanced_accuracy: Not estimable where the part has one grade.
        error_mm: Mean distance of its points on the scoring plane.
    """

    arm: str
    n: int
    accuracy: Measured
    balanced_accuracy: Measured
    error_mm: Measured


@dataclass(frozen=True, slots=True)
class Stratum:
    """One part of the cohort; `edges` of terciles are in `unit`."""

    by: Stratifier
    name: str
    edges: tuple[float, ...]
    unit: str
    rows: tuple[StratumRow, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that a comparison says; a pure function of its runs.

    Args:
        cohort: The studies that all runs have scores of.
        flow: Which studies are counted, and where the others went.
        primary: The endpoint that decides.
        primary_choice: How it was chosen, according to the runs.
        brains: Where the brains lie on the scoring planes; None where that is not known.
        arms: In the order asked for.
        pairs: All pairs of them, the earlier first; none on simulated studies.
        strata: By size, side, eccentricity, grade and site.
        sites: What the site alone gives away.
        findings: What a reader has to know, the gravest first.
        seed: Of all that is drawn.
        replicates: Cohorts drawn.
        versions: Of gliobench and the libraries that computed.
        casebook: Single cases, for readers.
    """

    cohort: CohortDescription
    flow: CohortFlow
    primary: Endpoint
    primary_choice: PrimaryChoice
    brains: Cloud | None
    arms: tuple[Arm, ...]
    pairs: tuple[Pair, ...]
    strata: tuple[Stratum, ...]
    sites: SiteAudit
    findings: tuple[Finding, ...]
    seed: int
    replicates: int
    versions: Mapping[str, str]
    casebook: Casebook = field(default_factory=Casebook)
