"""Images of studies, written for other programs."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from gliobench.domain.files.disk import not_written
from gliobench.domain.files.whole import write_whole
from gliobench.domain.geometry.orientation import reorient
from gliobench.domain.studies.study import Modality, Study

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
    image = nib.Nifti1Image(reorient(values, source=study.grid, target=grid), grid.affine)
    image.header.set_xyzt_units("mm")
    image.set_sform(grid.affine, code=1)
    image.set_qform(grid.affine, code=1)
    return compressed(path, bytes(image.to_bytes()))


def compressed(path: Path, content: bytes) -> bytes:
    """Compress what a file will hold, if its name ends in .gz; the same content gives the same bytes."""
    return gzip.compress(content, FAST, mtime=0) if path.suffix == ".gz" else content


def _compact(volume: NDArray[np.float32]) -> NDArray[np.float32] | NDArray[np.int16]:
    limits = np.iinfo(np.int16)
    if volume.min() < limits.min or volume.max() > limits.max:
        return volume
    whole = volume.astype(np.int16)
    return whole if np.array_equal(whole, volume) else volume
