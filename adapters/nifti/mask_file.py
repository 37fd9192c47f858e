"""Masks in NIfTI files: the experts' are read, a backend's are written."""

from __future__ import annotations

import gzip
import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from gliobench.adapters.nifti.image_file import ImageFile
from gliobench.adapters.nifti.label_values import read_labels
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.disk import not_written
from gliobench.domain.geometry.grids import BoolArray, Grid
from gliobench.domain.geometry.orientation import reorient
from gliobench.domain.labels.conventions import LabelConvention
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import Mask
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.study import Study


def write_mask(
    path: Path,
    mask: Mask,
    study: Study,
    convention: LabelConvention,
) -> None:
    """Write a mask as a uint8 label map on the study's own grid, that of its files.

    The file appears whole or not at all; an older one of that name is replaced. Regions that the
    mask lacks are left out: of BraTS's conventions, a whole tumour alone is labelled oedema.

    Args:
        path: Ends in .nii or .nii.gz; its folder is made where it is not there.
        mask: Lies on the study's RAS+ grid.
        study: Gives the grid to write on.
        convention: Which integer means which tissue.

    Raises:
        InvalidInputError: The mask lies on another grid, the name has another ending, or the
            convention has no integer for a voxel.
        JobError: The file cannot be written.
    """
    if difference := study.grid.difference(mask.grid):
        raise InvalidInputError(f"mask is not on the grid of {study.id}: {difference}")
    if not path.name.endswith((".nii", ".nii.gz")):
        raise InvalidInputError(f"mask file {path}: wanted a name that ends in .nii or .nii.gz")
    native = study.native_grid or study.grid
    labels = reorient(convention.merge(mask.regions), source=study.grid, target=native)
    content = _encoded(labels, native)
    _write_atomically(path, gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def read_regions(
    path: DatasetPath, grid: Grid, convention: LabelConvention
) -> dict[Region, BoolArray]:
    """Read a label map as regions, which may be empty.

    Args:
        path: NIfTI, in any orientation.
        grid: The RAS+ grid that it must lie on.
        convention: Which integer means which tissue.

    Raises:
        NotFoundError: There is no such file.
        FaultyStudyError: It cannot be read, lies on another grid, or has an unknown label.
    """
    image = ImageFile.open(path).placed_on(grid, of="the study")
    labels = read_labels(image)
    try:
        return convention.split(labels)
    except InvalidInputError as error:
        raise FaultyStudyError(FaultKind.UNKNOWN_LABEL, f"{path}: {error}") from error


def read_integers(path: DatasetPath) -> frozenset[int]:
    """Read which integers a label map holds, 0 left out.

    Raises:
        NotFoundError: There is no such file.
        FaultyStudyError: It cannot be read, or holds fractions.
    """
    labels = read_labels(ImageFile.open(path))
    return frozenset(int(one) for one in np.unique(labels[labels != 0]))


def _encoded(labels: NDArray[np.uint8], grid: Grid) -> bytes:
    image = nib.Nifti1Image(labels, grid.affine)
    image.header.set_xyzt_units("mm")
    image.set_sform(grid.affine, code=1)
    image.set_qform(grid.affine, code=1)  # without shear, which it cannot hold; sform comes first
    return bytes(image.to_bytes())


def _write_atomically(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        raise not_written(path, error) from error
    finally:
        with suppress(OSError):
            unfinished.unlink()
