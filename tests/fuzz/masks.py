"""Two folders of masks for `gliobench score`, one of them damaged."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import nibabel as nib
import numpy as np

from fuzz.ground import SHAPE, STUDIES, Ground, copied
from fuzz.harness import Hostile
from fuzz.mutations import HOSTILE_TEXTS, damaged_bytes

FOLDERS = ("references", "predictions")
VALUES = (-1.0, 0.5, 3.0, 255.0, 1e30, float("nan"), float("inf"))
OPTIONS = ("--labels", "--prediction-labels", "--measures", "--pattern", "--reference-pattern")


def masks(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage a mask or a folder, or give an option that means nothing."""
    for folder in FOLDERS:
        for study in STUDIES:
            seg = ground.studies / study / f"{study}_seg.nii.gz"
            copied(seg, here / folder / f"{study}.nii.gz")
    folder = here / rng.choice(FOLDERS)
    path = folder / f"{STUDIES[0]}.nii.gz"
    command = ["score", "{here}/references", "{here}/predictions", "--labels", "brats-2020"]
    way = rng.randrange(7)
    if way == 0:
        what, content = damaged_bytes(rng, path.read_bytes())
        path.write_bytes(content)
    elif way == 1:
        what, content = damaged_bytes(rng, gzip.decompress(path.read_bytes()))
        path.write_bytes(gzip.compress(content, 1))
    elif way == 2:
        what = _labels(rng, path)
    elif way == 3:
        what = "another grid"
        affine = np.diag([rng.choice((1e-3, 0.5, 4.0, 900.0))] * 3 + [1.0])
        shape = rng.choice(((1, 1, 1), (2, 300, 1), SHAPE[::-1]))
        nib.save(nib.Nifti1Image(np.ones(shape, np.uint8), affine), path)
    elif way == 4:
        what = "names"
        name = rng.choice((*HOSTILE_TEXTS, ".hidden", "a b", "seg", "x" * 200)).replace("/", "_")
        path.rename(folder / f"{name.replace(chr(0), '')[:200] or 'x'}.nii.gz")
    elif way == 5:
        what = "two of one study"
        copied(path, folder / f"{STUDIES[0]}_pred.nii.gz")
    else:
        option, value = rng.choice(OPTIONS), rng.choice(HOSTILE_TEXTS).replace("\0", "")
        what = f"{option} {value[:20]!r}"
        command += [option, value]
    more = rng.choice(((), ("--json",), ("--out", "out"), ("--resample",), ("--measures", "")))
    return Hostile((*command, *more), f"{folder.name}: {what}")


def _labels(rng: random.Random, path: Path) -> str:
    image = nib.load(path)
    values = np.asarray(image.dataobj).astype(np.float32)
    value = rng.choice(VALUES)
    if rng.random() < 0.5:
        values[values > 0] = value
    else:
        values[rng.randrange(len(values))] = value
    nib.save(nib.Nifti1Image(values, image.affine), path)
    return f"values of {value}"
