"""How often the heterogeneity test of subgroups finds a difference where there is none.

    python docs/results/simulate_subgroups.py [COHORTS]

Prints the table of docs/results/subgroups.md: the rate of p < 0.05 over simulated cohorts in which all
subgroups have the same mean, beside that of the F test, which takes scores for normal.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.stats import f_oneway

from gliobench.domain.statistics.heterogeneity import heterogeneity_tests

WORST_MM = 373.13
SHUFFLES = 399


class Cohort(NamedTuple):
    """Scores of N studies without a difference between the subgroups."""

    scores: np.ndarray
    parts: np.ndarray
    patients: np.ndarray
    classes: np.ndarray | None = None


def errors(sizes: list[int], rate: float, rng: np.random.Generator) -> Cohort:
    """Draw skewed errors in mm, of which a share are failures."""
    parts = np.repeat(np.arange(len(sizes)), sizes)
    scores = rng.lognormal(2, 1, len(parts))
    failed = rng.random(len(parts)) < rate
    return Cohort(np.where(failed, WORST_MM, scores), parts, np.arange(len(parts)))


def spreads(sizes: list[int], rng: np.random.Generator) -> Cohort:
    """Draw Dice of one mean, four times as variable in the first subgroup."""
    parts = np.repeat(np.arange(len(sizes)), sizes)
    scores = 0.7 + np.where(parts == 0, 0.2, 0.05) * rng.uniform(-1, 1, len(parts))
    return Cohort(scores, parts, np.arange(len(parts)))


def grades(
    sizes: list[int], sensitivity: float, specificity: float, share: float, rng: np.random.Generator
) -> Cohort:
    """Draw right and wrong grades of a grader, with another share of positives in the first subgroup."""
    parts = np.repeat(np.arange(len(sizes)), sizes)
    positive = rng.random(len(parts)) < np.where(parts == 0, share / 2, share)
    right = rng.random(len(parts)) < np.where(positive, sensitivity, specificity)
    return Cohort(right.astype(float), parts, np.arange(len(parts)), positive.astype(np.intp))


def traded(sizes: list[int], rng: np.random.Generator) -> Cohort:
    """Draw grades of one balanced accuracy, by another threshold in the first subgroup."""
    parts = np.repeat(np.arange(len(sizes)), sizes)
    positive = rng.random(len(parts)) < 0.6
    first = np.where(positive, 0.95, 0.65)
    right = rng.random(len(parts)) < np.where(parts == 0, first, 0.8)
    return Cohort(right.astype(float), parts, np.arange(len(parts)), positive.astype(np.intp))


def visits(sizes: list[int], rng: np.random.Generator) -> Cohort:
    """Draw errors of patients with three visits each, most of whose spread is the patient's."""
    parts = np.repeat(np.repeat(np.arange(len(sizes)), sizes), 3)
    patients = np.arange(len(parts)) // 3
    own = rng.lognormal(2, 1, patients.max() + 1)[patients]
    return Cohort(own * rng.lognormal(0, 0.2, len(parts)), parts, patients)


ROWS: dict[str, Callable[[np.random.Generator], Cohort]] = {
    "errors, no failure, 10 + 10": lambda rng: errors([10, 10], 0.0, rng),
    "errors, 5 % failures, 10 + 30": lambda rng: errors([10, 30], 0.05, rng),
    "errors, 20 % failures, 10 + 10 + 60": lambda rng: errors([10, 10, 60], 0.2, rng),
    "errors, 5 % failures, 12 × 6 sites": lambda rng: errors([12] * 6, 0.05, rng),
    "unequal spread, 10 + 50": lambda rng: spreads([10, 50], rng),
    "unequal spread, 60 + 20 + 20": lambda rng: spreads([60, 20, 20], rng),
    "grades, 0.9 / 0.7, 10 + 30": lambda rng: grades([10, 30], 0.9, 0.7, 0.8, rng),
    "grades, 0.98 / 0.9, 40 + 80 + 120": lambda rng: grades([40, 80, 120], 0.98, 0.9, 0.8, rng),
    "grades, 0.95 / 0.65 and 0.8 / 0.8, 40 + 40": lambda rng: traded([40, 40], rng),
    "three visits a patient, 10 + 20": lambda rng: visits([10, 20], rng),
}


def p_values(cohort: Cohort, seed: int) -> tuple[float, float]:
    """Test by permutation, and by F; a test that cannot be made finds nothing."""
    (p,) = heterogeneity_tests(
        cohort.scores[:, None],
        parts=cohort.parts,
        patients=cohort.patients,
        classes=cohort.classes,
        shuffles=SHUFFLES,
        seed=seed,
    )
    groups = [cohort.scores[cohort.parts == part] for part in np.unique(cohort.parts)]
    with np.errstate(all="ignore"):
        classical = float(f_oneway(*groups).pvalue) if np.ptp(cohort.scores) else 1.0
    return (p if isinstance(p, float) else 1.0), classical


def main(cohorts: int) -> None:
    """Print a row a scenario."""
    print("| no difference in | permutation | F test |\n|---|---|---|")
    for at, (name, draw) in enumerate(ROWS.items()):
        rng = np.random.default_rng(at)
        found = np.array([p_values(draw(rng), seed) for seed in range(cohorts)])
        own, classical = (found < 0.05).mean(axis=0)
        print(f"| {name} | {100 * own:.1f} % | {100 * classical:.1f} % |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
