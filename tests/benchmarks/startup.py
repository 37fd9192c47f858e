"""How long whole commands take, each in a fresh process; `predict` where a study is named.

python tests/benchmarks/startup.py [../shared/data/brats_full/BraTS20_Training_065]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time

REPEATS = 7
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import gliobench.entrypoints.cli": ["-c", "import gliobench.entrypoints.cli"],
    "gliobench --help": ["-m", "gliobench", "--help"],
    "gliobench predict --help": ["-m", "gliobench", "predict", "--help"],
    "gliobench backends": ["-m", "gliobench", "backends"],
}


def seconds(arguments: list[str]) -> float:
    """Time one fresh process."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Print the median of each."""
    for name, arguments in COMMANDS.items():
        show(name, [seconds(arguments) for _ in range(REPEATS)])
    if sys.argv[1:]:
        show("gliobench predict", [seconds_of_predict(sys.argv[1]) for _ in range(REPEATS)])


def seconds_of_predict(study: str) -> float:
    """Time a prediction into a new folder: mask, picture, page and JSON."""
    with tempfile.TemporaryDirectory() as out:
        return seconds(["-m", "gliobench", "predict", study, "--out", f"{out}/prediction"])


def show(name: str, times: list[float]) -> None:
    """Print a row."""
    sys.stdout.write(f"{name:34s} {statistics.median(times):.2f} s (best {min(times):.2f} s)\n")


if __name__ == "__main__":
    main()
