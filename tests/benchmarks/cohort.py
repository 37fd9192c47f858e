"""Time a growing cohort: seconds a study and peak memory must not grow with it.

    python tests/benchmarks/cohort.py --sizes 25 50 100 200
    python tests/benchmarks/cohort.py --sizes 100 1000 5000 --spacing 4 --backend centre-prior

Each size runs `gliobench evaluate` over phantoms, written to a folder beforehand, in a process of
its own. Needs the extra `phantom`.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from multiprocessing import Process
from pathlib import Path


def main() -> None:
    """Write the phantoms once, then evaluate them in growing cohorts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[25, 50, 100, 200])
    parser.add_argument("--spacing", type=float, default=2.0, help="of the phantoms, in mm")
    parser.add_argument("--backend", default="cnn-onnx")
    arguments = parser.parse_args()
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{'studies':>8} {'seconds':>8} {'s a study':>10} {'peak MiB':>9}")
    with tempfile.TemporaryDirectory() as temporary:
        studies = Path(temporary) / "phantoms"
        phantoms = Process(
            target=_write_phantoms, args=(studies, max(arguments.sizes), arguments.spacing)
        )
        phantoms.start()  # elsewhere: a peak counts what the parent held when it was started
        phantoms.join()
        for size in arguments.sizes:
            cohort = _first(size, studies, Path(temporary) / f"first-{size}")
            _measure(cohort, Path(temporary) / f"run-{size}", size, arguments.backend)


def _write_phantoms(folder: Path, count: int, spacing_mm: float) -> None:
    from gliobench.adapters.phantom import PhantomStudySource, export_phantoms

    export_phantoms(folder, PhantomStudySource(count, spacing_mm=spacing_mm))


def _first(count: int, studies: Path, cohort: Path) -> Path:
    """Give a dataset of the first studies alone, by links."""
    cohort.mkdir()
    mapping = studies / "name_mapping.csv"
    for place in [*sorted(one for one in studies.iterdir() if one.is_dir())[:count], mapping]:
        (cohort / place.name).symlink_to(place)
    return cohort


def _measure(studies: Path, out: Path, size: int, backend: str) -> None:
    command = [sys.executable, "-m", "gliobench", "evaluate", str(studies)]
    options = ["--backend", backend, "--out", str(out)]
    start = time.perf_counter()
    process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        raise SystemExit(f"evaluate of {size} studies failed")
    peak_mib = usage.ru_maxrss / 1024
    print(f"{size:8} {seconds:8.1f} {seconds / size:10.3f} {peak_mib:9.0f}", flush=True)


if __name__ == "__main__":
    main()
