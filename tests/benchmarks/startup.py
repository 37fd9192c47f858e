"""How long `gliobench --help` and the import of the command line take.

python tests/benchmarks/startup.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

REPEATS = 7
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import gliobench.entrypoints.cli": ["-c", "import gliobench.entrypoints.cli"],
    "gliobench --help": ["-m", "gliobench", "--help"],
    "gliobench predict --help": ["-m", "gliobench", "predict", "--help"],
}


def seconds(arguments: list[str]) -> float:
    """Time one fresh process."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Print the median of each."""
    for name, arguments in COMMANDS.items():
        times = [seconds(arguments) for _ in range(REPEATS)]
        sys.stdout.write(f"{name:34s} {statistics.median(times):.2f} s (best {min(times):.2f} s)\n")


if __name__ == "__main__":
    main()
