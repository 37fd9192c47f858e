"""Association of grade with acquisition site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, lgamma

import numpy as np

from gliobench.domain.evaluation.case_table import Cases, CaseTable
from gliobench.domain.metrics.classification import ConfusionMatrix
from gliobench.domain.statistics.estimate import Measured, NotEstimable
from gliobench.domain.statistics.proportions import mean_of_proportions, wilson
from gliobench.domain.studies.study import Grade

ROUNDING = 1e-6
"""Of numbers of studies."""
SiteTable = Mapping[str, Mapping[Grade, int]]


@dataclass(frozen=True, slots=True)
class SiteAudit:
    """Sites and grades of a cohort, over the studies of which both are known.

    Args:
        counts: Studies by site, in alphabetical order, and grade; every grade is there.
        n_unknown: Studies without a site or a grade.
        association: Cramér's V, corrected for bias: 0.0 where grades are alike at all sites, 1.0
            where the site decides; without an interval.
        site_only: The grades of a guesser who knows nothing but the site: see `guess_by_site`.
        accuracy: Its accuracy.
        balanced_accuracy: The mean of its sensitivity and specificity.
        mixed: The sites that sent both grades, where a site gives nothing away for certain.
        mixed_grades: Studies of the mixed sites by grade.
    """

    counts: SiteTable
    n_unknown: int
    association: float | NotEstimable
    site_only: ConfusionMatrix
    accuracy: Measured
    balanced_accuracy: Measured
    mixed: frozenset[str]
    mixed_grades: Mapping[Grade, int]

    @property
    def n_one_grade(self) -> int:
        """Studies of sites that sent one grade only."""
        return sum(map(sum, self._totals)) - sum(self.mixed_grades.values())

    @property
    def is_confounded(self) -> bool:
        """Return whether the site decides the grade of half of the studies for which chance does not.

        A site of a single study has one grade whatever the site.
        """
        totals = self._totals
        n_hgg, n_lgg = (sum(column) for column in zip(*totals, strict=True)) if totals else (0, 0)
        by_chance = sum(
            (hgg + lgg)
            * (_all_drawn(hgg + lgg, n_hgg, n_lgg) + _all_drawn(hgg + lgg, n_lgg, n_hgg))
            for hgg, lgg in totals
        )
        others = n_hgg + n_lgg - by_chance
        return others > ROUNDING and 2 * (self.n_one_grade - by_chance) >= others

    @property
    def _totals(self) -> list[tuple[int, int]]:
        return [(grades[Grade.HGG], grades[Grade.LGG]) for grades in self.counts.values()]


def audit_sites(cases: Cases) -> SiteAudit:
    """Lay a cohort out by site and grade; `cases` are of any one run."""
    table = CaseTable.of(cases)
    facts = zip(table.sites, table.reference_grades, table.patients, strict=True)
    known = [
        (site, grade, patient)
        for site, grade, patient in facts
        if site is not None and grade is not None
    ]
    counted = Counter((site, grade) for site, grade, _ in known)
    counts = {
        site: {grade: counted[site, grade] for grade in Grade}
        for site in sorted({site for site, *_ in known})
    }
    guesses = guess_by_site(known)
    guessed = ConfusionMatrix.of(reference=[grade for _, grade, _ in known], prediction=guesses)
    mixed = frozenset(site for site, grades in counts.items() if all(grades.values()))
    tp, fn = guessed.true_positive, guessed.false_negative
    fp, tn = guessed.false_positive, guessed.true_negative
    return SiteAudit(
        counts=counts,
        n_unknown=len(table) - len(known),
        association=cramers_v(counts),
        site_only=guessed,
        accuracy=wilson(successes=tp + tn, n=len(known)),
        balanced_accuracy=mean_of_proportions(
            wilson(successes=tp, n=tp + fn), wilson(successes=tn, n=tn + fp)
        ),
        mixed=mixed,
        mixed_grades={grade: sum(counts[site][grade] for site in mixed) for grade in Grade},
    )


def _all_drawn(size: int, of: int, others: int) -> float:
    """Return the probability that all of `size` studies, drawn from two kinds, are of the first."""
    if size > of:
        return 0.0
    n = of + others
    return exp(lgamma(of + 1) - lgamma(of - size + 1) - lgamma(n + 1) + lgamma(n - size + 1))


def guess_by_site(known: Sequence[tuple[str, Grade, str]]) -> list[Grade]:
    """Predict each study's grade from its site alone.

    A majority that depends on one patient does not count: a site of one patient would reveal that
    patient's grade. Studies are not predicted leave-one-patient-out, because at a site with equal counts
    this would bias every prediction to the wrong side.

    Args:
        known: Site, grade and patient of each study.

    Returns:
        The more common grade of the site's studies, if it is so without any one patient; otherwise that
        of all studies, likewise; otherwise HGG.
    """
    at_site: dict[str, list[tuple[Grade, str]]] = {}
    for site, grade, patient in known:
        at_site.setdefault(site, []).append((grade, patient))
    commoner = _sure_lead([(grade, patient) for _, grade, patient in known]) or Grade.HGG
    guesses = {site: _sure_lead(studies) or commoner for site, studies in at_site.items()}
    return [guesses[site] for site, _, _ in known]


def _sure_lead(studies: Sequence[tuple[Grade, str]]) -> Grade | None:
    """Return the more common grade; None for a tie, or for one that depends on one patient."""
    leads: Counter[str] = Counter()
    for grade, patient in studies:
        leads[patient] += 1 if grade is Grade.HGG else -1
    total = sum(leads.values())
    if all(total > lead for lead in leads.values()):
        return Grade.HGG
    return Grade.LGG if all(total < lead for lead in leads.values()) else None


def cramers_v(counts: SiteTable) -> float | NotEstimable:
    """Measure the association of site and grade.

    Returns:
        In [0, 1]; not estimable with one site or one grade.

    Source: Bergsma, "A bias-correction for Cramér's V and Tschuprow's T", J Korean Stat Soc 2013.
    """
    table = np.array([[grades[grade] for grade in Grade] for grades in counts.values()])
    if len(table) < 2:
        return NotEstimable("fewer than two sites are known")
    n, rows, columns = float(table.sum()), table.sum(axis=1), table.sum(axis=0)
    if not columns.all():
        return NotEstimable("all studies are of one grade")
    expected = np.outer(rows, columns) / n
    phi2 = float(((table - expected) ** 2 / expected).sum()) / n
    sites, grades = len(rows), len(columns)
    corrected = max(0.0, phi2 - (sites - 1) * (grades - 1) / (n - 1))
    sides = (side - (side - 1) ** 2 / (n - 1) for side in (sites, grades))
    most = min(sides) - 1
    if most <= 0:
        return NotEstimable("every site has one study")
    return min(1.0, float(np.sqrt(corrected / most)))
