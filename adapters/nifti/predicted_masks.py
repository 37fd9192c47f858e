"""Masks that a program wrote, one NIfTI file a study."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from gliobench.adapters.nifti.image_file import ImageFile
from gliobench.adapters.nifti.mask_file import read_integers, read_labels
from gliobench.adapters.nifti.predicted_mask_names import MaskFiles, listed
from gliobench.adapters.nifti.study_images import content_of
from gliobench.application.backends.mask_answers import (
    NOTHING_BESIDE,
    OTHER_GRID,
    MaskAnswers,
    MasksAlone,
    unusable,
)
from gliobench.application.datasets.dataset_labels import Track, integers_by_study
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.application.ports.prediction_files import IGNORED, OF_NO_STUDY
from gliobench.domain.errors import FaultError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.resampling import nearest
from gliobench.domain.geometry.slice_lattice import covering
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.proposal import Integers
from gliobench.domain.predictions.prediction import (
    Failure,
    LocalisationPrediction,
)
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.study import Study


@final
class PredictedMasks(MasksAlone):
    """Reads masks as answers.

    Args:
        files: Of a folder.
        convention: What their labels mean.
        resample: Take the nearest voxel of a mask on another grid, instead of refusing it.
        beside: What is said of studies beside their masks.

    Raises:
        InvalidInputError: A study has a mask and a failure.
    """

    def __init__(
        self,
        files: MaskFiles,
        convention: LabelConvention,
        *,
        resample: bool = False,
        beside: MaskAnswers = NOTHING_BESIDE,
    ) -> None:
        self._files, self._convention, self._resample = files, convention, resample
        self._beside = beside
        beside.check_apart(files.paths)

    @cached_property
    def fingerprint(self) -> str:
        """Hash the files and how they are read."""
        how = f"{self._convention.values()} {self._resample} {self._beside.values()}"
        digest = sha256(how.encode(errors="surrogatepass"))
        for study_id, path in self._files.paths.items():
            digest.update(f"{study_id!r} {_hash(path)}\n".encode())
        return digest.hexdigest()

    @property
    def provenance(self) -> Mapping[str, str]:
        """Describe the files."""
        grids = "nearest voxel where the grid differs" if self._resample else "on the study's grid"
        said = {
            "masks": f"{len(self._files.paths)} NIfTI files, labels {self._convention.name}, {grids}"
        }
        if self._files.no_masks:
            said[IGNORED] = listed(self._files.no_masks)
        if self._files.strays:
            said[f"masks {OF_NO_STUDY}"] = listed(self._files.strays)
        return said

    def holds(self, study_id: str) -> bool:
        """Return whether there is a mask of a study, or why there is none."""
        return study_id in self._files.paths or study_id in self._beside.failures

    def around(self, study_id: str, grid: Grid) -> Grid:
        """Continue a grid so that it holds the mask of a study; one that cannot be used is ignored.

        Raises:
            InvalidInputError: The grid would be too long.
        """
        try:
            own = ImageFile.open(self._files.paths[study_id]).grid
        except (KeyError, FaultError):  # reported where it is read
            return grid
        return covering(grid, own)

    def localise(self, study: Study) -> LocalisationPrediction | Failure:
        """Read a study's mask."""
        path = self._files.paths.get(study.id)
        if path is None:
            return self._beside.without_mask(study)
        try:
            image = ImageFile.open(path)
            labels = self._labels(image, study)
            return self._beside.with_mask(study, self._convention.split(labels), self._convention)
        except FaultError as error:
            named = str(error) if path.name in str(error) else f"{path}: {error}"
            return unusable(error, named=named)

    def _labels(self, image: ImageFile, study: Study) -> NDArray[Any]:
        try:
            return read_labels(image.placed_on(study.grid, of=f"study {study.id}"))
        except FaultyStudyError as error:
            if error.kind not in OTHER_GRID:
                raise
            _check_header(image, study)
            if not self._resample:
                raise _other_grid(image, study, error.kind) from error
        if not (image.is_placed and study.oriented):
            whose = f"study {study.id}" if image.is_placed else image.name
            raise FaultyStudyError(
                FaultKind.AFFINE_MISMATCH,
                f"{image.path}: the header of {whose} states no place (sform_code and qform_code are 0), "
                "or two that mirror each other: wanted one to resample",
            )
        labels = read_labels(image)
        found = nearest(labels, source=image.grid, target=study.grid)
        if labels.any() and not found.any():
            raise _other_grid(image, study, FaultKind.AFFINE_MISMATCH)
        return found


def integers_of(files: MaskFiles, *, track: Track = iter) -> dict[str, Integers]:
    """Read which integers each mask holds; one that cannot be read is left out.

    Args:
        files: Of a folder.
        track: Wraps the study ids, e.g. in a progress bar.
    """
    return integers_by_study(
        lambda study_id: read_integers(files.paths[study_id]), track(list(files.paths))
    )


def _hash(path: DatasetPath) -> str:
    try:
        return content_of(path)
    except FaultError as error:  # reported when it is read as an answer
        return str(error)


def _check_header(image: ImageFile, study: Study) -> None:
    """Refuse a mask of the study's shape that begins at 0 along its own axes: an array saved without its header.

    Raises:
        FaultyStudyError: It is one, or the study's own file is.
    """
    ours, theirs = study.file_grid, image.native_grid
    if ours.shape == theirs.shape and (_is_bare(ours, theirs) or _is_bare(theirs, ours)):
        whose = image.name if _is_bare(theirs, ours) else f"study {study.id}"
        raise FaultyStudyError(
            FaultKind.AFFINE_MISMATCH,
            f"{image.path}: the affine of {whose} is that of an array without a header, which begins at 0: "
            "wanted both with the affine of the images",
        )


def _is_bare(grid: Grid, other: Grid) -> bool:
    """Return whether an affine is the identity, in NIfTI's frame or ITK's, or that times the other's edges."""
    edges = np.diag(grid.affine)[:3]
    is_one = bool(np.allclose(np.abs(edges), 1, rtol=1e-3))
    is_like = bool(np.allclose(np.abs(edges), other.spacing_mm, rtol=1e-3))
    return (is_one or is_like) and not (grid.affine - np.diag([*edges, 1])).any()


def _other_grid(image: ImageFile, study: Study, kind: FaultKind) -> FaultyStudyError:
    ours, theirs = _described(study.grid), _described(image.grid)
    apart = "" if kind is FaultKind.SHAPE_MISMATCH else f", {study.grid.difference(image.grid)}"
    return FaultyStudyError(
        kind,
        f"{image.path}: {theirs}, but study {study.id} has {ours}{apart}: wanted the same grid, or "
        "--resample",
    )


def _described(grid: Grid) -> str:
    voxels = " x ".join(map(str, grid.shape))
    return f"{voxels} voxels of {' x '.join(f'{edge:.3g}' for edge in grid.spacing_mm)} mm"
