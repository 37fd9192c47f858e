"""Print how often intervals hold the truth, and how often tests cry wolf, in simulated cohorts.

    OPENBLAS_NUM_THREADS=1 python docs/results/simulate_coverage.py
    OPENBLAS_NUM_THREADS=1 python docs/results/simulate_coverage.py --by-formula --sizes 50 369

Two backends that are equally good score each study: HGG around 1.5, LGG around 0, with noise of
which half is shared. What lies above 0.75 is called HGG, and the score gives P(HGG). Their errors
in mm are log-normal, of 14 mm on average; where some fail, either fails in 5 % of studies and counts
373 mm there. Areas of 0.98 are of other scores, equally spread in both grades, or in HGG two thirds
as wide as in LGG. The mix of grades is given, as it is for the bootstrap, which draws within
each grade. Shares alone are averaged over truths from 0.5 to 1: at one truth, coverage jumps with
every study more. F1, MCC and AUPRC are compared with
those of endless studies. Areas are bootstrapped up to 369 studies: with 5,000 that would more than
double the time.
"""

import argparse
import platform
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import partial

import numpy as np
import scipy
from scipy.integrate import quad, trapezoid
from scipy.special import expit, ndtr, ndtri
from scipy.stats import norm

from gliobench.domain.metrics.classification import (
    auprc,
    auroc,
    balanced_accuracy,
    f1_hgg,
    f1_lgg,
    mcc,
)
from gliobench.domain.metrics.measures import WORST_MM
from gliobench.domain.statistics.bootstrap import resample
from gliobench.domain.statistics.confusions import CalledGrades
from gliobench.domain.statistics.delong import PairedAuroc, auroc_interval, compare_aurocs
from gliobench.domain.statistics.estimate import Estimate, Interval, Measured
from gliobench.domain.statistics.mcnemar import McNemar, mcnemar
from gliobench.domain.statistics.means import MeasuredValues, estimate_mean
from gliobench.domain.statistics.paired_means import compare_means
from gliobench.domain.statistics.proportions import clopper_pearson, mean_of_proportions, wilson
from gliobench.domain.statistics.rankings import RankedStudies
from gliobench.domain.statistics.sampling import SamplingPlan
from gliobench.domain.statistics.wilcoxon import SignedRank, signed_rank

APART = 1.5
REPLICATES = {50: 999, 369: 499, 5000: 199}
"""Fewer where draws are long; (R + 1)·0.025 is whole in each, so that none is short of a tail."""
PREVALENCES = (0.5, 0.8)
SHARES = 20_000
WRONG_BY_CHANCE = 0.05
AREAS_UP_TO = 1000
"""Studies whose areas are bootstrapped."""
MEAN_MM = 10 * float(np.exp(0.8**2 / 2))
FAILING = 0.05
LARGE = 0.98
Counts = dict[str, list[bool | None]]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=2000)
    parser.add_argument("--by-formula", action="store_true", help="Bootstrap nothing.")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(REPLICATES))
    arguments = parser.parse_args()
    cohorts, start, columns = arguments.cohorts, time.process_time(), {}
    for n in arguments.sizes:
        for prevalence in PREVALENCES:
            columns[f"{n}, {prevalence:.0%}"] = simulate(
                n, prevalence, cohorts, bootstrap=not arguments.by_formula
            )
            print(n, prevalence, f"{time.process_time() - start:.0f} s", file=sys.stderr)
    margin = 1.96 * np.sqrt(0.95 * 0.05 / cohorts)
    print(f"{cohorts:,} cohorts a column; chance moves a 95 % by up to ±{margin:.1%}. In brackets,")
    print("cohorts for which there is no interval or p. Seed 0.")
    for title, tests in (("95 % intervals that hold the truth", False), ("Tests at 5 %", True)):
        print_table(title, columns, tests=tests)
    versions = f"numpy {np.__version__}, scipy {scipy.__version__}"
    print(f"\n{processor()}, Python {platform.python_version()}, {versions};", end=" ")
    print(f"{time.process_time() - start:.0f} s on one core.")


def simulate(n: int, prevalence: float, cohorts: int, *, bootstrap: bool) -> Counts:
    """Draw cohorts of one size; True where an interval holds the truth, or a test rejects it."""
    rng = np.random.default_rng(0)
    hgg = np.arange(n) < round(prevalence * n)
    counts: Counts = defaultdict(list)
    for name, held in shares(rng, int(hgg.sum()), int((~hgg).sum())):
        counts[name] = held
    truth = truths(float(hgg.mean()))
    for seed in range(cohorts):
        noise = np.sqrt(0.5) * (rng.normal(size=(n, 1)) + rng.normal(size=(n, 2)))
        score = APART * hgg[:, None] + noise
        common = rng.normal(size=(n, 1))
        error = 10 * np.exp(0.8 * np.sqrt(0.5) * (common + rng.normal(size=(n, 2))))
        failed = np.random.default_rng((seed, n)).random((n, 2)) < FAILING
        if bootstrap:
            for name, held in bootstrapped(hgg, score, truth, seed=seed):
                counts[name].append(held)
        for name, held in (
            *calculated(hgg, score, error, truth),
            *of_means(error, failed),
            *of_large_areas(hgg, noise[:, 0]),
        ):
            counts[name].append(held)
    return counts


def truths(prevalence: float) -> dict[str, float]:
    """Work out what endless studies would give."""
    right = float(ndtr(APART / 2))
    tp, fn, fp, tn = prevalence * np.array([right, 1 - right, 0, 0]) + (1 - prevalence) * np.array(
        [0, 0, 1 - right, right]
    )
    cut = np.linspace(-9, 11, 40_001)
    found, alarms = norm.sf(cut - APART), norm.sf(cut)
    precision = prevalence * found / (prevalence * found + (1 - prevalence) * alarms)
    return {
        "balanced accuracy": right,
        "MCC": (tp * tn - fp * fn) / np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)),
        "F1 of HGG": 2 * tp / (2 * tp + fp + fn),
        "F1 of LGG": 2 * tn / (2 * tn + fp + fn),
        "Brier": prevalence * squared(True) + (1 - prevalence) * squared(False),
        "AUROC": float(ndtr(APART / np.sqrt(2))),
        "AUPRC": float(-trapezoid(precision, found)),
    }


def squared(hgg: bool) -> float:
    """Integrate the squared error of P(HGG) over one grade."""
    off = (lambda x: 1 - probability(x)) if hgg else probability
    return quad(lambda x: off(x) ** 2 * norm.pdf(x - APART * hgg), -9, 11)[0]


def probability(score: np.ndarray) -> np.ndarray:
    """Turn scores into P(HGG) at even odds."""
    return expit(APART * score - APART**2 / 2)


def shares(rng: np.random.Generator, n_hgg: int, n_lgg: int) -> Iterator[tuple[str, list]]:
    """Count shares whose truth is anywhere from 0.5 to 1."""
    truth = rng.uniform(0.5, 1, (SHARES, 2))
    counts = rng.binomial((n_hgg, n_lgg), truth)
    for name, way in (("Wilson", wilson), ("Clopper-Pearson", clopper_pearson)):
        for column, (grade, n) in enumerate((("sensitivity", n_hgg), ("specificity", n_lgg))):
            found = [ends(way(successes=k, n=n)) for k in range(n + 1)]
            low, high = np.array(found)[counts[:, column]].T
            inside = (low <= truth[:, column]) & (truth[:, column] <= high)
            yield f"{grade}, {name}", inside.tolist()
    held = [
        holds(mean_of_proportions(wilson(successes=a, n=n_hgg), wilson(successes=b, n=n_lgg)), t)
        for (a, b), t in zip(counts.tolist(), truth.mean(axis=1), strict=True)
    ]
    yield "balanced accuracy, from two Wilson", held


def bootstrapped(
    hgg: np.ndarray, score: np.ndarray, truth: dict[str, float], *, seed: int
) -> Iterator[tuple[str, bool | None]]:
    """Bootstrap all measures of the first backend, and their differences from the second."""
    n = len(hgg)
    grades = CalledGrades.of(reference=hgg, called_hgg=score > APART / 2)
    squares = (probability(score) - hgg[:, None]) ** 2
    values = MeasuredValues.of(squares)
    ranked = [RankedStudies.of(reference=hgg, score=item) for item in score.T] * (n <= AREAS_UP_TO)
    names = ["balanced accuracy", "MCC", "F1 of HGG", "F1 of LGG", "Brier"]
    names += ["AUROC", "AUPRC"] * bool(ranked)

    def measure(weights: np.ndarray) -> np.ndarray:
        """Lay both backends' measures side by side."""
        found = grades.confusions(weights)
        pairs = [rate(found) for rate in (balanced_accuracy, mcc, f1_hgg, f1_lgg)]
        areas = [(auroc(item), auprc(item)) for item in (r.rankings(weights) for r in ranked)]
        pairs += [np.column_stack(pair) for pair in zip(*areas, strict=True)]
        pairs.insert(4, values.means(weights))
        return np.hstack(pairs)

    plan = SamplingPlan.of(range(n), hgg.tolist())
    drawn = resample(measure, plan, replicates=REPLICATES[n], seed=seed)
    first, second = (drawn.pick(range(at, 2 * len(names), 2)) for at in (0, 1))
    for way in ("percentile", "bca"):
        for name, measured in zip(names, getattr(first, way)(), strict=True):
            yield f"{name}, {way}", holds(measured, truth[name])
        for name, measured in zip(names, getattr(first - second, way)(), strict=True):
            yield f"difference of {name}, {way}", holds(measured, 0.0)


def calculated(
    hgg: np.ndarray, score: np.ndarray, error: np.ndarray, truth: dict[str, float]
) -> Iterator[tuple[str, bool | None]]:
    """Take the intervals that have a formula, and the tests."""
    yield "AUROC, DeLong", holds(auroc_interval(reference=hgg, score=score[:, 0]), truth["AUROC"])
    areas = compare_aurocs(reference=hgg, first=score[:, 0], second=score[:, 1])
    assert isinstance(areas, PairedAuroc)
    yield "difference of AUROC, DeLong", holds(areas.difference, 0.0)
    yield "test: DeLong", rejects(areas.p)
    ranks = signed_rank(error[:, 0] - error[:, 1])
    assert isinstance(ranks, SignedRank)
    yield "shift of errors, Hodges-Lehmann", holds(ranks.shift, 0.0)
    yield "test: Wilcoxon", rejects(ranks.p)
    right = (score > APART / 2) == hgg[:, None]
    for group, studies in (("all", np.full(len(hgg), True)), ("HGG", hgg), ("LGG", ~hgg)):
        found = mcnemar(first_right=right[studies, 0], second_right=right[studies, 1])
        assert isinstance(found, McNemar)
        yield f"test: McNemar, exact, {group}", rejects(found.exact_p)
        yield f"test: McNemar, mid-p, {group}", rejects(found.mid_p)


def of_means(error: np.ndarray, failed: np.ndarray) -> Iterator[tuple[str, bool | None]]:
    """Take the intervals of means and of their differences."""
    patients, none_failed = np.arange(len(error)), np.zeros(len(error), dtype=bool)
    counted = np.where(failed, WORST_MM, error)
    truth = (1 - FAILING) * MEAN_MM + FAILING * WORST_MM
    yield "mean error", holds(estimate_mean(error[:, 0], patients), MEAN_MM)
    held = holds(estimate_mean(counted[:, 0], patients, failed=failed[:, 0]), truth)
    yield "mean error, 5 % fail", held
    yield "mean error, 5 % fail, of cohorts with a failure", held if failed[:, 0].any() else None
    for name, values, lost in (
        ("", error, (none_failed, none_failed)),
        (", 5 % fail", counted, tuple(failed.T)),
    ):
        means = compare_means(*values.T, failed=lost, worst=WORST_MM, patients=patients)
        yield f"difference of mean error{name}", holds(means.difference, 0.0)
        yield f"test: interval of the mean error{name}", rejects(means.p)


def of_large_areas(hgg: np.ndarray, noise: np.ndarray) -> Iterator[tuple[str, bool | None]]:
    """Take the interval of an area of 0.98."""
    for name, spread in (("", 1.0), (", HGG less spread", 2 / 3)):
        apart = ndtri(LARGE) * np.hypot(1, spread)
        score = np.where(hgg, apart + spread * noise, noise)
        yield (
            f"AUROC of 0.98{name}, DeLong",
            holds(auroc_interval(reference=hgg, score=score), LARGE),
        )


def ends(measured: Measured) -> tuple[float, float]:
    """Return both ends of an interval; NaN for none."""
    if not isinstance(measured, Estimate) or not isinstance(measured.interval, Interval):
        return np.nan, np.nan
    return measured.interval.low, measured.interval.high


def holds(measured: Measured, truth: float) -> bool | None:
    """Return whether an interval holds the truth; None where there is none."""
    low, high = ends(measured)
    return None if np.isnan(low) else bool(low <= truth <= high)


def rejects(p: object) -> bool | None:
    """Return whether a test rejects what is true; None where there is no p."""
    return p <= WRONG_BY_CHANCE if isinstance(p, float) else None


def print_table(title: str, columns: dict[str, Counts], *, tests: bool) -> None:
    """Print one row a method."""
    names = [name for name in next(iter(columns.values())) if name.startswith("test: ") == tests]
    print(f"\n| {title} |", " | ".join(f"n = {column} HGG" for column in columns), "|")
    print("|---" * (len(columns) + 1) + "|")
    for name in sorted(names, key=partial(order, tests=tests)):
        cells = [cell(counts.get(name, [])) for counts in columns.values()]
        print(f"| {name.removeprefix('test: ')} |", " | ".join(cells), "|")


def order(name: str, *, tests: bool) -> tuple[bool, str]:
    """Put differences last."""
    return (not tests and name.startswith(("difference", "shift")), name)


def cell(held: list[bool | None]) -> str:
    """Print a share, and beside it that of cohorts which gave no answer."""
    if not held:
        return ""
    known = [item for item in held if item is not None]
    none = f" ({1 - len(known) / len(held):.1%})" if len(known) < len(held) else ""
    return f"{np.mean(known):.1%}{none}" if known else f"–{none}"


def processor() -> str:
    """Name the machine."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123  no path of ours
            return next(line.split(":")[1].strip() for line in file if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
