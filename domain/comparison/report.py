"""The content of a report: backends over one cohort, alone and in pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gliobench.domain.comparison.casebook import Casebook
from gliobench.domain.comparison.cohort import CohortDescription, CohortFlow
from gliobench.domain.comparison.distributions import Distribution
from gliobench.domain.comparison.doubt import RiskCoverage, SetCoverage
from gliobench.domain.comparison.endpoints import Endpoint, PrimaryChoice
from gliobench.domain.comparison.metadata_facts import MetadataFacts
from gliobench.domain.comparison.pair import ALPHA, Pair, PValue, Test, Tracking
from gliobench.domain.comparison.ranking import Ranking
from gliobench.domain.comparison.site_audit import SiteAudit
from gliobench.domain.comparison.volumes import VolumeAgreement
from gliobench.domain.evaluation.findings import Finding
from gliobench.domain.evaluation.summary import GradingSummary, RunSummary
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.measures import Measure
from gliobench.domain.position.bias import PositionBias
from gliobench.domain.position.clouds import Cloud
from gliobench.domain.position.control_responses import Response
from gliobench.domain.predictions.prediction import FailureReason, Form
from gliobench.domain.statistics.curves import Curve
from gliobench.domain.statistics.estimate import Measured, NotEstimable
from gliobench.domain.statistics.reliability import Reliability
from gliobench.domain.studies.grading_target import GRADE, GradingTarget


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
    """One backend, over the studies that all arms share.

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
        distributions: Of its scores of single studies, by endpoint and region.
        failures: Any failure first, then by reason.
        biases: By form.
        follows: The test of whether its points follow the tumour, or hardly do; see
            `PositionBias.tracking_p`.
        tracking: What is supported of that; None for nothing.
        controls: What it made of altered images; empty where it was not controlled.
        volumes: Of its masks; None without them.
        doubt: What refusing the least sure masks leaves; None where it states no confidence.
        grade_sets: Of all studies, then by site; empty where it states none.
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
    follows: Test | None = None
    tracking: Tracking | None = None
    controls: tuple[Response, ...] = ()
    volumes: VolumeAgreement | None = None
    doubt: RiskCoverage | None = None
    grade_sets: tuple[SetCoverage, ...] = ()

    @property
    def grading(self) -> GradingSummary | None:
        """Its grades of all studies, intention-to-treat; None where it does not grade."""
        return self.summary.everyone.intention_to_treat.grading

    @property
    def points(self) -> PositionBias | None:
        """The position bias of its points; None where it is not estimable."""
        found = next((bias.measured for bias in self.biases if bias.form is Form.POINT), None)
        return found if isinstance(found, PositionBias) else None


@dataclass(frozen=True, slots=True)
class SubgroupScore:
    """One measure of one backend in one part of the cohort, intention-to-treat.

    Args:
        form: None for grades.
        region: Of a mask.
        measure: Those of the tables whose interval needs no drawing.
        value: Its estimate.
        detectable: The smallest difference from the other parts together that a test finds with a power
            of 80 %.
    """

    form: Form | None
    region: Region | None
    measure: Measure
    value: Measured
    detectable: PValue


@dataclass(frozen=True, slots=True)
class StratumRow:
    """One backend in one part of the cohort, intention-to-treat.

    Args:
        arm: The backend.
        n: Studies of the part.
        accuracy: Of its grades.
        balanced_accuracy: Not estimable where the part has one grade.
        error_mm: Mean distance of its points on the scoring plane.
        n_failed: Studies of the part in which a grade or a form failed.
        scores: Every measure.
    """

    arm: str
    n: int
    accuracy: Measured
    balanced_accuracy: Measured
    error_mm: Measured
    n_failed: int = 0
    scores: tuple[SubgroupScore, ...] = ()


@dataclass(frozen=True, slots=True)
class Stratum:
    """One part of the cohort.

    Args:
        by: The property that defines it: built in, or the heading of a column of the user's table.
        name: Of the part.
        edges: For terciles, the largest value of the first and of the second.
        unit: Of the edges.
        rows: One a backend.
    """

    by: str
    name: str
    edges: tuple[float, ...]
    unit: str
    rows: tuple[StratumRow, ...]


@dataclass(frozen=True, slots=True)
class SubgroupTest:
    """Whether one measure of one backend differs between the parts that a property defines.

    Args:
        by: The property.
        arm: The backend.
        form: None for grades.
        region: Of a mask.
        measure: A mean or a share over studies.
        p: By permutation, over the parts of ten studies or more; see `heterogeneity_tests`.
        adjusted: Corrected by Holm over the properties, for this backend and measure.
    """

    __test__ = False  # pytest

    by: str
    arm: str
    form: Form | None
    region: Region | None
    measure: Measure
    p: PValue
    adjusted: PValue

    @property
    def is_significant(self) -> bool:
        """Return whether the parts differ statistically significantly."""
        return isinstance(self.adjusted, float) and self.adjusted < ALPHA


@dataclass(frozen=True, slots=True)
class Report:
    """All that a report says; a pure function of its runs.

    Args:
        cohort: The studies that all arms have scores of.
        flow: Which studies are counted, and where the others went.
        primary: The endpoint that decides.
        primary_choice: How it was chosen, according to the runs.
        brains: Where the brains lie on the scoring planes; None where that is not known.
        arms: One or more, in the order asked for.
        pairs: All pairs of them, the earlier first; none on simulated studies.
        subgroups: By size, side, eccentricity, grade and site, and by columns of the user's table.
        subgroup_tests: Of every property, backend and measure; none on simulated studies.
        sites: What the site alone gives away.
        findings: What a reader has to know, the gravest first.
        seed: Of all that is drawn.
        replicates: Cohorts drawn.
        versions: Of gliobench and the libraries that computed.
        casebook: Single cases, for readers.
        missing_shards: Parts of the cohort that were left out, as `I-of-N`.
        rankings: By the primary endpoint, by points and of masks in all regions together; none on simulated
            studies.
        date: When the report was made, as YYYY-MM-DD; empty where it is not known.
        metadata: How the user's table was joined; None without one.
        target: What is graded.
    """

    cohort: CohortDescription
    flow: CohortFlow
    primary: Endpoint
    primary_choice: PrimaryChoice
    brains: Cloud | None
    arms: tuple[Arm, ...]
    pairs: tuple[Pair, ...]
    subgroups: tuple[Stratum, ...]
    subgroup_tests: tuple[SubgroupTest, ...]
    sites: SiteAudit
    findings: tuple[Finding, ...]
    seed: int
    replicates: int
    versions: Mapping[str, str]
    casebook: Casebook = field(default_factory=Casebook)
    missing_shards: tuple[str, ...] = ()
    rankings: tuple[Ranking, ...] = ()
    date: str = ""
    metadata: MetadataFacts | None = None
    target: GradingTarget = GRADE

    @property
    def grades(self) -> bool:
        """Return whether any backend grades."""
        return any(arm.grading for arm in self.arms)
