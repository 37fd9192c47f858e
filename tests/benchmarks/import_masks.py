"""Time and memory of importing masks of full-size studies: python tests/benchmarks/import_masks.py STUDIES.

Links the studies of a folder under new names until there are as many as wanted, moves and shrinks each
reference into a prediction of each arm, and imports the arms one after the other.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter

import nibabel as nib
import numpy as np
from scipy import ndimage

LIBRARIES = ("numpy", "scipy", "nibabel", "pyarrow")


def main() -> None:
    """Measure, and print machine and versions."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        root = Path(scratch)
        origins = _link(options.dataset, root / "studies", options.studies)
        for arm in range(options.arms):
            _predict(origins, root / f"arm{arm}", arm)
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
        print(", ".join(f"{name} {version(name)}" for name in LIBRARIES))
        start = perf_counter()
        for arm in range(options.arms):
            _import(root, arm, options.workers)
        wall_s = perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    core_s, n = used.ru_utime + used.ru_stime, options.arms * options.studies
    print(
        f"{options.arms} arms x {options.studies} studies, {options.workers} workers: {wall_s:.0f} s, "
        f"{core_s / n:.2f} core-seconds each, {used.ru_maxrss / 2**10:.0f} MiB at most"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path, help="folder of studies in BraTS layout")
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--arms", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scratch", type=Path, help="folder for files")
    return parser.parse_args()


def _link(dataset: Path, out: Path, count: int) -> dict[str, Path]:
    """Link studies under new names; return the reference mask of each."""
    folders = sorted(item for item in dataset.iterdir() if item.is_dir())
    masks = {}
    for number, folder in enumerate(islice(cycle(folders), count), start=1):
        name = f"BraTS20_Training_{number:03}"
        (out / name).mkdir(parents=True)
        for file in sorted(folder.glob("*.nii.gz")):
            link = out / name / file.name.replace(folder.name, name)
            link.symlink_to(file.resolve())
            if file.name.endswith("_seg.nii.gz"):
                masks[name] = link
    return masks


def _predict(masks: dict[str, Path], out: Path, arm: int) -> None:
    """Write a mask for each study: the reference, moved by as many voxels as the arm, and eroded."""
    out.mkdir()
    made: dict[Path, bytes] = {}
    for name, file in masks.items():
        whole = file.resolve()
        if whole not in made:
            image = nib.load(whole)
            labels = np.roll(np.asanyarray(image.dataobj).astype(np.uint8), arm, axis=0)
            labels = np.where(ndimage.binary_erosion(labels > 0), labels, 0).astype(np.uint8)
            nib.save(nib.Nifti1Image(labels, image.affine), out / f"{name}.nii.gz")
            made[whole] = (out / f"{name}.nii.gz").read_bytes()
        else:
            (out / f"{name}.nii.gz").write_bytes(made[whole])


def _import(root: Path, arm: int, workers: int) -> None:
    command = [sys.executable, "-m", "gliobench", "--set", "log_level=error", "import"]
    command += [str(root / "studies"), "--name", f"arm{arm}", "--masks", str(root / f"arm{arm}")]
    command += ["--out", str(root / "runs" / str(arm)), "--workers", str(workers)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
