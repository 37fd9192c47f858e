"""Print what a study costs, and how ten million of them would go; docs/operations.md shows it.

    python docs/results/operations.py DATA/brats_full

Measured, each in a process of its own on one thread: `gliobench evaluate` over few and over more
studies, the listing of a dataset in an object store (moto's server on loopback) as a shard does it and
by `gliobench dataset index`, the opening of that index, and the copying of scores that a merge is.
Simulated: shards on many machines, from these numbers and from what is said
of stores in ASSUMED. Needs the extras `s3` and `dev`.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from gliobench.application.datasets.side_by_side import AT_ONCE
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.entrypoints.container import container

sys.path.append(str(Path(__file__).parents[2] / "tests"))

CORE_HOUR = 0.04
GIB_HOUR = 0.005
"""US dollars, about what clouds ask for a core and a GiB on demand; say yours by flags."""
ASSUMED = {
    "seconds of a LIST request of 1,000 names": 0.15,
    "MiB/s that a pod fetches": 100.0,
    "pods lost in an hour, of a hundred": 1.0,
    "spread of a study's seconds (sigma of log)": 0.25,
}
FILES = 5
"""Of a study: four images and a mask."""
LIST = """
from gliobench.entrypoints.container import container
assert len(container.dataset("{url}").study_ids()) == {count}
"""
OPEN = """
from gliobench.application.evaluate.shards import Shard
from gliobench.entrypoints.container import container
source = container.dataset({place!r})
source.origin(Shard(1, 3).take(source.study_ids())[0])
"""
IMPORT = "from gliobench.entrypoints.container import container; import gliobench.entrypoints.container.indexes"
MILLIONS = 10
SEED = 0
HEAD = "listed by    pods"


@dataclass(frozen=True, slots=True)
class Measured:
    """What this machine said.

    Args:
        start_s: Processor seconds of a process before and after all studies.
        study_s: Processor seconds of a study.
        peak_mib: Of a process.
        study_mib: Read of a study.
        listed_s: Processor seconds to list a study in an object store.
        listed_kib: Memory that it then takes.
        indexed_s: Processor seconds to list a study there in an index.
        indexed_kib: Memory that it then takes.
        opened_s: Processor seconds to open an index, and a shard of it.
        rows_a_second: Scores read and written.
    """

    start_s: float
    study_s: float
    peak_mib: float
    study_mib: float
    listed_s: float
    listed_kib: float
    indexed_s: float
    indexed_kib: float
    opened_s: float
    rows_a_second: float


def main() -> None:
    """Measure, work out, simulate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path, help="at least the larger number of studies")
    parser.add_argument("--studies", type=int, nargs=2, default=[1, 5])
    parser.add_argument("--listed", type=int, nargs=2, default=[200, 1000])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--core-hour", type=float, default=CORE_HOUR)
    parser.add_argument("--gib-hour", type=float, default=GIB_HOUR)
    asked = parser.parse_args()
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    found = measure(asked)
    print_cost(found, core_hour=asked.core_hour, gib_hour=asked.gib_hour)
    print_scale(found)


def measure(asked: argparse.Namespace) -> Measured:
    """Measure everything."""
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        few, more = asked.studies
        short, _ = evaluated(asked.dataset, few, place / "few")
        long, peak = evaluated(asked.dataset, more, place / "more")
        study_s = (long - short) / (more - few)
        listed, indexed, opened_s = listing(place, *asked.listed)
        return Measured(
            start_s=short - few * study_s,
            study_s=study_s,
            peak_mib=peak,
            study_mib=_mib(asked.dataset),
            listed_s=listed[0],
            listed_kib=listed[1],
            indexed_s=indexed[0],
            indexed_kib=indexed[1],
            opened_s=opened_s,
            rows_a_second=copying(place / "more" / "cnn-onnx", place / "copy", asked.rows),
        )


def evaluated(dataset: Path, count: int, out: Path) -> tuple[float, float]:
    """Evaluate in a process of its own.

    Returns:
        Processor seconds, and the peak of memory in MiB.
    """
    options = ["--backend", "cnn-onnx", "--out", str(out), "--limit", str(count)]
    return _spent("-m", "gliobench", "--set", "threads=1", "evaluate", str(dataset), *options)


def listing(
    place: Path, few: int, more: int
) -> tuple[tuple[float, float], tuple[float, float], float]:
    """List datasets in an object store.

    Returns:
        Processor seconds and KiB a study, as a shard lists and in an index; and the seconds to open that.
    """
    from fakes.s3_server import BUCKET, ENVIRONMENT, put, s3_server

    listed, indexed = [], []
    with s3_server(place) as port:
        os.environ |= {**ENVIRONMENT, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
        for count in (few, more):
            for study in (
                f"/{BUCKET}/{count}/S{number:07}/S{number:07}" for number in range(count)
            ):
                for name in ("flair", "t1", "t1ce", "t2", "seg"):
                    put(port, f"{study}_{name}.nii.gz", b"-")
            url, out = f"s3://{BUCKET}/{count}", str(place / f"{count}.parquet")
            listed.append(_spent("-c", LIST.format(url=url, count=count)))
            indexed.append(_spent("-m", "gliobench", "dataset", "index", url, "--out", out))
        opened_s = _spent("-c", OPEN.format(place=out))[0] - _spent("-c", IMPORT)[0]
    return _each(listed, more - few), _each(indexed, more - few), opened_s


def _each(spent: list[tuple[float, float]], count: int) -> tuple[float, float]:
    (short, small), (long, large) = spent
    return (long - short) / count, (large - small) * 1024 / count


def copying(run: Path, copy: Path, rows: int) -> float:
    """Copy scores from run to run, as a merge does.

    Returns:
        Rows a second.
    """
    scores = list(container.run_store(str(run)).scores())
    source, target = (
        container.run_store(str(copy / "source")),
        container.run_store(str(copy / "target")),
    )
    for store in (source, target):
        store.open(container.run_store(str(run)).manifest())
    source.write_scores(islice(_repeated(scores), rows))
    start = time.process_time()
    if sum(1 for _ in source.contents()) != rows:
        raise SystemExit("rows were lost")
    target.write_scores_of([source])
    return rows / (time.process_time() - start)


def _repeated(scores: list[CaseScore]) -> Iterator[CaseScore]:
    number = 0
    while True:
        for score in scores:
            number += 1
            yield replace(score, study_id=f"{score.study_id}-{number:09}")


def _spent(*arguments: str) -> tuple[float, float]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        raise SystemExit(f"failed: {' '.join(arguments)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def _mib(dataset: Path) -> float:
    sizes = [file.stat().st_size for file in dataset.rglob("*.nii*")]
    return sum(sizes) / len({file.parent for file in dataset.rglob("*.nii*")}) / 2**20


def print_cost(found: Measured, *, core_hour: float, gib_hour: float) -> None:
    """Print what was measured, and what a thousand studies cost by it."""
    core_hours = 1000 * found.study_s / 3600
    gib_hours = core_hours * found.peak_mib / 1024
    price = core_hours * core_hour + gib_hours * gib_hour
    print(f"start and end of a process     {found.start_s:8.1f} processor seconds")
    print(f"a study, cnn-onnx              {found.study_s:8.2f} processor seconds")
    print(f"peak of memory                 {found.peak_mib:8.0f} MiB")
    print(f"files of a study               {found.study_mib:8.1f} MiB")
    print(f"a study listed in a store      {1e3 * found.listed_s:8.2f} processor ms")
    print(f"                               {found.listed_kib:8.1f} KiB of memory")
    print(f"the same in an index           {1e3 * found.indexed_s:8.2f} processor ms")
    print(f"                               {found.indexed_kib:8.1f} KiB of memory")
    print(f"an index and a shard opened    {found.opened_s:8.2f} processor seconds")
    print(f"scores merged                  {found.rows_a_second:8.0f} rows a processor second\n")
    print(
        f"1,000 studies: {core_hours:.2f} core-hours, {gib_hours:.2f} GiB-hours, {1000 * found.study_mib / 1024:.0f} GiB read;"
    )
    print(f"at {core_hour} and {gib_hour} dollars an hour: {price:.3f} dollars\n")


def print_scale(found: Measured) -> None:
    """Print how long ten million studies take on ever more pods of one core."""
    for what, value in ASSUMED.items():
        print(f"assumed: {value:g} {what}")
    print(f"\n{MILLIONS} million studies, simulated: hours, and GiB for the list in each pod")
    print(
        f"{HEAD:>16} {'list':>6} {'studies':>8} {'merge':>6} {'all':>8} {'efficiency':>10} {'GiB':>6}"
    )
    for indexed in (False, True):
        for pods in (40, 400, 4000):
            name = "an index" if indexed else "each pod"
            print(f"{name:>9} {pods:6} {simulated(found, pods=pods, indexed=indexed)}")


def simulated(found: Measured, *, pods: int, indexed: bool) -> str:
    """Simulate all pods at once, one core each; the last one merges.

    An index is made by one process before they start, which hold no pod meanwhile.
    """
    random = np.random.default_rng(SEED)
    wait, mib_s, lost, spread = ASSUMED.values()
    studies = MILLIONS * 1_000_000
    requests_s = studies * FILES / 1000 * wait
    once_s = requests_s / AT_ONCE + studies * found.indexed_s if indexed else 0.0
    opened_s = found.opened_s if indexed else requests_s + studies * found.listed_s
    # A study is fetched while another is computed.
    each_s = max(found.study_s, found.study_mib / mib_s)
    # A shard's sum of lognormal times, which for so many is as good as normal.
    sigma = each_s * np.sqrt(np.expm1(spread**2) * studies / pods)
    work_s = random.normal(studies / pods * each_s, sigma, pods)
    again = random.poisson(work_s / 3600 * lost / 100)
    merge_s = studies / found.rows_a_second
    held_s = ((1 + again) * (found.start_s + opened_s) + work_s).max() + merge_s
    listed_s = once_s if indexed else opened_s
    hours = [item / 3600 for item in (listed_s, work_s.max(), merge_s, once_s + held_s)]
    efficiency = studies * each_s / (pods * held_s)
    gib = 0.0 if indexed else studies * found.listed_kib / 2**20
    return "{:6.1f} {:8.1f} {:6.1f} {:8.1f} {:10.2f} {:6.1f}".format(*hours, efficiency, gib)


if __name__ == "__main__":
    main()
