"""Rivals in a ranking, and the scores by which they are ranked, on the studies that all have scores of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, product

import numpy as np

from gliobench.domain.comparison.endpoints import AUROC, BRIER, Endpoint
from gliobench.domain.comparison.paired_grades import GradedStudies, study_weights
from gliobench.domain.comparison.paired_places import PlacedStudies
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.classification import squared_error
from gliobench.domain.metrics.measures import Measure
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.bootstrap import resample
from gliobench.domain.statistics.normal_limit import Pulls
from gliobench.domain.statistics.rank_methods import RankedScores, RankMethod, ranks
from gliobench.domain.statistics.sampling import Indices, SamplingPlan


@dataclass(frozen=True, eq=False)
class Contest:
    """N studies with scores of A rivals, and how these studies are drawn.

    Args:
        scores: Larger is better.
        plan: Of the bootstrap.
    """

    scores: RankedScores
    plan: SamplingPlan

    @property
    def n(self) -> int:
        """Studies."""
        return self.plan.n_studies

    def drawn(self, method: RankMethod, *, replicates: int, seed: int) -> Indices:
        """Rank the rivals in the cohort, in the first row, and in its resamples.

        Returns:
            (1 + R, A), or no row where resamples would not vary.
        """
        if self.plan.obstacle is not None:
            return np.empty((0, self.scores.scores.shape[1]), dtype=np.intp)
        if method is RankMethod.MEAN:
            return ranks(self._drawn_means(replicates=replicates, seed=seed))
        weights = chain([self.plan.everyone], self.plan.draws(replicates, seed=seed))
        return np.concatenate([self.scores.ranks(method, block) for block in weights])

    def _drawn_means(self, *, replicates: int, seed: int) -> FloatArray:
        together = [range(self.scores.scores.shape[1])]
        found = resample(
            self.scores.means,
            self.plan,
            replicates=replicates,
            seed=seed,
            pulls=Pulls(lambda: [self.scores.pulls()], compared=together),
        )
        return np.vstack([found.observed, found.drawn])


def graded(
    studies: GradedStudies, endpoint: Endpoint, names: Sequence[str], rivals: Rivals
) -> Contest | None:
    """Score grades: right or wrong, a study as important as it is in the endpoint; or by Brier's score.

    Returns:
        None where a study has no score of its own, as for AUROC, or where the measure is undefined.
    """
    if endpoint == AUROC:
        return None
    if endpoint == BRIER:
        given = (studies.probability[name] for name in names)
        columns = [-squared_error(reference=studies.hgg, probability=item) for item in given]
        weights: FloatArray = np.ones(len(studies.hgg))
    else:
        columns = [studies.right(name).astype(np.float64) for name in names]
        weights = study_weights(studies.hgg, endpoint.measure)
    there = weights > 0
    if not there.any():
        return None
    scores = np.column_stack(columns)[there] @ rivals.shares
    patients = np.array(studies.patients, dtype=object)[there].tolist()
    plan = SamplingPlan.of(patients, studies.hgg[there].tolist())
    return Contest(RankedScores(scores, weights[there]), plan)


def placed(
    studies: PlacedStudies, endpoint: Endpoint, names: Sequence[str], rivals: Rivals
) -> Contest | None:
    """Score places; None where no study has a score of all."""
    scores = np.column_stack([studies.scores[name, endpoint] for name in names])
    there = ~np.isnan(scores).any(axis=1)
    if not there.any():
        return None
    ranked = RankedScores.of(endpoint.sign * scores[there] @ rivals.shares)
    return Contest(ranked, SamplingPlan.of(studies.numbers[there].tolist()))


def by_all_regions(
    cases: Mapping[str, CaseTable], measures: Sequence[Measure], numbers: Indices, rivals: Rivals
) -> tuple[Contest, tuple[str, ...]] | None:
    """Score masks by the mean of their ranks in a study by each measure and region.

    Args:
        cases: Scores of the same studies, by backend.
        measures: Of masks.
        numbers: (N,) whose studies they are, by number.
        rivals: Of all of these backends.

    Returns:
        The contest, and the measures by region in which all backends are scored; None without any.
    """
    totals, counts, names = np.zeros((len(numbers), len(rivals))), np.zeros(len(numbers)), []
    for measure, region in product(measures, Region):
        scores = np.column_stack(
            [table.scores(Form.MASK, measure, region) for table in cases.values()]
        )
        there = ~np.isnan(scores).any(axis=1)
        if there.any():
            better = -scores if measure.lower_is_better else scores
            totals[there] += ranks(better[there] @ rivals.shares)
            counts[there] += 1
            names.append(measure.score_name(region))
    known = counts > 0
    if not known.any():
        return None
    mean_ranks: FloatArray = totals[known] / counts[known, None]
    scores_of_studies = RankedScores(-mean_ranks, counts[known])
    return Contest(scores_of_studies, SamplingPlan.of(numbers[known].tolist())), tuple(names)


@dataclass(frozen=True, eq=False)
class Rivals:
    """Backends or families that are ranked against each other.

    Args:
        members: The backends of each of A rivals, by its name.
        shares: (B, A), by which columns of B backends are averaged to those of A rivals.
    """

    members: Mapping[str, tuple[str, ...]]
    shares: FloatArray

    @classmethod
    def of(cls, names: Sequence[str], families: Mapping[str, str]) -> Rivals:
        """Group backends that are of one family, such as folds or seeds of one model.

        Args:
            names: The backends.
            families: The families of backends that have one; a family of one backend goes by its name.
        """
        groups: dict[tuple[str, bool], list[str]] = {}
        for name in names:
            groups.setdefault((families.get(name, name), name in families), []).append(name)
        alone = {group[0] for group in groups.values() if len(group) == 1}
        members = {
            group[0] if len(group) == 1 else _unlike(family, alone): tuple(group)
            for (family, _), group in groups.items()
        }
        shares = np.zeros((len(names), len(members)))
        for column, group in enumerate(members.values()):
            shares[[names.index(name) for name in group], column] = 1 / len(group)
        return cls(members, shares)

    def __len__(self) -> int:
        return len(self.members)


def _unlike(family: str, backends: set[str]) -> str:
    return f"{family} (family)" if family in backends else family
