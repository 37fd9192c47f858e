"""Masks in NIfTI files: reading of references, writing of predictions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gliobench.adapters.nifti.image_file import ImageFile
from gliobench.adapters.nifti.image_writing import encoded
from gliobench.adapters.nifti.label_values import read_labels
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.whole import write_whole
from gliobench.domain.geometry.grids import BoolArray, Grid
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import Mask
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.study import Study


def write_mask(path: Path, mask: Mask, study: Study, convention: LabelConvention) -> None:
    """Write a mask as a uint8 label map on the study's native grid.

    The file is written atomically and replaces an older one. Regions that the mask lacks are omitted;
    in BraTS's conventions, a whole tumour alone is labelled as oedema.

    Args:
        path: Ends in .nii or .nii.gz; its folder is created if necessary.
        mask: On the study's RAS+ grid.
        study: Provides the grid to write on.
        convention: The label convention.

    Raises:
        InvalidInputError: The mask is on another grid, the name has another suffix, or the convention
            has no integer for a voxel.
        JobError: The file cannot be written.
    """
    if difference := study.grid.difference(mask.grid):
        raise InvalidInputError(f"mask is not on the grid of {study.id}: {difference}")
    if not path.name.endswith((".nii", ".nii.gz")):
        raise InvalidInputError(f"mask file {path}: wanted a name that ends in .nii or .nii.gz")
    write_whole(path, encoded(path, mask.labels_in(study, convention), study.file_grid))


def read_regions(
    path: DatasetPath, grid: Grid, convention: LabelConvention
) -> dict[Region, BoolArray]:
    """Read a label map as regions, which may be empty.

    Args:
        path: NIfTI, in any orientation.
        grid: The expected RAS+ grid.
        convention: The label convention.

    Raises:
        NotFoundError: There is no such file.
        FaultyStudyError: It cannot be read, is on another grid, or has an unknown label.
    """
    image = ImageFile.open(path).placed_on(grid, of="the study")
    labels = read_labels(image)
    try:
        return convention.split(labels)
    except InvalidInputError as error:
        raise FaultyStudyError(FaultKind.UNKNOWN_LABEL, f"{path}: {error}") from error


def read_two_valued(path: DatasetPath, grid: Grid) -> BoolArray:
    """Read a mask of one structure, whatever its value.

    Args:
        path: NIfTI, in any orientation.
        grid: The expected RAS+ grid.

    Raises:
        NotFoundError: There is no such file.
        FaultyStudyError: It cannot be read, is on another grid, or has several labels.
    """
    labels = read_labels(ImageFile.open(path).placed_on(grid, of="the study"))
    inside = np.asarray(labels != 0)
    if len(held := np.unique(labels[inside])) > 1:
        values = ", ".join(f"{item:g}" for item in held[:5].tolist())
        raise FaultyStudyError(
            FaultKind.UNKNOWN_LABEL,
            f"{path}: labels {values} in a mask of one structure: wanted one value, or the name of a "
            "segmentation (_dseg)",
        )
    return inside


def read_integers(path: DatasetPath) -> frozenset[int]:
    """Read the non-zero integers of a label map.

    Raises:
        NotFoundError: There is no such file.
        FaultyStudyError: It cannot be read, or contains fractions.
    """
    labels = read_labels(ImageFile.open(path)).ravel(order="K")  # in memory order: faster
    return frozenset(int(item) for item in np.unique(labels[labels != 0]))
