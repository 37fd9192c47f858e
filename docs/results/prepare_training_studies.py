"""Gather every real study that has four modalities and a reference mask.

    python docs/results/prepare_training_studies.py ../shared/data work/studies

Writes two BraTS folders: `2mm`, all 45 studies on a 2 mm grid, and `full`, the 17 that there are at
1 mm. Images come to 2 mm by means of 2x2x2 voxels and masks by majority. The masks of the two studies
of `tcga_lgg` are those of `masks128` (the same patients under their BraTS ids), brought back corner
to corner; the automatic masks that lie beside their images are not used. `ucsf` is not touched.
"""

import argparse
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np

from gliobench.domain.geometry.resampling import linear_weights, resample, resample_to_spacing

TCGA = {"TCGA-DU-7294": "BraTS20_Training_295", "TCGA-FG-6692": "BraTS20_Training_320"}
MODALITIES = ("t1", "t1ce", "t2", "flair")
LABELS = np.array([0, 1, 2, 4], dtype=np.uint8)
MADE_COARSE = ("brats_2mm", "brats_2mm_more")
AT_1MM = ("brats_full", "brats_lgg")


def main() -> None:
    """Write the folders."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    data, coarse, full = arguments.data, arguments.out / "2mm", arguments.out / "full"
    for name in AT_1MM:
        copy_studies(data / name, full)
    write_tcga(data, full)
    for name in MADE_COARSE:
        copy_studies(data / name, coarse)
    for study in sorted(full.glob("BraTS20*")):
        if not (coarse / study.name).exists():
            halve(study, coarse / study.name)
    for folder in (coarse, full):
        shutil.copy(data / "tables" / "name_mapping.csv", folder)
        print(f"{folder}: {len(list(folder.glob('BraTS20*')))} studies")


def copy_studies(source: Path, target: Path) -> None:
    """Copy a folder's studies as they are."""
    for study in sorted(source.glob("BraTS20*")):
        shutil.copytree(study, target / study.name, dirs_exist_ok=True)


def write_tcga(data: Path, full: Path) -> None:
    """Copy the TCGA studies under their BraTS names, with their masks of 128³ on their own grid."""
    archive = np.load(data / "masks128" / "masks128.npz")
    masks = dict(zip(archive["ids"].tolist(), archive["seg"], strict=True))
    for tcga, name in TCGA.items():
        (full / name).mkdir(parents=True, exist_ok=True)
        for modality in MODALITIES:
            path = data / "tcga_lgg" / tcga / f"{tcga}_{modality}.nii.gz"
            shutil.copy(path, full / name / f"{name}_{modality}.nii.gz")
        image = nib.load(path)
        weights = [linear_weights(128, np.arange(n) * 127 / (n - 1)) for n in image.shape]
        shares = [resample((masks[name] == label).astype(np.float32), weights) for label in LABELS]
        save(majority(shares), image.affine, full / name / f"{name}_seg.nii.gz")


def halve(study: Path, target: Path) -> None:
    """Write a study of 1 mm on a 2 mm grid."""
    target.mkdir(parents=True)
    for path in sorted(study.glob("*.nii.gz")):
        image = nib.load(path)
        values = np.asarray(image.dataobj, dtype=np.float32)
        if path.name.endswith("_seg.nii.gz"):
            new = majority([at_2mm((values == label).astype(np.float32)) for label in LABELS])
        else:
            new = np.round(at_2mm(values)).astype(np.int16)
        affine = image.affine @ np.diag([2.0, 2, 2, 1])
        affine[:3, 3] += image.affine[:3, :3] @ [0.5, 0.5, 0.5]
        save(new, affine, target / path.name)


def at_2mm(volume: np.ndarray) -> np.ndarray:
    """Take means of 2x2x2 voxels."""
    return resample_to_spacing(volume, spacing_mm=(1, 1, 1), target_mm=2)


def majority(shares: list[np.ndarray]) -> np.ndarray:
    """Choose the label that fills most of each voxel."""
    return LABELS[np.argmax(shares, axis=0)]


def save(values: np.ndarray, affine: np.ndarray, path: Path) -> None:
    """Write a NIfTI file."""
    nib.Nifti1Image(values, affine).to_filename(path)


if __name__ == "__main__":
    main()
