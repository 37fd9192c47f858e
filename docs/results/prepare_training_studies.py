"""Gather every real study that has four modalities and a reference mask on a 2 mm grid.

    python docs/results/prepare_training_studies.py ../shared/data work/studies

Copies `brats_2mm`, and adds the two studies of `tcga_lgg`: volumes by means of 2x2x2 voxels, masks
from `masks128` (the same patients under their BraTS ids), brought back corner to corner. The
automatic masks that lie beside them are not used. The result is a BraTS folder like any other.
"""

import argparse
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage

from gliobench.domain.geometry.resampling import linear_weights, resample, resample_to_spacing

TCGA = {"TCGA-DU-7294": "BraTS20_Training_295", "TCGA-FG-6692": "BraTS20_Training_320"}
MODALITIES = ("t1", "t1ce", "t2", "flair")


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    shutil.copytree(arguments.data / "brats_2mm", arguments.out, dirs_exist_ok=True)
    shutil.copy(arguments.data / "tables" / "name_mapping.csv", arguments.out)
    archive = np.load(arguments.data / "masks128" / "masks128.npz")
    masks = dict(zip(archive["ids"].tolist(), archive["seg"], strict=True))
    for tcga, brats in TCGA.items():
        write_study(arguments.data / "tcga_lgg" / tcga, arguments.out / brats, masks[brats])


def write_study(source: Path, target: Path, mask128: np.ndarray) -> None:
    """Write one study of 2 mm voxels with its mask."""
    target.mkdir(parents=True, exist_ok=True)
    for modality in MODALITIES:
        image = nib.load(source / f"{source.name}_{modality}.nii.gz")
        volume = np.asarray(image.dataobj, dtype=np.float32)
        coarse = resample_to_spacing(volume, spacing_mm=(1, 1, 1), target_mm=2)
        affine = image.affine @ np.diag([2.0, 2, 2, 1])
        affine[:3, 3] += image.affine[:3, :3] @ [0.5, 0.5, 0.5]
        save(np.round(coarse).astype(np.int16), affine, target / f"{target.name}_{modality}.nii.gz")
    weights = [
        linear_weights(128, ((np.arange(n) + 0.5) * 2 - 0.5) * 127 / (full - 1))
        for n, full in zip(coarse.shape, volume.shape, strict=True)
    ]
    labels = np.array([0, 1, 2, 4], dtype=np.uint8)
    shares = [resample((mask128 == label).astype(np.float32), weights) for label in labels]
    save(labels[np.argmax(shares, axis=0)], affine, target / f"{target.name}_seg.nii.gz")
    filled = ndimage.center_of_mass(shares[0] < 0.5)
    print(f"{target.name}: {coarse.shape}, tumour about voxel {np.round(filled, 1)}")


def save(values: np.ndarray, affine: np.ndarray, path: Path) -> None:
    """Write a NIfTI file."""
    nib.Nifti1Image(values, affine).to_filename(path)


if __name__ == "__main__":
    main()
