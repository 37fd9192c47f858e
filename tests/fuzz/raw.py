"""Hostile raw images, as `prepare` and `--prepare` take them: odd voxels, shapes, grids, headers and tags."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path

import nibabel as nib
import numpy as np
from pydicom import dcmread

from fakes.dicom_files import SCANS
from fuzz.dicom import ENVIRONMENT, damage_export
from fuzz.ground import STUDIES, Ground, copied
from fuzz.harness import Hostile
from fuzz.images import damage_gzip, damage_header
from gliobench.domain.studies.study import Modality

NAME = STUDIES[0]
VOXELS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "as they are": lambda image: image,
    "nothing": np.zeros_like,
    "one value": np.ones_like,
    "two values": lambda image: (image > 0).astype(np.float32),
    "negated": np.negative,
    "very bright": lambda image: image * 1e36,
    "brighter still": lambda image: np.where(image > 0, 3e38, 0),
    "faint": lambda image: image * 1e-40,
    "an infinite one": lambda image: np.where(image == image.max(), np.inf, image),
    "some that are none": lambda image: np.where(image > 350, np.nan, image),
    "a single one": lambda image: image * (np.arange(image.size).reshape(image.shape) == 9_999),
    "a single slice": lambda image: image * (np.arange(image.shape[2]) == 20),
    "inverted": lambda image: image.max() - image,
    "a bright slice": lambda image: image * np.where(np.arange(image.shape[2]) == 20, 30, 1),
    "a blank slice": lambda image: image * (np.arange(image.shape[2]) != 20),
    "three slices": lambda image: image[:, :, 18:21],
    "one slice": lambda image: image[:, :, 20:21],
    "a corner": lambda image: image[:5, :5, :5],
    "noise": lambda image: np.random.default_rng(0).normal(0, 9, image.shape),
}
"""What becomes of the voxels of a head."""
AFFINES: Mapping[str, np.ndarray] = {
    "as it is": np.eye(4),
    "sheared": np.eye(4) + np.outer([1, 0, 0, 0], [0, 0.7, 0, 0]),
    "mirrored": np.diag([-1.0, 1, 1, 1]),
    "small": np.diag([0.02, 0.02, 0.02, 1]),
    "flat": np.diag([1.0, 1, 0.1, 1]),
    "a kilometre away": np.eye(4) + np.outer([1, 0, 0, 0], [0, 0, 0, 1e6]),
    "upside down": np.diag([1.0, -1, -1, 1]),
}
"""What is put before the affine."""


def raw_heads(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage the only image of a study, or the mask of its brain, and have it prepared."""
    if rng.random() < 0.3:
        folder = copied(ground.dicom / rng.choice(("single", "enhanced")), here / "raw")
        _keep_t1c(folder)
        return Hostile(_command(rng, "{here}/raw"), damage_export(rng, folder), ENVIRONMENT)
    path = here / "raw" / NAME / f"{NAME}_t1ce.nii.gz"
    copied(ground.studies / NAME / path.name, path)
    command = _command(rng, "{here}/raw")
    if rng.random() < 0.2:
        path = copied(path, here / "brain.nii.gz")
        command = (*command, "--brain-mask", "{here}/brain.nii.gz")
    what = rng.choice((damage_header, damage_gzip, _redrawn, _redrawn, _redrawn))(rng, path)
    if rng.random() < 0.1:
        (here / "out").mkdir()
        (here / "out" / NAME).write_text("a file in the place of a folder")
    return Hostile(command, what)


def _keep_t1c(folder: Path) -> None:
    """Remove the other series: each would take seconds to be registered."""
    for path in folder.iterdir():
        tags = dcmread(path, specific_tags=["SeriesDescription"], stop_before_pixels=True)
        if tags.SeriesDescription != SCANS[Modality.T1C].description:
            path.unlink()


def _command(rng: random.Random, place: str) -> tuple[str, ...]:
    command = rng.choice(
        [
            ("prepare", place, "--out", "out"),
            ("prepare", place, "--out", "out", "--json"),
            ("prepare", place, "--out", "out", "--layout", "bids"),
            ("predict", place, "--prepare", "--backend", "brain-centroid", "--out", "out"),
        ]
    )
    return ("--set=cache_dir=out/cache", *command)


def _redrawn(rng: random.Random, path: Path) -> str:
    voxels, affine = rng.choice(list(VOXELS)), rng.choice(["as it is", *AFFINES])
    stored = nib.load(path)
    with np.errstate(all="ignore"):
        drawn = VOXELS[voxels](np.asarray(stored.dataobj, np.float32)).astype(np.float32)
    nib.save(nib.Nifti1Image(drawn, AFFINES[affine] @ stored.affine), path)
    return f"{path.name}: {voxels}, the grid {affine}"
