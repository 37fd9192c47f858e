"""Time the bootstrap of every measure of several backends, and of their differences.

    python tests/benchmarks/bootstrap.py
    python tests/benchmarks/bootstrap.py --studies 100000 --replicates 1000

Scores are made up. Graded: accuracy, sensitivity, specificity, balanced accuracy, PPV, NPV, both
F1, MCC, AUROC, AUPRC and Brier of every backend. Localised: twelve means of every backend. Then
intervals of all of them, both kinds, and of all differences between two backends.
"""

from __future__ import annotations

import argparse
import platform
import resource
import time
from itertools import combinations

import numpy as np
import scipy
from scipy.special import expit

from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.metrics.classification import auprc, auroc
from gliobench.domain.metrics.measures import GRADING
from gliobench.domain.statistics.bootstrap import Replicates, Statistic, resample
from gliobench.domain.statistics.confusions import CalledGrades
from gliobench.domain.statistics.means import MeasuredValues
from gliobench.domain.statistics.rankings import RankedStudies
from gliobench.domain.statistics.sampling import SamplingPlan

PREVALENCE = 0.794
MEANS = 12


def main() -> None:
    """Draw once, then read all intervals off the draws."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=369)
    parser.add_argument("--backends", type=int, default=5)
    parser.add_argument("--replicates", type=int, default=10_000)
    arguments = parser.parse_args()
    versions = f"numpy {np.__version__}, scipy {scipy.__version__}"
    print(f"{_processor()}, Python {platform.python_version()}, {versions}")
    print(
        f"{f'{arguments.studies:,} studies, {arguments.backends} backends':44}  seconds    CPU seconds"
    )
    start = _now()
    replicates = _resample(arguments.studies, arguments.backends, arguments.replicates)
    _tell(f"{arguments.replicates:,} replicates of {replicates.drawn.shape[1]} measures", start)
    pairs = _differences(replicates, arguments.backends)
    for name in ("percentile", "bca"):
        start = _now()
        found = [one for numbers in (replicates, pairs) for one in getattr(numbers, name)()]
        _tell(f"{len(found)} intervals, {name}", start)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'peak memory, MiB':44} {peak_mib:8.0f}")


def _resample(studies: int, backends: int, replicates: int) -> Replicates:
    rng = np.random.default_rng(0)
    hgg = np.arange(studies) < round(PREVALENCE * studies)
    probability = expit(rng.normal(1.5 * hgg[:, None] - 0.5, 1, (studies, backends)))
    means = rng.lognormal(size=(studies, backends * MEANS))
    plan = SamplingPlan.of(range(studies), hgg.tolist())
    return resample(_measures(hgg, probability, means), plan, replicates=replicates)


def _measures(hgg: BoolArray, probability: FloatArray, means: FloatArray) -> Statistic:
    """Lay measures out in groups of one column a backend."""
    grades = CalledGrades.of(reference=hgg, called_hgg=probability > 0.5)
    ranked = [RankedStudies.of(reference=hgg, score=score) for score in probability.T]
    values = MeasuredValues.of(np.hstack([(probability - hgg[:, None]) ** 2, means]))

    def measure(weights: FloatArray) -> FloatArray:
        confusions = grades.confusions(weights)
        rates = [one.rates(confusions) for one in GRADING if not one.needs_probabilities]
        areas = np.stack([(auroc(r), auprc(r)) for r in (one.rankings(weights) for one in ranked)])
        return np.hstack([*rates, *areas.transpose(1, 2, 0), values.means(weights)])

    return measure


def _differences(replicates: Replicates, backends: int) -> Replicates:
    groups = range(0, replicates.drawn.shape[1], backends)
    pairs = [(g + a, g + b) for g in groups for a, b in combinations(range(backends), 2)]
    first, second = zip(*pairs, strict=True)
    return replicates.pick(first) - replicates.pick(second)


def _tell(what: str, start: tuple[float, float]) -> None:
    seconds, cpu_s = time.perf_counter() - start[0], time.process_time() - start[1]
    print(f"{what:44} {seconds:8.2f} {cpu_s:14.2f}", flush=True)


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123  no path of ours
            names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        return platform.processor() or platform.machine()
    return f"{names[0]}, {len(names)} threads"


if __name__ == "__main__":
    main()
