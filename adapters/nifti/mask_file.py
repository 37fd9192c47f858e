"""Masks in NIfTI files: reading of references, writing of predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliobench.adapters.nifti.image_file import ImageFile
from gliobench.adapters.nifti.image_writing import encoded
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.whole import write_whole
from gliobench.domain.geometry.grids import BoolArray, Grid
from gliobench.domain.geometry.orientation import reorient_voxel
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import Mask
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.study import Study

_ROUNDING = 1e-3
"""Tolerance for labels that were converted to float16 or resampled without moving."""
_COARSEST = 0.05
"""Upper limit of the tolerance: half a scale step beyond it may be the difference of two labels."""


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


def read_labels(image: ImageFile) -> NDArray[Any]:
    """Read a label map; integers as they are stored, other values rounded to them.

    Libraries scale floats that are saved as integers, and 1 becomes 1.00001526: the error is at most half
    of the header's slope. Probabilities deviate more and are refused.

    Returns:
        (I, J, K) on `image.grid`: integers, or float32 of integers where the file scales or stores floats.

    Raises:
        FaultyStudyError: The file cannot be read, or contains a value that is not an integer.
    """
    if image.dtype.kind in "iu" and (image.slope, image.intercept) == (1.0, 0.0):
        return image.stored()
    values = image.read()
    allowed = _allowed(image)
    slowest = int(np.argmax(np.abs(values.strides)))
    for at, slab in enumerate(np.moveaxis(values, slowest, 0)):
        whole = np.rint(slab)
        off = np.abs(slab - whole)
        if off.max() > allowed:
            within = np.unravel_index(int(off.argmax()), off.shape)
            voxel = [int(index) for index in within]
            voxel.insert(slowest, at)
            raise _fraction(image, float(slab[within]), (voxel[0], voxel[1], voxel[2]), allowed)
        slab[...] = whole
    return values


def _allowed(image: ImageFile) -> float:
    half_a_step = abs(image.slope) / 2 if image.dtype.kind in "iu" else 0.0
    return max(_ROUNDING, min(half_a_step, _COARSEST) * (1 + 1e-3))  # the slope is rounded itself


def _fraction(
    image: ImageFile, value: float, voxel: tuple[int, int, int], allowed: float
) -> FaultyStudyError:
    i, j, k = reorient_voxel(voxel, source=image.grid, target=image.native_grid)
    return FaultyStudyError(
        FaultKind.UNKNOWN_LABEL,
        f"{image.path}: value {value:.6g} at voxel ({i:.0f}, {j:.0f}, {k:.0f}): "
        f"wanted labels, whole numbers to within {allowed:.2g}",
    )
