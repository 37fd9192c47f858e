"""Paired grading of the same studies by several backends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np

from gliobench.domain.comparison.endpoints import AUROC, BRIER, GRADING, Endpoint
from gliobench.domain.comparison.pair import PValue
from gliobench.domain.evaluation.case_table import Cases, CaseTable
from gliobench.domain.evaluation.grading_measures import GradedAnswers
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.metrics import measures
from gliobench.domain.metrics.classification import squared_error
from gliobench.domain.metrics.measures import Measure
from gliobench.domain.statistics.bootstrap import Replicates, resample
from gliobench.domain.statistics.delong import PairedAuroc, compare_aurocs
from gliobench.domain.statistics.estimate import Measured, NotEstimable
from gliobench.domain.statistics.mcnemar import McNemar, mcnemar
from gliobench.domain.statistics.paired_means import compare_means, larger_p
from gliobench.domain.statistics.power import (
    detectable_accuracy_difference,
    detectable_auroc_difference,
)
from gliobench.domain.statistics.rankings import area_under_roc
from gliobench.domain.statistics.sampling import SamplingPlan, numbered
from gliobench.domain.statistics.swapping import swap_test
from gliobench.domain.studies.grading_target import NEGATIVE, POSITIVE

NO_PROBABILITIES = NotEstimable("one of the two gives no probabilities")
NOT_GRADED = NotEstimable("one of the two does not grade")
SAME_ANSWERS = NotEstimable("both are correct on the same studies")
REPEATED = NotEstimable("patients have several studies, and the test treats studies as independent")
NO_BETTER_THAN_CHANCE = NotEstimable("neither is better than chance, or one makes no mistake")


@dataclass(frozen=True, eq=False)
class GradedStudies:
    """What B backends said of the grades of N studies; a failure counts as the wrong grade.

    Args:
        patients: Whose studies they are.
        hgg: (N,) bool, the reference.
        called: By backend, (N,) bool.
        probability: By backend that gives them with every grade, (N,) in [0, 1].
        answered: By backend, (N,) bool.
    """

    patients: tuple[str, ...]
    hgg: BoolArray
    called: Mapping[str, BoolArray]
    probability: Mapping[str, FloatArray]
    answered: Mapping[str, BoolArray]

    @classmethod
    def of(cls, runs: Mapping[str, Cases]) -> GradedStudies:
        """Gather the grades of runs over the same studies, in the same order."""
        tables = {name: CaseTable.of(cases) for name, cases in runs.items()}
        first = next(iter(tables.values()))
        graders = {name: table for name, table in tables.items() if table.asked_grade.any()}
        known = np.logical_and.reduce(
            [first.has_grade, *(table.asked_grade for table in graders.values())]
        )
        probability = {name: table.probability_hgg[known] for name, table in graders.items()}
        return cls(
            patients=tuple(first.patients[known].tolist()),
            hgg=first.hgg[known],
            called={name: table.called_hgg[known] for name, table in graders.items()},
            probability={
                name: given
                for name, given in probability.items()
                if given.size and not np.isnan(given).any()
            },
            answered={name: ~table.failed_grade[known] for name, table in graders.items()},
        )

    @property
    def repeats(self) -> bool:
        """Return whether a patient has more than one study."""
        return len(set(self.patients)) < len(self.patients)

    def part(self, name: str) -> BoolArray:
        """Return which studies are in a part, (N,): in "all", or in a class."""
        return {"all": np.ones_like(self.hgg), POSITIVE: self.hgg, NEGATIVE: ~self.hgg}[name]

    def right(self, name: str) -> BoolArray:
        """Return where a backend is right, (N,)."""
        return np.asarray(self.called[name] == self.hgg)

    def has(self, *names: str) -> bool:
        """Return whether all of them grade."""
        return all(name in self.called for name in names) and bool(self.patients)


@dataclass(frozen=True, eq=False)
class DrawnGrades:
    """Every grading measure of every backend, of the same drawn cohorts."""

    replicates: Replicates
    column: Mapping[tuple[str, Endpoint], int]

    @classmethod
    def of(cls, studies: GradedStudies, *, replicates: int, seed: int) -> DrawnGrades:
        """Draw patients within each grade."""
        names, scored = list(studies.called), list(studies.probability)
        endpoints = [e for e in GRADING if scored or not e.measure.needs_probabilities]
        keys = [
            (name, e)
            for e in endpoints
            for name in (scored if e.measure.needs_probabilities else names)
        ]
        answers = GradedAnswers.of(
            studies.hgg,
            called=np.column_stack(list(studies.called.values())),
            probabilities=list(studies.probability.values()),
        )
        plan = SamplingPlan.of(studies.patients, studies.hgg.tolist())
        drawn = [e.measure for e in endpoints]
        found = resample(
            answers.statistic(drawn),
            plan,
            replicates=replicates,
            seed=seed,
            pulls=answers.pulls(drawn),
        )
        return cls(found, {key: at for at, key in enumerate(keys)})

    def differences(self, first: str, second: str) -> dict[Endpoint, Measured]:
        """Estimate each measure that both have, the first less the second."""
        shared = [e for e in GRADING if {(first, e), (second, e)} <= set(self.column)]
        one, other = (
            self.replicates.pick([self.column[name, e] for e in shared]) for name in (first, second)
        )
        return dict(zip(shared, (one - other).percentile(), strict=True)) if shared else {}


@dataclass(frozen=True, eq=False)
class GradedPair:
    """Two backends of the graded studies, to be compared."""

    studies: GradedStudies
    names: tuple[str, str]

    @property
    def apart(self) -> FloatArray:
        """Return 1 where only the first is right, -1 where only the second is and 0 elsewhere, (N,)."""
        one, other = map(self.studies.right, self.names)
        return one.astype(np.float64) - other

    def right(self) -> dict[str, McNemar | NotEstimable]:
        """Count discordant studies: in all, in HGG and in LGG; empty where either does not grade."""
        if not self.studies.has(*self.names):
            return {}
        one, other = map(self.studies.right, self.names)
        parts = {name: self.studies.part(name) for name in ("all", POSITIVE, NEGATIVE)}
        return {
            name: mcnemar(first_right=one[part], second_right=other[part])
            for name, part in parts.items()
        }

    def right_p(self, part: str, found: McNemar | NotEstimable, *, seed: int) -> PValue:
        """Test accuracy by McNemar's mid-p, or by permutation for repeated patients."""
        if isinstance(found, NotEstimable):
            return found
        if not self.studies.repeats:
            return found.mid_p
        there = self.studies.part(part)
        patients = list(compress(self.studies.patients, there))
        return swap_test(self.apart[there], patients, seed=seed)

    def auroc(self) -> PairedAuroc | NotEstimable:
        """Compare two areas under the ROC curve; no p for repeated patients."""
        if not set(self.names) <= set(self.studies.probability):
            return NO_PROBABILITIES if self.studies.has(*self.names) else NOT_GRADED
        one, other = (self.studies.probability[name] for name in self.names)
        found = compare_aurocs(reference=self.studies.hgg, first=one, second=other)
        if self.studies.repeats and isinstance(found, PairedAuroc):
            return replace(found, p=REPEATED)
        return found

    def p(self, endpoint: Endpoint, *, seed: int) -> PValue:
        """Test a grading endpoint as the primary one: AUROC by DeLong's test, others by permutation."""
        if not self.studies.has(*self.names):
            return NOT_GRADED
        if endpoint == AUROC:
            return p_of(self.auroc())
        if endpoint == BRIER:
            return self._brier_p(seed=seed)
        pulls = self.apart * study_weights(self.studies.hgg, endpoint.measure)
        if np.isnan(pulls).any():
            return NotEstimable("the reference has one grade only")
        return swap_test(pulls, self.studies.patients, seed=seed)

    def _brier_p(self, *, seed: int) -> PValue:
        """Test two means of squared errors; a failure counts as the wrong grade with probability 1."""
        studies = self.studies
        if not set(self.names) <= set(studies.probability):
            return NO_PROBABILITIES
        one, other = (
            squared_error(reference=studies.hgg, probability=studies.probability[name])
            for name in self.names
        )
        failed, lost = (~studies.answered[name] for name in self.names)
        patients = numbered(studies.patients)
        means = compare_means(
            one, other, failed=(failed, lost), worst=BRIER.worst, patients=patients
        )
        return larger_p(swap_test(one - other, studies.patients, seed=seed), means.p)

    def detectable_accuracy(self, right: McNemar | NotEstimable) -> PValue:
        """Find the smallest difference of accuracies detectable by McNemar's exact test."""
        if isinstance(right, NotEstimable):
            return right
        if self.studies.repeats:
            return REPEATED
        apart = right.only_first + right.only_second
        if not apart:
            return SAME_ANSWERS
        return detectable_accuracy_difference(n=right.n, discordance=apart / right.n)

    def detectable_auroc(self, paired: PairedAuroc | NotEstimable) -> PValue:
        """Find the smallest difference of AUROCs detectable by DeLong's test."""
        if isinstance(paired, NotEstimable) or isinstance(paired.p, NotEstimable):
            return p_of(paired)
        if isinstance(paired.correlation, NotEstimable):
            return paired.correlation
        hgg = self.studies.hgg
        area = max(
            area_under_roc(reference=hgg, score=self.studies.probability[name])
            for name in self.names
        )
        if not 0.5 < area < 1 or paired.correlation >= 1:
            return NO_BETTER_THAN_CHANCE
        n_hgg, n_lgg = int(hgg.sum()), int((~hgg).sum())
        return detectable_auroc_difference(
            n_hgg=n_hgg, n_lgg=n_lgg, auroc=area, correlation=paired.correlation
        )


def p_of(found: PairedAuroc | NotEstimable) -> PValue:
    """Return the p of DeLong's test."""
    return found if isinstance(found, NotEstimable) else found.p


def study_weights(hgg: BoolArray, measure: Measure) -> FloatArray:
    """Return the weight of each study's correct grade in the measure; NaN for an absent grade."""
    if measure is measures.ACCURACY:
        return np.full(len(hgg), 1 / len(hgg))
    of_hgg, of_lgg = (
        part / part.sum() if part.any() else np.full(len(hgg), np.nan) for part in (hgg, ~hgg)
    )
    if measure is measures.BALANCED_ACCURACY:
        return np.asarray(of_hgg + of_lgg) / 2
    return np.asarray(of_hgg if measure is measures.SENSITIVITY else of_lgg)
