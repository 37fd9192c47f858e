"""What a radiologist reports of a tumour's place and size: side, region, diameters, distance to midline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import (
    Axis,
    BoolArray,
    FloatArray,
    Grid,
    Plane,
    Point3D,
    extent,
)
from gliobench.domain.position.brain_extent import BrainExtent
from gliobench.domain.position.brain_regions import ORDER, BrainRegion, regions_at
from gliobench.domain.position.diameters import Diameters

NEAR_MIDLINE_MM = 5.0
"""A centre that is not further from the midline is on neither side: the estimate is no better."""
LEAST_SHARE = 0.1
"""Regions with less of the tumour are not named."""


class Side(str, Enum):
    """A side of the patient."""

    LEFT = "left"
    RIGHT = "right"
    MIDLINE = "midline"


@dataclass(frozen=True, slots=True)
class RegionShare:
    """A region of the brain that holds a part of a tumour.

    Args:
        region: At the level of lobes.
        side: Left or right; None of a region that is not paired.
        share: Of the tumour's voxels, in (0, 1]; None where only a centre is known.

    Raises:
        InvalidInputError: The side does not suit the region, or the share is out of range.
    """

    region: BrainRegion
    side: Side | None
    share: float | None

    def __post_init__(self) -> None:
        if (self.side in (Side.LEFT, Side.RIGHT)) != self.region.is_paired:
            raise InvalidInputError(f"{self.region.value} on side {self.side}")
        if self.share is not None and not 0 < self.share <= 1:
            raise InvalidInputError(f"share of {self.share}: wanted a number in (0, 1]")

    @property
    def name(self) -> str:
        """The region in words, e.g. `right frontal lobe`."""
        return f"{self.side.value} {self.region.value}" if self.side else self.region.value


@dataclass(frozen=True, slots=True)
class Lesion:
    """A tumour as it is described in a report; distances are in world millimetres.

    Args:
        side: Of its centre.
        centre_to_midline_mm: From the brain's estimated mid-sagittal plane, ≥ 0.
        edge_to_midline_mm: Of the nearest voxel's centre, 0 where the tumour crosses the midline; None
            where only a centre is known.
        regions: Approximate, the largest share first; those of at least `LEAST_SHARE`.
        no_region: Why no region is estimated; empty where one is.
        plane: The axial slice to look at: that of the diameters, else through the centre.
        diameters: On an axial slice; None without an outline.
        longest_mm: In the volume; None without a mask.

    Raises:
        InvalidInputError: A distance is negative or not finite, or there is neither a region nor a reason.
    """

    side: Side
    centre_to_midline_mm: float
    edge_to_midline_mm: float | None
    regions: tuple[RegionShare, ...]
    no_region: str
    plane: Plane
    diameters: Diameters | None = None
    longest_mm: float | None = None

    def __post_init__(self) -> None:
        if bool(self.regions) == bool(self.no_region):
            raise InvalidInputError("a lesion needs a region, or the reason why there is none")
        for distance in (self.centre_to_midline_mm, self.edge_to_midline_mm, self.longest_mm):
            if distance is not None and not 0 <= distance < np.inf:
                raise InvalidInputError(f"distance of {distance} mm: wanted 0 or more")


def describe_lesion(
    *,
    centre: Point3D,
    voxels: BoolArray | None,
    brain: BrainExtent,
    grid: Grid,
    diameters: Diameters | None = None,
    longest_mm: float | None = None,
) -> Lesion:
    """Describe a tumour within a brain.

    Args:
        centre: On the grid.
        voxels: (I, J, K) bool, the whole tumour, or what is outlined of it on a slice; None where only a
            centre is known.
        brain: The extent of the brain on the same grid.
        grid: RAS+.
        diameters: Of the whole tumour.
        longest_mm: Of the whole tumour, in the volume.
    """
    centre_mm = np.array([grid.to_mm(centre.at)])
    inside = np.empty((0, 3)) if voxels is None else _voxels_of(voxels)
    known = len(inside) > 0
    steps_mm, origin_mm = grid.affine[:3, :3], grid.affine[:3, 3]
    world_mm = np.einsum("nv,wv->nw", inside, steps_mm) + origin_mm if known else centre_mm
    aside = float(centre_mm[0, 0] - brain.midline_mm)
    through = int(np.clip(np.floor(centre.at[2] + 0.5), 0, grid.shape[2] - 1))
    return Lesion(
        side=_side(aside),
        centre_to_midline_mm=abs(aside),
        edge_to_midline_mm=_nearest(world_mm[:, 0] - brain.midline_mm) if known else None,
        regions=() if brain.fault else tuple(_regions(brain.to_mni(world_mm), is_whole=known)),
        no_region=brain.fault,
        plane=diameters.plane if diameters else Plane(Axis.AXIAL, through),
        diameters=diameters,
        longest_mm=longest_mm,
    )


def _voxels_of(region: BoolArray) -> NDArray[np.intp]:
    """Return the (N, 3) places of a region, which is looked for in its block alone."""
    if not region.any():
        return np.empty((0, 3), dtype=np.intp)
    block = extent(region)
    return np.asarray(np.argwhere(region[block]) + [span.start for span in block])


def _side(aside_mm: float) -> Side:
    if abs(aside_mm) <= NEAR_MIDLINE_MM:
        return Side.MIDLINE
    return Side.RIGHT if aside_mm > 0 else Side.LEFT


def _nearest(from_midline: FloatArray) -> float:
    crosses = from_midline.min() <= 0 <= from_midline.max()
    return 0.0 if crosses else float(np.abs(from_midline).min())


def _regions(mni_mm: FloatArray, *, is_whole: bool) -> Iterator[RegionShare]:
    """Count the places in each region and on each side."""
    at = regions_at(mni_mm)
    is_paired = np.array([region.is_paired for region in ORDER])[at]
    keys, counts = np.unique(2 * at + (is_paired & (mni_mm[:, 0] > 0)), return_counts=True)
    for n in np.argsort(-counts, kind="stable"):
        region, share = ORDER[keys[n] // 2], float(counts[n] / len(mni_mm))
        if share < LEAST_SHARE and n != counts.argmax():
            return
        side = (Side.RIGHT if keys[n] % 2 else Side.LEFT) if region.is_paired else None
        yield RegionShare(region, side, share if is_whole else None)
