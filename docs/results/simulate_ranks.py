"""How often the interval of a rank holds the true rank, in simulated cohorts.

    OPENBLAS_NUM_THREADS=1 python docs/results/simulate_ranks.py [--cohorts 500]

Five backends, whose errors in mm are log-normal and half shared; the logarithms have means that differ
by steps. The true rank is that in endless studies, with equal backends sharing the better rank. Where
one fails, it is the best otherwise, and fails in 10 % of studies, which count 373 mm: by the mean it is
the last, by the other methods the first.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass

import numpy as np

from gliobench.domain.metrics.measures import WORST_MM
from gliobench.domain.statistics.estimate import LEVEL
from gliobench.domain.statistics.rank_methods import (
    RankedScores,
    RankMethod,
    rank_intervals,
    rank_shares,
)
from gliobench.domain.statistics.sampling import SamplingPlan

SIZES = (20, 50, 100, 300)
RESAMPLES = 499
SPREAD = 0.8
FAILING = 0.1


@dataclass(frozen=True)
class Truth:
    """Means of the logarithms, ranks, and whether the first backend fails now and then."""

    means: tuple[float, ...]
    ranks: tuple[int, ...]
    fails: bool = False

    def by(self, method: RankMethod) -> np.ndarray:
        """Return the true ranks by a method."""
        last = self.fails and method is RankMethod.MEAN
        return np.array([5, 1, 2, 3, 4] if last else self.ranks)

    def draw(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Draw errors of `n` studies, (n, 5)."""
        noise = np.sqrt(0.5) * (rng.normal(size=(n, 1)) + rng.normal(size=(n, 5)))
        errors = 10 * np.exp(np.array(self.means) + SPREAD * noise)
        errors[:, 0] = np.where(self.fails & (rng.random(n) < FAILING), WORST_MM, errors[:, 0])
        return errors


TRUTHS = {
    "steps of 25 %": Truth((0, 0.25, 0.5, 0.75, 1), (1, 2, 3, 4, 5)),
    "steps of 5 %": Truth((0, 0.05, 0.1, 0.15, 0.2), (1, 2, 3, 4, 5)),
    "two are first": Truth((0, 0, 0.25, 0.5, 0.75), (1, 1, 3, 4, 5)),
    "all are equal": Truth((0, 0, 0, 0, 0), (1, 1, 1, 1, 1)),
    "the best fails": Truth((0, 0.25, 0.5, 0.75, 1), (1, 2, 3, 4, 5), fails=True),
}
TABLES = {
    "Intervals that hold the true rank": 0,
    "Cohorts in which all five do": 1,
    "Mean number of ranks in an interval": 2,
    "Cohorts in which one that is not the only first is first in 95 % of resamples": 3,
}


def main() -> None:
    """Print a table for each quantity."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=500)
    cohorts, start = parser.parse_args().cohorts, time.process_time()
    found = {}
    for name, truth in TRUTHS.items():
        for n in SIZES:
            found[name, n] = simulate(truth, n, cohorts)
            print(name, n, f"{time.process_time() - start:.0f} s", file=sys.stderr)
    margin = 1.96 * np.sqrt(LEVEL * (1 - LEVEL) / cohorts)
    print(f"{cohorts:,} cohorts of each size, {RESAMPLES} resamples; chance moves a share of 95 %")
    print(f"of cohorts by up to ±{margin:.1%}. Seed 0.")
    for title, place in TABLES.items():
        print(f"\n| {title} | by |", " | ".join(f"n = {n}" for n in SIZES), "|")
        print("|---" * (len(SIZES) + 2) + "|")
        for name in TRUTHS:
            for method in RankMethod:
                values = [found[name, n][method][place] for n in SIZES]
                cells = [f"{value:.1f}" if place == 2 else f"{value:.1%}" for value in values]
                print(f"| {name} | {method.value} |", " | ".join(cells), "|")
    print(f"\n{time.process_time() - start:.0f} s on one core.")


def simulate(truth: Truth, n: int, cohorts: int) -> dict[RankMethod, np.ndarray]:
    """Average what is found in cohorts, in the order of `TABLES`, by method."""
    rng, plan = np.random.default_rng(0), SamplingPlan.of(range(n))
    sums = {method: np.zeros(len(TABLES)) for method in RankMethod}
    for seed in range(cohorts):
        scores = RankedScores.of(-truth.draw(rng, n))
        weights = np.concatenate(list(plan.draws(RESAMPLES, seed=seed)))
        for method in RankMethod:
            drawn, true = scores.ranks(method, weights), truth.by(method)
            low, high = rank_intervals(drawn).T
            held = (low <= true) & (true <= high)
            alone = (true == 1) & ((true == 1).sum() == 1)
            wrong = (rank_shares(drawn)[:, 0] >= LEVEL) & ~alone
            sums[method] += held.mean(), held.all(), (high - low + 1).mean(), wrong.any()
    return {method: total / cohorts for method, total in sums.items()}


if __name__ == "__main__":
    main()
