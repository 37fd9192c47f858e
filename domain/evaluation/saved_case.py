"""What a run keeps of a case for readers: the slice that is scored, and of a few cases a volume."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from heapq import nsmallest

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, FloatArray, Grid, extent
from gliobench.domain.geometry.resampling import area_weights, resample
from gliobench.domain.labels.regions import Region
from gliobench.domain.slices.pixels import GreyWindow, to_bytes
from gliobench.domain.slices.view import SliceView
from gliobench.domain.studies.study import Modality

EDGE_MM = 2.0
"""Of a kept volume's voxel, where the study's is not coarser."""
MOST_VOXELS = 2_000_000
"""A kept volume's voxels: a head of 25 cm at 2 mm."""


@dataclass(frozen=True, slots=True)
class SavedSlice:
    """The slice that a case is scored on, as a small grey picture.

    Args:
        view: How the plane lies in the picture.
        file: The picture, as a `PictureEncoder` gave it.
    """

    view: SliceView
    file: bytes


@dataclass(frozen=True, eq=False)
class SavedVolume:
    """A volume that is small enough for a page.

    Args:
        grid: Of all arrays; RAS+.
        grey: (I, J, K) uint8.
        reference: (I, J, K) uint8, in how many regions of the reference a voxel lies: 1 whole
            tumour only, 2 core, 3 enhancing; None where the experts' mask is not known.
        prediction: The same of the backend's mask; None where it gave none.

    Raises:
        InvalidInputError: An array does not lie on the grid.
    """

    grid: Grid
    grey: NDArray[np.uint8]
    reference: NDArray[np.uint8] | None
    prediction: NDArray[np.uint8] | None

    def __post_init__(self) -> None:
        for name in ("grey", "reference", "prediction"):
            array = getattr(self, name)
            if array is not None and (array.shape, array.dtype) != (self.grid.shape, np.uint8):
                raise InvalidInputError(
                    f"{name} is {array.dtype} {array.shape}: wanted uint8 {self.grid.shape}"
                )


@dataclass(frozen=True, eq=False)
class SavedCase:
    """What a reader will see of a case.

    Args:
        study_id: The study.
        modality: Of which the picture and the volume are.
        picture: None without a reference tumour.
        volume: None for most.
    """

    study_id: str
    modality: Modality
    picture: SavedSlice | None
    volume: SavedVolume | None


def chosen(study_ids: Iterable[str], count: int) -> list[str]:
    """Choose studies by lot: the same of the same cohort, whatever the order, backend or shard.

    Returns:
        At most `count` ids; the first of them are those of a smaller count.
    """
    return nsmallest(count, set(study_ids), key=lot)


def lot(study_id: str) -> str:
    """Draw a study's lot."""
    return sha256(study_id.encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class Coarsening:
    """Crops the arrays of a grid to the head, and makes their voxels larger.

    Args:
        crop: What is kept of each axis.
        weights: Of each axis, as `resample` takes them.
        grid: Of what comes out.
    """

    crop: tuple[slice, ...]
    weights: tuple[NDArray[np.float32], ...]
    grid: Grid

    @classmethod
    def of(cls, head: BoolArray, grid: Grid) -> Coarsening:
        """Fit a grid of `EDGE_MM` to a head; coarser, where that would be too many voxels.

        Args:
            head: (I, J, K) bool, what has to be seen.
            grid: Of the array.

        Raises:
            InvalidInputError: There is no voxel to be seen.
        """
        crop = extent(head)
        lengths = [span.stop - span.start for span in crop]
        volume_mm3 = float(np.prod(lengths)) * float(np.prod(grid.spacing_mm))
        edge_mm = max(EDGE_MM, (volume_mm3 / MOST_VOXELS) ** (1 / 3))
        steps = [max(1.0, edge_mm / mm) for mm in grid.spacing_mm]
        weights = tuple(area_weights(n, step) for n, step in zip(lengths, steps, strict=True))
        shape = (len(weights[0]), len(weights[1]), len(weights[2]))
        start = np.array([span.start for span in crop])
        affine = grid.affine @ np.diag([*steps, 1.0])
        affine[:3, 3] += grid.affine[:3, :3] @ (start + (np.array(steps) - 1) / 2)
        return cls(crop, weights, Grid(shape=shape, affine=affine))

    def grey(self, volume: FloatArray) -> NDArray[np.uint8]:
        """Draw an (I, J, K) volume in grey, the one whose head it fits.

        Raises:
            InvalidInputError: It is zero everywhere, or not finite.
        """
        return to_bytes(GreyWindow.of(volume[self.crop]).apply(self._apply(volume)))

    def depths(self, regions: Mapping[Region, BoolArray]) -> NDArray[np.uint8]:
        """Count in how many of the regions each voxel lies by half or more."""
        depths = np.zeros(self.grid.shape, dtype=np.uint8)
        for region in regions.values():
            depths += self._apply(region) >= 0.5
        return depths

    def _apply(self, array: FloatArray | BoolArray) -> NDArray[np.float32]:
        return resample(array[self.crop], self.weights)
