"""Study folders on disk, as BraTS lays them out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.orientation import reorient
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.studies.study import Case, Modality

OF_2017 = DatasetLabels(BUILT_IN["brats-gli-2017"])
"""To declare for studies of other names than BraTS's: their masks alone do not tell."""


def write_study(
    root: Path,
    case: Case,
    *,
    suffix: str = ".nii.gz",
    convention: LabelConvention = BUILT_IN["brats-gli-2017"],
    native: Grid | None = None,
) -> Path:
    """Write a case as a study folder under `root`: names of 2020 or 2023, as its convention is.

    Args:
        root: The dataset's folder.
        case: What to write; its mask too, where it has one.
        suffix: Of the files.
        convention: Decides names and labels.
        native: The grid to write on; the study's own where it is None.
    """
    study, regions = case.study, case.reference.regions
    native = native or study.grid
    folder = root / study.id
    folder.mkdir(parents=True)
    of_2020 = convention.name == "brats-gli-2017"
    separator = "_" if of_2020 else "-"
    for modality in study.volumes:
        name = modality.alias if of_2020 else modality.value
        volume = reorient(study.volume(modality).astype(np.int16), source=study.grid, target=native)
        write_image(folder / f"{study.id}{separator}{name}{suffix}", volume, native)
    if regions:
        labels = reorient(convention.merge(regions), source=study.grid, target=native)
        write_image(folder / f"{study.id}{separator}seg{suffix}", labels, native)
    return folder


def write_image(path: Path, voxels: Any, grid: Grid) -> None:
    """Write an array as NIfTI."""
    image = nib.Nifti1Image(np.asarray(voxels), grid.affine)
    image.header.set_xyzt_units("mm")
    nib.save(image, path)


def image_of(folder: Path, modality: Modality) -> Path:
    """Find a study's file of a modality, of either generation."""
    (path,) = (
        path
        for name in (modality.alias, modality.value)
        for path in folder.glob(f"*[-_]{name}.nii*")
    )
    return path


def write_name_mapping(folder: Path, *rows: str) -> Path:
    """Write a name_mapping.csv with the columns of BraTS 2020."""
    header = (
        "Grade,BraTS_2017_subject_ID,BraTS_2018_subject_ID,TCGA_TCIA_subject_ID,"
        "BraTS_2019_subject_ID,BraTS_2020_subject_ID"
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "name_mapping.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path
