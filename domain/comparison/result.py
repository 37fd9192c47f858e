"""Which of several backends is better, where, and how sure that is: the values.

A difference is always of the first backend of a pair less the second. What cannot be told is a
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
    """Tests that are corrected together, over all pairs of backends, by Holm."""

    LEAD = "first paragraph"
    """The primary endpoint, centre errors of points by mean and by ranks, failure rates, and whether
    answers follow the tumour: all that the first paragraph may claim."""
    GRADES = "grades over all studies"
    WITHIN_GRADES = "grades within HGG and within LGG"
    AUROC = "area under the ROC curve"
    LOCALISATION = "localisation, signed ranks"
    MEANS = "localisation, means"


@dataclass(frozen=True, slots=True)
class Test:
    """One test of one pair.

    Args:
        family: What it is corrected with.
        of: What is tested, such as "HGG" or "point.error_mm".
        p: Two-sided, as it is.
        adjusted: Corrected over the family, to be held against `ALPHA`.
    """

    __test__ = False  # pytest

    family: Family
    of: str
    p: PValue
    adjusted: PValue

    @property
    def tells_apart(self) -> bool:
        """Tell whether the two differ by more than chance explains."""
        return isinstance(self.adjusted, float) and self.adjusted < ALPHA


def ranks_of(endpoint: Endpoint) -> str:
    """Name the test of an endpoint's signed ranks in the first paragraph's family."""
    return f"{endpoint.name}, ranks"


FAILURES = "failures"
TRACKING = "tracking_index"


class Verdict(str, Enum):
    """What is supported of two backends in one endpoint."""

    APART = "better"
    TYPICAL = "better in the typical study, no claim about the mean"
    OPEN = "not told apart"
    TORN = "mean and median disagree"
    UNTESTED = "no test"


class Tracking(str, Enum):
    """What is supported of one backend's points."""

    FOLLOWS = "follows the tumour"
    HARDLY = "hardly follows the tumour"


@dataclass(frozen=True, slots=True)
class Claim:
    """What may be said of who is better in an endpoint.

    Args:
        better: Who is better by the endpoint itself: a mean by its own interval and by swaps, with
            as many failures as the exact intervals of their rates hold; a share or an area by its
            test. None for neither.
        typically: Who is better in the typical study: Wilcoxon's test, Hodges and Lehmann's shift
            and most studies that differ say so. None for neither, or where ranks are not tested.
        tested: Whether any test was made.
    """

    better: str | None
    typically: str | None
    tested: bool = True

    @property
    def verdict(self) -> Verdict:
        """Sum it up."""
        if not self.tested:
            return Verdict.UNTESTED
        if self.better and self.typically and self.better != self.typically:
            return Verdict.TORN
        if self.better:
            return Verdict.APART
        return Verdict.TYPICAL if self.typically else Verdict.OPEN

    @property
    def winner(self) -> str | None:
        """Who is better, at least in the typical study; None where nobody is, or both are."""
        return None if self.verdict is Verdict.TORN else self.better or self.typically


@dataclass(frozen=True, slots=True)
class Difference:
    """What two backends differ by in one endpoint, intention-to-treat.

    Args:
        endpoint: Which.
        value: The first less the second, over patients drawn in pairs.
    """

    endpoint: Endpoint
    value: Measured


@dataclass(frozen=True, slots=True)
class Detectable:
    """The smallest differences that so many studies would show four times in five, before Holm.

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
        claims: What is supported of who is better, by the name of each endpoint that is tested.
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
        return next((one.value for one in self.differences if one.endpoint == endpoint), None)

    def test(self, family: Family, of: str) -> Test | None:
        """Look up one test."""
        found = (one for one in self.tests if one.family is family and one.of == of)
        return next(found, None)

    def mean_test(self, endpoint: Endpoint) -> Test | None:
        """Look up the test of an endpoint itself."""
        return self.test(Family.LEAD, endpoint.name) or self.test(Family.MEANS, endpoint.name)

    def rank_test(self, endpoint: Endpoint) -> Test | None:
        """Look up the test of its signed ranks."""
        in_lead = self.test(Family.LEAD, ranks_of(endpoint))
        return in_lead or self.test(Family.LOCALISATION, endpoint.name)

    def claim(self, endpoint: Endpoint) -> Claim:
        """Look up what is supported of who is better in an endpoint."""
        return self.claims.get(endpoint.name, Claim(None, None, tested=False))

    def supported(self, endpoint: Endpoint) -> Claim:
        """Decide it, by tests corrected in their families."""
        mean, ranks = self.mean_test(endpoint), self.rank_test(endpoint)
        difference = self.difference(endpoint)
        shift = self.shifts.get(endpoint.form) if endpoint.form else None
        apart = nearer = 0.0
        if mean is not None and mean.tells_apart and isinstance(difference, Estimate):
            apart = difference.value
        if ranks is not None and ranks.tells_apart and isinstance(shift, SignedRank):
            nearer = shift.side
        return Claim(
            better=self._of_sign(apart * endpoint.sign),
            typically=self._of_sign(nearer * endpoint.sign),
            tested=any(test is not None and isinstance(test.p, float) for test in (mean, ranks)),
        )

    @property
    def fails_more(self) -> str | None:
        """Name the backend that fails in more studies; None where that is not sure."""
        test = self.test(Family.LEAD, FAILURES)
        if test is None or not test.tells_apart or not isinstance(self.answered, McNemar):
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
    """What one backend's answers in one form owe to the tumour.

    Args:
        form: On the scoring plane.
        measured: Not estimable for too few patients.
        predicted_mm: Middles of its answers, from the image's middle; at most `SHOWN` of them.
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
        provenance: As it tells.
        baseline: Whether it answers by a rule, without looking for a tumour.
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
        primary_choice: How that was chosen, as far as the runs record.
        brains: Where the brains lie on the scoring planes; None where that is not known.
        arms: In the order asked for.
        pairs: Every two of them, the earlier first; none on simulated studies.
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
