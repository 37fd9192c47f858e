"""How long whole commands take, each in a fresh process; `predict` where a study is named.

    python tests/benchmarks/startup.py ../shared/data/brats_full/BraTS20_Training_065 --beside ../before

Every command is run once a round, with `--beside` also by the source of another checkout, in turn.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parents[2]
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import gliobench.entrypoints.cli": ["-c", "import gliobench.entrypoints.cli"],
    "gliobench --help": ["-m", "gliobench", "--help"],
    "gliobench predict --help": ["-m", "gliobench", "predict", "--help"],
    "gliobench backends": ["-m", "gliobench", "backends"],
}


def main() -> None:
    """Print the median of each: mask, picture, page and JSON are what `predict` writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", nargs="?")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--beside", type=Path, help="another checkout")
    asked = parser.parse_args()
    checkouts = [HERE, *([asked.beside.resolve()] if asked.beside else [])]
    commands = dict(COMMANDS)
    if asked.study:
        commands["gliobench predict"] = ["-m", "gliobench", "predict", asked.study]
    taken: dict[tuple[str, Path], list[tuple[float, float]]] = {}
    for _ in range(asked.rounds):
        for name, arguments in commands.items():
            for checkout in checkouts:
                taken.setdefault((name, checkout), []).append(seconds(arguments, checkout))
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for checkout in checkouts:
        print(f"{'here' if checkout == HERE else 'beside':34s}   wall    best  processor")
        for name in commands:
            wall, processor = zip(*taken[name, checkout], strict=True)
            print(
                f"{name:34s} {statistics.median(wall):4.2f} s  {min(wall):4.2f} s  "
                f"{statistics.median(processor):4.2f} s"
            )


def seconds(arguments: list[str], checkout: Path) -> tuple[float, float]:
    """Time one fresh process, by the clock and by the processor; what it writes goes to a new folder."""
    environment = {**os.environ, "PYTHONPATH": str(checkout / "src")}
    with tempfile.TemporaryDirectory() as folder:
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(
            [sys.executable, *arguments],
            check=True,
            capture_output=True,
            cwd=folder,
            env=environment,
        )
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return wall, used


if __name__ == "__main__":
    main()
