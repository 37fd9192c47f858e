"""Images of studies, written for other programs."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from gliobench.domain.files.disk import not_written
from gliobench.domain.files.whole import write_whole
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.orientation import reorient
from gliobench.domain.studies.study import Modality, Study

NO_EXTENSION = bytes(4)
FAST = 1
"""Level of gzip: a file is written once and read a few times."""


def write_image(path: Path, study: Study, modality: Modality) -> None:
    """Write one modality on the grid and in the orientation of the study's files, zero around the head.

    Whole numbers become int16 where they fit, others float32: either is exact.

    Args:
        path: Ends in .nii or .nii.gz; its folder exists.
        study: The study.
        modality: Which of its volumes.

    Raises:
        NotFoundError: The study lacks the modality.
        InvalidInputError: It cannot be read.
        JobError: The file cannot be written.
    """
    try:
        path.write_bytes(_encoded(path, _compact(study.volume(modality)), study))
    except OSError as error:
        raise not_written(path, error) from error


def write_map(path: Path, values: NDArray[np.float32], study: Study) -> None:
    """Write a number for each voxel, float32, whole or not at all, as `write_image` places an image.

    Args:
        path: Ends in .nii or .nii.gz; its folder is created if necessary.
        values: (I, J, K) on the study's RAS+ grid.
        study: Provides the grid to write on.

    Raises:
        JobError: The file cannot be written.
    """
    write_whole(path, _encoded(path, values, study))


def _encoded(path: Path, values: NDArray[np.float32] | NDArray[np.int16], study: Study) -> bytes:
    grid = study.file_grid
    return encoded(path, reorient(values, source=study.grid, target=grid), grid)


def encoded(path: Path, values: NDArray[Any], grid: Grid) -> bytes:
    """Encode what a file will hold, compressed if its name ends in .gz; the same voxels give the same bytes.

    nibabel makes the header; it would write the voxels slice by slice, which takes ten times as long.
    """
    image = nib.Nifti1Image(values, grid.affine)
    image.set_sform(grid.affine, code=1)
    image.set_qform(grid.affine, code=1)  # without shear, which it cannot represent; sform counts
    header = image.header
    header.set_xyzt_units("mm")
    header.set_data_offset(header.single_vox_offset)
    header.set_slope_inter(1, 0)
    content = header.binaryblock + NO_EXTENSION + values.tobytes(order="F")
    return gzip.compress(content, FAST, mtime=0) if path.suffix == ".gz" else content


def _compact(volume: NDArray[np.float32]) -> NDArray[np.float32] | NDArray[np.int16]:
    limits = np.iinfo(np.int16)
    if volume.min() < limits.min or volume.max() > limits.max:
        return volume
    whole = volume.astype(np.int16)
    return whole if np.array_equal(whole, volume) else volume
