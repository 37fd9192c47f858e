"""Summary of the scores of one run over a cohort, counted in two ways.

Intention-to-treat counts every study: a failed grade is the wrong grade, a failed localisation
scores worst (see `scores`). Answered-only excludes failures, and reports their number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.classification import ConfusionMatrix
from gliobench.domain.metrics.measures import Measure
from gliobench.domain.predictions.prediction import FailureReason, Form
from gliobench.domain.statistics.estimate import Measured
from gliobench.domain.studies.study import Grade


@dataclass(frozen=True, slots=True)
class GradingSummary:
    """Grades over a set of studies.

    Args:
        n: Studies counted.
        n_failed: Those among them that got no grade.
        confusion: Of the positive class, and of the other.
        measures: AUROC, AUPRC and Brier are there where every answer has a probability.
        always_hgg: Accuracy of answering the positive class each time: its prevalence.
    """

    n: int
    n_failed: int
    confusion: ConfusionMatrix
    measures: Mapping[Measure, Measured]
    always_hgg: Measured

    @property
    def commoner(self) -> Grade:
        """The grade of most studies; HGG where they are as many."""
        hgg, lgg = self._counts
        return Grade.HGG if hgg >= lgg else Grade.LGG

    @property
    def no_skill(self) -> float | None:
        """Accuracy of answering the commoner grade each time; None without studies."""
        counts = self._counts
        return max(counts) / sum(counts) if any(counts) else None

    @property
    def _counts(self) -> tuple[int, int]:
        found = self.confusion
        hgg = found.true_positive + found.false_negative
        return hgg, found.true_negative + found.false_positive


@dataclass(frozen=True, slots=True)
class Spread:
    """How the distances of single studies are spread.

    Args:
        quartiles: In mm, of all studies counted: a quarter, half and three quarters lie within.
        n_worst: Studies that count as `WORST_MM`: failures, and masks of which just one is empty.
    """

    quartiles: tuple[float, float, float]
    n_worst: int

    @property
    def median(self) -> float:
        """Half of the studies lie within so many millimetres."""
        return self.quartiles[1]


@dataclass(frozen=True, slots=True)
class FormSummary:
    """One form of localisation over a set of studies.

    Args:
        form: In the volume, or on the scoring plane.
        region: The part of a mask; None for other forms.
        n: Studies counted.
        n_failed: Those among them that got no answer.
        measures: Means and proportions.
        spreads: Of the measures in millimetres, which a few `WORST_MM` move far.
        n_not_found: Those among them with a tumour of which the answer is that there is none; they
            score worst.
        n_empty: Those among them whose reference lacks the region; see `empties` for their scores.
    """

    form: Form
    region: Region | None
    n: int
    n_failed: int
    measures: Mapping[Measure, Measured]
    spreads: Mapping[Measure, Spread] = field(default_factory=dict)
    n_not_found: int = 0
    n_empty: int = 0


@dataclass(frozen=True, slots=True)
class DetectionSummary:
    """Whether a tumour is found where there is one, and none where there is none.

    Args:
        region: The part of a mask; None for answers of any form on the whole study.
        n_with: Studies counted whose reference shows it.
        n_without: Studies counted whose reference says that it is not there.
        n_failed: Studies that got no answer.
        sensitivity: Share of the first in which something of it was found.
        specificity: Share of the second in which nothing of it was found.
        false_positive_mm3: Mean volume that was predicted in the second, those with none included.
        largest_false_positive_mm3: The maximum; None without masks.
    """

    region: Region | None
    n_with: int
    n_without: int
    n_failed: int
    sensitivity: Measured
    specificity: Measured
    false_positive_mm3: Measured
    largest_false_positive_mm3: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """Scores over a set of studies, counted in one way.

    Args:
        grading: None where nothing was graded.
        localisation: A row a form; three rows for a mask; empty where nothing was localised.
        detection: Empty where nothing was localised, or no study is annotated.
    """

    grading: GradingSummary | None
    localisation: tuple[FormSummary, ...]
    detection: tuple[DetectionSummary, ...] = ()


@dataclass(frozen=True, slots=True)
class BothWays:
    """The same scores with failures as the worst answer, and without them."""

    intention_to_treat: Summary
    answered_only: Summary


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One backend over one cohort.

    Args:
        n_studies: All studies of the cohort.
        n_failed: Studies in which a grade or a form failed.
        failures: Studies by reason; a study counts once a reason.
        everyone: Over all studies.
        mixed_sites: Over the sites that sent both grades, where a site does not give the grade
            away; None where there is no such site.
    """

    n_studies: int
    n_failed: int
    failures: Mapping[FailureReason, int]
    everyone: BothWays
    mixed_sites: BothWays | None
