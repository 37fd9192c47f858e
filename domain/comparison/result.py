"""Which of several backends is better, where, and how sure that is: the values.

A difference is always of the first backend of a pair less the second. What cannot be told is a
`NotEstimable` with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from gliobench.domain.comparison.distributions import Distribution
from gliobench.domain.comparison.endpoints import Endpoint, PrimaryChoice
from gliobench.domain.comparison.flow import CohortFlow
from gliobench.domain.comparison.site_audit import SiteAudit
from gliobench.domain.comparison.strata import Stratifier
from gliobench.domain.evaluation.casebook import Casebook
from gliobench.domain.evaluation.findings import Finding
from gliobench.domain.evaluation.report import CohortDescription
from gliobench.domain.evaluation.summary import RunSummary
from gliobench.domain.position.bias import PositionBias
from gliobench.domain.position.clouds import Cloud
from gliobench.domain.position.equivariance import Response
from gliobench.domain.prediction import FailureReason, Form
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

    PRIMARY = "primary endpoint"
    GRADES = "grades over all studies"
    WITHIN_GRADES = "grades within HGG and within LGG"
    AUROC = "area under the ROC curve"
    LOCALISATION = "localisation"


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


class Verdict(str, Enum):
    """What a test tells of two backends."""

    APART = "the one with the better mean is better"
    OPEN = "not told apart"
    TORN = "mean and median disagree"
    UNTESTED = "no test"


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
        accuracy: By McNemar's mid-p, at the observed discordance.
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
        shifts: Signed ranks by form, of the forms' leading endpoints.
        tests: All tests, each with its family.
        detectable: None where either does not grade.
    """

    first: str
    second: str
    differences: tuple[Difference, ...]
    right: Mapping[str, McNemar | NotEstimable]
    auroc: PairedAuroc | NotEstimable
    shifts: Mapping[Form, SignedRank | NotEstimable]
    tests: tuple[Test, ...]
    detectable: Detectable | None

    def difference(self, endpoint: Endpoint) -> Measured | None:
        """Look up one endpoint; None where the two do not both answer it."""
        return next((one.value for one in self.differences if one.endpoint == endpoint), None)

    def test(self, family: Family, of: str) -> Test | None:
        """Look up one test."""
        found = (one for one in self.tests if one.family is family and one.of == of)
        return next(found, None)

    def verdict(self, endpoint: Endpoint, family: Family) -> Verdict:
        """Say what a corrected test tells of who is better in an endpoint.

        Signed ranks tell who is nearer in the typical study. Where means say otherwise, for far
        misses and failures weigh on them, nobody is better.
        """
        test = self.test(family, endpoint.name)
        if test is None or not isinstance(test.p, float):
            return Verdict.UNTESTED
        if not test.tells_apart:
            return Verdict.OPEN
        torn = family is Family.LOCALISATION and not self._agree(endpoint)
        return Verdict.TORN if torn else Verdict.APART

    def _agree(self, endpoint: Endpoint) -> bool:
        """Tell whether the means and the median shift point the same way."""
        mean, ranks = self.difference(endpoint), endpoint.form and self.shifts.get(endpoint.form)
        return (
            isinstance(mean, Estimate)
            and isinstance(ranks, SignedRank)
            and mean.value * ranks.shift.value > 0
        )


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
