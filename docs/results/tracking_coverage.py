"""How often the interval of the tracking index holds the truth, in simulated cohorts.

    python docs/results/tracking_coverage.py [--cohorts 1000]

Tumours lie in two hemispheres; an answer is the tumour's place by some share, and for the rest a
place near the middle; some answers lie at the centre whatever the tumour. The true index is that of
400,000 patients. The program gives no interval for fewer than 40 patients, which is why.
"""

from __future__ import annotations

import argparse

import numpy as np

from gliobench.domain.position.tracking import tracking_index
from gliobench.domain.statistics.bootstrap import resample
from gliobench.domain.statistics.estimate import Estimate, Interval
from gliobench.domain.statistics.sampling import SamplingPlan

PATIENTS = (20, 30, 40, 50, 100)
KINDS = ((0.0, 0.0), (0.05, 0.0), (0.5, 0.0), (0.9, 0.0), (0.9, 0.1), (0.95, 0.05))
"""Share of the tumour's place, and of answers that lie at the centre."""


def cohort(
    rng: np.random.Generator, n: int, share: float, stray: float
) -> tuple[np.ndarray, np.ndarray]:
    side = rng.choice([-1.0, 1.0], n)
    tumours = np.column_stack([side * rng.normal(30, 10, n), rng.normal(0, 30, n)])
    answers = share * tumours + (1 - share) * rng.normal(0, 20, (n, 2))
    answers[rng.random(n) < stray] = 0.0
    return tumours, answers


def truth(rng: np.random.Generator, share: float, stray: float) -> float:
    if not share:
        return 0.0
    tumours, answers = cohort(rng, 400_000, share, stray)
    own = np.linalg.norm(tumours - answers, axis=1).mean()
    others = [np.linalg.norm(np.roll(tumours, by, 0) - answers, axis=1).mean() for by in (1, 7, 77)]
    return float(1 - own / np.mean(others))


def holds(tumours: np.ndarray, answers: np.ndarray, true: float, seed: int) -> tuple[bool, float]:
    statistic = tracking_index(predicted=answers, reference=tumours)
    plan = SamplingPlan.of(range(len(tumours)))
    found = resample(statistic, plan, replicates=499, seed=seed).bca()[0]
    assert isinstance(found, Estimate)
    assert isinstance(found.interval, Interval)
    return found.interval.low <= true <= found.interval.high, found.value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=1000)
    count = parser.parse_args().cohorts
    rng = np.random.default_rng(1)
    print(
        "| patients | share | at the centre | true index | mean index | coverage of 95 % |\n"
        "|---|---|---|---|---|---|"
    )
    for n in PATIENTS:
        for share, stray in KINDS:
            true = truth(rng, share, stray)
            found = [holds(*cohort(rng, n, share, stray), true, seed) for seed in range(count)]
            hits, values = zip(*found, strict=True)
            print(
                f"| {n} | {share} | {stray:.0%} | {true:.3f} | {np.mean(values):.3f} "
                f"| {np.mean(hits):.1%} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
