"""Print how often a report claims what is false, in simulated cohorts.

    OPENBLAS_NUM_THREADS=1 python docs/results/simulate_claims.py --out claims.json

Errors of points are log-normal and half shared between backends; a failure counts as 373 mm, both
backends failing alone or together as it comes. Places follow from the errors, the direction is
random. Grades are those of `simulate_coverage.py`, 80 % HGG, equally good in every scenario. The
program's own functions decide the claims: `compare_pairs`, `draw_claims` and the tracking index.

A claim is false where endless studies of the kind say otherwise: of means with each failure counted
as 373 mm, of the pseudo-median of the differences for the typical study, of rates of failure, of
balanced accuracy, and of the tracking index. Claims about all pairs are counted, not of the first
alone, which is all that the paragraph prints. Results are kept as they come; a second call goes on.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import scipy
from simulate_coverage import APART, processor

from gliobench.domain.comparison.arms import BootstrapOptions
from gliobench.domain.comparison.build_report import draw_claims, tracking_claim
from gliobench.domain.comparison.endpoints import BALANCED_ACCURACY, POINT_ERROR
from gliobench.domain.comparison.pair import ALPHA, TRACKING, Family, Pair, Test, Tracking
from gliobench.domain.comparison.paired_grades import DrawnGrades, GradedStudies
from gliobench.domain.comparison.paired_places import PlacedStudies
from gliobench.domain.comparison.pairs import ComparedStudies, FailedStudies, compare_pairs
from gliobench.domain.position.bias import estimate_tracking
from gliobench.domain.position.tracking import FOLLOWS, HARDLY, tracking_index
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.bootstrap import resample
from gliobench.domain.statistics.estimate import Estimate
from gliobench.domain.statistics.sampling import SamplingPlan
from gliobench.domain.statistics.wilcoxon import SignedRank

WORST_MM = POINT_ERROR.worst
DRAWS = BootstrapOptions(replicates=100)
"""Of differences of balanced accuracy, of which the claims take the sign alone."""
INDEX_DRAWS = 199
MANY = 400_000
COHORTS = {50: 1000, 369: 1000}


@dataclass(frozen=True)
class Made:
    """A backend: the mean of its answers' errors in mm, their spread on the log scale, its failures."""

    mean_mm: float
    spread: float = 0.8
    fails: float = 0.0

    @classmethod
    def whose_mean_is(cls, mean_mm: float, *, fails: float = 0.0, spread: float = 0.8) -> Made:
        """Make one whose mean error is that with each failure counted as 373 mm."""
        answers = (mean_mm - fails * WORST_MM) / (1 - fails)
        return cls(answers, spread, fails)

    @property
    def counted_mm(self) -> float:
        """The mean error with failures."""
        return (1 - self.fails) * self.mean_mm + self.fails * WORST_MM


TRACKING_AT_BOUND_MM = 33.31
"""Mean error at which the index is 0.5."""
SCENARIOS: dict[str, tuple[Made, ...]] = {
    "equal, no failures": (Made(15),) * 2,
    "equal, both fail in 2 %": (Made(15, fails=0.02),) * 2,
    "equal, both fail in 5 %": (Made(15, fails=0.05),) * 2,
    "equal means, the first fails in 2 %": (Made.whose_mean_is(30, fails=0.02), Made(30)),
    "equal means, the first fails in 5 %": (Made.whose_mean_is(30, fails=0.05), Made(30)),
    "equal means, 5 % and 2 % fail": (
        Made.whose_mean_is(30, fails=0.05),
        Made.whose_mean_is(30, fails=0.02),
    ),
    "first worse by 4 mm, no failures": (Made(19), Made(15)),
    "first worse by 4 mm, it fails in 2 %": (Made.whose_mean_is(34, fails=0.02), Made(30)),
    "first worse by 4 mm, it fails in 5 %": (Made.whose_mean_is(34, fails=0.05), Made(30)),
    "first worse by 4 mm, both fail in 5 %": (
        Made(15 + 4 / 0.95, fails=0.05),
        Made(15, fails=0.05),
    ),
    "equal means, unequal tails": (Made(15, spread=1.1), Made(15, spread=0.5)),
    "equal, index at its bound": (Made(TRACKING_AT_BOUND_MM),) * 2,
    "five equal ones that fail in 5 %": (Made(15, fails=0.05),) * 5,
    "first worse by 8 mm, no failures": (Made(23), Made(15)),
    "first worse by 40 mm, no failures": (Made(55), Made(15)),
    "first fails in 25 %, second in 2 %": (Made(15, fails=0.25), Made(15, fails=0.02)),
}


def main() -> None:
    """Simulate what is not there yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("claims.json"))
    parser.add_argument("--share", type=float, default=1.0, help="Of the cohorts.")
    parser.add_argument("--only-print", action="store_true")
    arguments = parser.parse_args()
    done = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    for n, cohorts in COHORTS.items():
        for name, backends in SCENARIOS.items():
            key = f"{n}, {name}"
            if key not in done and not arguments.only_print:
                start = time.process_time()
                count = round(cohorts * arguments.share * 2 / len(backends))
                found = simulate(n, backends, count)
                done[key] = {"cohorts": count, "s": time.process_time() - start, **found}
                arguments.out.write_text(json.dumps(done, indent=1))
    print_tables(done)


def simulate(n: int, backends: tuple[Made, ...], cohorts: int) -> Counter[str]:
    """Count cohorts in which something is claimed, and in which something false is."""
    counts: Counter[str] = Counter()
    truth = [sides(item, other) for at, item in enumerate(backends) for other in backends[at + 1 :]]
    indices = [index_of(backend) for backend in backends]
    for seed in range(cohorts):
        pairs, indexed = compared(n, backends, np.random.default_rng((seed, n)))
        seen = {claim for at, pair in enumerate(pairs) for claim in claimed(pair, *truth[at])}
        seen |= {claim for at, test in enumerate(indexed) for claim in tracked(*test, indices[at])}
        counts.update(seen)
        counts["any false"] += any(claim.endswith("false") for claim in seen)
        counts["old rule, false"] += any(old_rule(p, *truth[at]) for at, p in enumerate(pairs))
    return counts


def compared(
    n: int, backends: tuple[Made, ...], rng: np.random.Generator
) -> tuple[tuple[Pair, ...], list[tuple[Test, Estimate]]]:
    """Draw a cohort, and let the program compare the backends."""
    names, numbers = tuple("ABCDE"[: len(backends)]), np.arange(n)
    scores, failed = errors_mm(backends, n, rng)
    tumours = places(n, rng)
    hgg = numbers < round(0.8 * n)
    shared = rng.normal(size=(n, 1))
    noise = np.sqrt(0.5) * (shared + rng.normal(size=(n, len(backends))))
    called = APART * hgg[:, None] + noise > APART / 2
    graded = GradedStudies(
        patients=tuple(map(str, range(n))),
        hgg=hgg,
        called=dict(zip(names, called.T, strict=True)),
        probability={},
        answered=dict.fromkeys(names, np.full(n, True)),
    )
    placed = PlacedStudies(
        numbers,
        {(name, POINT_ERROR): column for name, column in zip(names, scores.T, strict=True)},
        {(name, Form.POINT): column for name, column in zip(names, failed.T, strict=True)},
    )
    studies = ComparedStudies(
        names=names,
        grades=graded,
        drawn=DrawnGrades.of(graded, replicates=DRAWS.replicates, seed=0),
        places=placed,
        means=placed.means([(a, b) for at, a in enumerate(names) for b in names[at + 1 :]], seed=0),
        failed=FailedStudies(numbers, dict(zip(names, failed.T, strict=True))),
    )
    followed = [
        follows(tumours[~lost], errors[~lost], rng)
        for errors, lost in zip(scores.T, failed.T, strict=True)
    ]
    tests, pairs = draw_claims(
        [test for test, _ in followed],
        compare_pairs(studies, BALANCED_ACCURACY, seed=0),
        BALANCED_ACCURACY,
    )
    return pairs, [(test, index) for test, (_, index) in zip(tests, followed, strict=True)]


def errors_mm(
    backends: tuple[Made, ...], n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw (n, B) errors and failures."""
    shared = rng.normal(size=(n, 1))
    normal = np.sqrt(0.5) * (shared + rng.normal(size=(n, len(backends))))
    mean, spread, fails = np.array(
        [(backend.mean_mm, backend.spread, backend.fails) for backend in backends]
    ).T
    errors = np.minimum(mean * np.exp(spread * normal - spread**2 / 2), WORST_MM)
    failed = rng.random((n, len(backends))) < fails
    return np.where(failed, WORST_MM, errors), failed


def places(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw (n, 2) tumours in two hemispheres."""
    side = rng.choice([-1.0, 1.0], n)
    return np.column_stack([side * rng.normal(30, 10, n), rng.normal(0, 30, n)])


def follows(
    tumours: np.ndarray, errors: np.ndarray, rng: np.random.Generator
) -> tuple[Test, Estimate]:
    """Measure the tracking index of answers that are so far off."""
    answers = off(tumours, errors, rng)
    statistic = tracking_index(predicted=answers, reference=tumours)
    plan = SamplingPlan.of(range(len(tumours)))
    drawn = resample(statistic, plan, replicates=INDEX_DRAWS)
    index, p = estimate_tracking(drawn, len(tumours))
    assert isinstance(index, Estimate)
    return Test(Family.LEAD, TRACKING, p, p), index


def off(tumours: np.ndarray, errors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Answer so far off the tumours, in any direction."""
    turn = rng.uniform(0, 2 * np.pi, len(errors))
    return tumours + errors[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])


@cache
def index_of(backend: Made) -> float:
    """Work out the index of endless studies."""
    rng = np.random.default_rng(0)
    tumours, (errors, _) = (
        places(MANY, rng),
        errors_mm((Made(backend.mean_mm, backend.spread),), MANY, rng),
    )
    answers = off(tumours, errors[:, 0], rng)
    others = [np.linalg.norm(np.roll(tumours, by, 0) - answers, axis=1).mean() for by in (1, 7, 77)]
    return float(1 - errors.mean() / np.mean(others))


@cache
def sides(one: Made, other: Made) -> tuple[int, int, int]:
    """Return the truly better backend by mean, in the typical study, and in failures: 1 for the first."""
    mean = np.sign(round(other.counted_mm - one.counted_mm, 9))
    fails = np.sign(other.fails - one.fails)
    typical = 0
    if one != other:
        errors, _ = errors_mm((one, other), MANY, np.random.default_rng(0))
        apart = errors[:, 0] - errors[:, 1]
        typical = -int(np.sign(np.median(apart + np.roll(apart, 1))))
    return int(mean), typical, int(fails)


def claimed(pair: Pair, mean: int, typical: int, fails: int) -> Iterator[str]:
    """Name what is claimed of two backends, and whether it is true."""
    point, graded = pair.claim(POINT_ERROR), pair.claim(BALANCED_ACCURACY)
    fewer = {pair.first: pair.second, pair.second: pair.first}.get(pair.fails_more or "")
    for name, winner, true in (
        ("on average", point.better, mean),
        ("typical study", point.typically, typical),
        ("failures", fewer, fails),
        ("grades", graded.better, 0),
    ):
        if winner is not None:
            yield f"{name}, {'true' if true == (1 if winner == pair.first else -1) else 'false'}"


def tracked(test: Test | None, index: Estimate, true: float) -> Iterator[str]:
    """Name what is claimed of one backend's answers, and whether it is true."""
    claim = tracking_claim(index, test)
    if claim is not None:
        is_true = true > FOLLOWS + 2e-3 if claim is Tracking.FOLLOWS else true < HARDLY - 1e-3
        yield f"tracking, {'true' if is_true else 'false'}"


def old_rule(pair: Pair, mean: int, _: int, __: int) -> bool:
    """Return whether Wilcoxon's test and the sign of the mean alone name the wrong one, or one of equals."""
    ranks, difference = pair.shifts[Form.POINT], pair.difference(POINT_ERROR)
    assert isinstance(ranks, SignedRank)
    assert isinstance(difference, Estimate)
    if ranks.p >= ALPHA or ranks.shift.value * difference.value <= 0:
        return False
    return mean != (1 if difference.value < 0 else -1)


def print_tables(done: dict[str, dict[str, float]]) -> None:
    """Print a row a scenario: false claims first, then true ones."""
    kinds = ("on average", "typical study", "failures", "grades", "tracking")
    for n in COHORTS:
        head = [f"n = {n}", "**any false claim**", *(f"{kind}: false" for kind in kinds)]
        head += ["old rule: false", "on average: true", "typical study: true", "failures: true"]
        print("\n|", " | ".join(head), "|")
        print("|---" * len(head) + "|")
        for name in SCENARIOS:
            if (row := done.get(f"{n}, {name}")) is not None:
                print(f"| {name} |", " | ".join(cells(row, kinds)), "|")
    total = sum(row["s"] for row in done.values())
    print(f"\n{processor()}, Python {platform.python_version()}, numpy {np.__version__},", end=" ")
    print(f"scipy {scipy.__version__}; {total:.0f} s on one core.")


def cells(row: dict[str, float], kinds: tuple[str, ...]) -> Iterator[str]:
    """Print shares of cohorts; of any false claim with twice the simulation's own error."""
    cohorts = row["cohorts"]
    share = row.get("any false", 0) / cohorts
    error = 1.96 * np.sqrt(max(share, 1 / cohorts) * (1 - share) / cohorts)
    yield f"**{share:.1%} ± {error:.1%}**"
    names = [f"{kind}, false" for kind in kinds] + ["old rule, false"]
    names += [f"{kind}, true" for kind in kinds[:3]]
    yield from (f"{row.get(name, 0) / cohorts:.1%}" for name in names)


if __name__ == "__main__":
    main()
