"""Whether a backend knows when it is wrong: refused masks, and sets of grades."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gliobench.domain.evaluation.case_table import Cases, CaseTable
from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.measures import DICE
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.curves import CORNERS
from gliobench.domain.statistics.estimate import Measured
from gliobench.domain.statistics.proportions import wilson
from gliobench.domain.statistics.risk_coverage import aurc, risks_by_coverage

POOR_DICE = 0.7
"""Dice below which a mask counts as poor."""
LEAST_SURE = 5
"""One in so many is refused in the tables: the least sure fifth."""
REVERSED, CHANCE = -0.5, 3
"""Spearman's ρ of confidences that may be uncertainties, and how many standard deviations it is from 0."""
FEWEST = 5
"""Masks from which a curve is drawn at least."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is left where the least sure masks are refused.

    Args:
        refused: Their share.
        dice: Mean Dice of the others.
        poor: Share of the others with a Dice below `POOR_DICE`.
    """

    refused: float
    dice: float
    poor: float


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """Masks of one backend, refused in the order of the confidence that it states.

    Args:
        region: Whose Dice is counted.
        n: Masks with a confidence and a Dice; failures are left out.
        aurc: Mean over all coverages of 1 - Dice; see `aurc`. Refusing at random: 1 - mean Dice.
        everything: Without a refusal.
        four_fifths: Without the least sure fifth, rounded down to whole studies.
        curve: By growing share refused; at most `CORNERS` of them.
    """

    region: Region
    n: int
    aurc: float
    everything: Refusal
    four_fifths: Refusal
    curve: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class SetCoverage:
    """How often the sets of grades of one backend hold the reference's.

    Args:
        site: Where; None for all studies together.
        n: Studies with a set and a reference grade.
        stated: The coverage that the sets state.
        covered: Share of the sets that hold the grade.
        covered_negative: Of the negative class alone.
        covered_positive: Of the positive class alone.
        n_one: Sets of one grade.
        n_both: Sets of both, which decide nothing.
        n_neither: Empty sets.
    """

    site: str | None
    n: int
    stated: float
    covered: Measured
    covered_negative: Measured
    covered_positive: Measured
    n_one: int
    n_both: int
    n_neither: int


def risk_coverage(cases: Cases) -> RiskCoverage | None:
    """Refuse masks in the order of their confidence; None where fewer than `FEWEST` state one."""
    table = CaseTable.of(cases)
    region = table.localised
    dice = table.scores(Form.MASK, DICE, region)
    there = ~np.isnan(dice) & ~np.isnan(table.confidence) & ~table.failed(Form.MASK)
    n = int(there.sum())
    if n < FEWEST:
        return None
    confidence, loss = table.confidence[there], 1 - dice[there]
    poor = (dice[there] < POOR_DICE).astype(np.float64)
    risks = risks_by_coverage(confidence=confidence, loss=loss)
    poors = risks_by_coverage(confidence=confidence, loss=poor)

    def keeping(kept: int) -> Refusal:
        return Refusal(1 - kept / n, 1 - float(risks[kept - 1]), float(poors[kept - 1]))

    shown = np.unique(np.linspace(1, n, min(n, CORNERS)).round().astype(np.intp))[::-1]
    return RiskCoverage(
        region=region,
        n=n,
        aurc=aurc(confidence=confidence, loss=loss),
        everything=keeping(n),
        four_fifths=keeping(n - n // LEAST_SURE),
        curve=tuple(keeping(int(kept)) for kept in shown),
    )


def confidence_is_reversed(cases: Cases) -> bool:
    """Return whether the surer of two masks is, as a rule, the worse one: Spearman's ρ is far below zero."""
    table = CaseTable.of(cases)
    dice = table.scores(Form.MASK, DICE, table.localised)
    there = ~np.isnan(dice) & ~np.isnan(table.confidence) & ~table.failed(Form.MASK)
    ranks = [
        np.unique(values[there], return_inverse=True)[1] for values in (dice, table.confidence)
    ]
    if not all(np.ptp(item) if item.size else 0 for item in ranks):
        return False
    rho = float(np.asarray(np.corrcoef(ranks))[0, 1])
    return rho < REVERSED and -rho * (there.sum() - 1) ** 0.5 > CHANCE


def set_coverage(cases: Cases) -> list[SetCoverage]:
    """Count how often sets hold the grade: in all studies, then at each site; empty without sets."""
    table = CaseTable.of(cases)
    there = table.has_grade & ~np.isnan(table.set_coverage)
    if not there.any():
        return []
    sites = sorted({site for site in table.sites[there].tolist() if site is not None})
    parts = [(None, there), *((site, there & (table.sites == site)) for site in sites)]
    return [_coverage(table, site, part) for site, part in parts]


def _coverage(table: CaseTable, site: str | None, part: BoolArray) -> SetCoverage:
    sets, hgg = table.grade_sets[part], table.hgg[part]
    right, sizes = np.where(hgg, sets[:, 1], sets[:, 0]), sets.sum(axis=1)
    covered, of_lgg, of_hgg = (
        wilson(successes=int(right[which].sum()), n=int(which.sum()))
        for which in (np.ones_like(hgg), ~hgg, hgg)
    )
    return SetCoverage(
        site=site,
        n=int(part.sum()),
        stated=float(table.set_coverage[part].min()),
        covered=covered,
        covered_negative=of_lgg,
        covered_positive=of_hgg,
        n_one=int((sizes == 1).sum()),
        n_both=int((sizes == 2).sum()),
        n_neither=int((sizes == 0).sum()),
    )
