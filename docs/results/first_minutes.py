"""Print what a stranger types and sees in the first minutes, by the clock.

    python docs/results/first_minutes.py

A fresh environment, the wheel, `gliobench demo`, and masks of one's own scored against references. The
masks stand for those of another tool: the references of the demo's phantoms, their surface taken off. The
wheel is made from this checkout first, which is not counted; packages come from the index that pip is
set to, and its cache is not used.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nibabel
import numpy as np
from scipy.ndimage import binary_erosion

CHECKOUT = Path(__file__).parents[2]
NOTHING, BEGINNING, END = slice(0), slice(15), slice(-8, None)
"""Lines of what a command printed."""


def main() -> None:
    """Make the wheel, and print the transcript."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        wheel = ["wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(CHECKOUT)]
        subprocess.run([sys.executable, "-m", "pip", *wheel], check=True)
        (made,) = folder.glob("*.whl")
        print(f"\nin all: {transcript(folder, made.name):.0f} s")


def transcript(folder: Path, wheel: str) -> float:
    """Run and print the commands; return their seconds."""
    spent = typed(folder, f"{Path(sys.executable).name} -m venv new")
    spent += typed(folder, f"new/bin/pip install --quiet --no-cache-dir {wheel}")
    print(f"  {size_mb(folder / 'new'):.0f} MB, pip among them")
    spent += typed(folder, "new/bin/gliobench demo", shown=END)
    write_masks(folder / "gliobench-demo" / "studies", folder)
    return spent + typed(folder, "new/bin/gliobench score references masks", shown=BEGINNING)


def typed(folder: Path, command: str, *, shown: slice = NOTHING) -> float:
    """Run a command, print it, its seconds and a part of what it printed."""
    start = time.perf_counter()
    variables = {**os.environ, "COLUMNS": "100", "PYTHONPATH": ""}
    done = subprocess.run(
        command.split(), cwd=folder, env=variables, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    print(f"\n$ {command}\n  [{seconds:.1f} s]")
    for line in done.stdout.splitlines()[shown]:
        print(f"  {line}".rstrip())
    if done.returncode:
        raise SystemExit(f"{command} failed:\n{done.stderr}")
    return seconds


def size_mb(folder: Path) -> float:
    """Add up the files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def write_masks(studies: Path, folder: Path) -> None:
    """Write references, and masks without the outermost voxels of the whole tumour."""
    for name in ("references", "masks"):
        (folder / name).mkdir()
    for file in studies.rglob("*_seg.nii.gz"):
        image = nibabel.load(file)
        labels = np.asarray(image.dataobj)
        inner = np.where(binary_erosion(labels != 0), labels, 0).astype(labels.dtype)
        nibabel.save(image, folder / "references" / file.name)
        nibabel.save(nibabel.Nifti1Image(inner, image.affine), folder / "masks" / file.name)


if __name__ == "__main__":
    main()
