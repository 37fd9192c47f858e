"""Points, boxes and polygons of many studies, in millimetres of their own planes.

Places are mm from the middle of the image, x to the patient's right and y to the front, as far as
the plane is axial; areas are mm². A point is its own middle, a polygon's is its centroid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Axis, BoolArray, FloatArray, Grid, Plane
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.sampling import Indices

MARKED = {
    Form.POINT: ("x", "y"),
    Form.POLYGON: ("x", "y", "area"),
    Form.BOX: ("x", "y", "area", "x0", "y0", "x1", "y1"),
}
"""What is measured of a mark, by form: its middle, its area, and a box's corners."""


@dataclass(frozen=True, eq=False)
class Ragged:
    """Lists of numbers, one a study, one after the other.

    Args:
        values: All of them.
        lengths: (N,) numbers of each study; 0 where there is none.
    """

    values: FloatArray
    lengths: Indices

    @classmethod
    def of(cls, lists: Sequence[Sequence[float] | None]) -> Ragged:
        """Put lists together; None is an empty one."""
        values = [number for item in lists for number in item or ()]
        lengths = [len(item or ()) for item in lists]
        return cls(np.array(values, dtype=np.float64), np.array(lengths, dtype=np.intp))

    def of_length(self, length: int) -> FloatArray:
        """Lay them out as (N, length), NaN where there is none.

        Raises:
            InvalidInputError: One has another length.
        """
        there = self.lengths > 0
        if (self.lengths[there] != length).any():
            raise InvalidInputError(f"lists of {set(self.lengths[there])} numbers: wanted {length}")
        found = np.full((len(self.lengths), length), np.nan)
        found[there] = self.values.reshape(-1, length)
        return found


@dataclass(frozen=True, eq=False)
class Frames:
    """What takes voxels on N scoring planes to millimetres.

    Args:
        axes: (N, 2) int, the grid axes that span each plane.
        middle: (N, 2) the image's middle, in voxels of the plane; NaN where there is no plane.
        pixel_mm: (N, 2, 2) what rows of voxel offsets are multiplied by; NaN likewise.
        alone: (N,) bool, where the grid has no other plane.
    """

    axes: Indices
    middle: FloatArray
    pixel_mm: FloatArray
    alone: BoolArray

    @classmethod
    def of(cls, *, axis: Indices, shape: FloatArray, affine: FloatArray) -> Frames:
        """Work out a frame for each study, each different one once.

        Args:
            axis: (N,) which axis the plane cuts; negative where there is none.
            shape: (N, 3) voxels of the studies' grids; NaN where there is none.
            affine: (N, 16) of the grids, row by row; NaN likewise.
        """
        n = len(axis)
        found = cls(
            np.zeros((n, 2), np.intp),
            np.full((n, 2), np.nan),
            np.full((n, 2, 2), np.nan),
            np.zeros(n, np.bool_),
        )
        there = np.flatnonzero((axis >= 0) & ~np.isnan(affine).any(axis=1))
        facts = np.column_stack((axis, shape, affine))[there]
        different, which = np.unique(facts, axis=0, return_inverse=True)
        for at, item in enumerate(different):
            i, j, k = map(int, item[1:4])
            grid, plane = Grid((i, j, k), item[4:].reshape(4, 4)), Plane(Axis(int(item[0])), 0)
            alike = there[which.ravel() == at]
            found.axes[alike] = plane.in_plane_axes
            found.middle[alike] = (np.array(grid.shape)[list(plane.in_plane_axes)] - 1) / 2
            found.pixel_mm[alike] = plane.pixel_mm(grid)
            found.alone[alike] = grid.shape[plane.axis] == 1
        return found

    def points(self, at: FloatArray) -> FloatArray:
        """Measure (N, 2) places on the planes, NaN where there is none: (N, 2)."""
        return np.asarray(np.einsum("ni,nij->nj", at - self.middle, self.pixel_mm))

    def projected(self, at: FloatArray) -> FloatArray:
        """Measure (N, 3) places in the volumes, seen along the planes' axes: (N, 2)."""
        return self.points(np.take_along_axis(at, self.axes, axis=1))

    def marks(self, form: Form, places: Ragged) -> FloatArray:
        """Measure marks of one form as `MARKED` lists them.

        Args:
            form: Point, box or polygon.
            places: A point's coordinates, a box's start and stop, or a polygon's vertices.

        Returns:
            (N, M); NaN where there is no mark, or no frame.

        Raises:
            InvalidInputError: There are too many or too few numbers.
        """
        match form:
            case Form.POINT:
                return self.points(places.of_length(2))
            case Form.BOX:
                return self._boxes(places.of_length(4))
        return self._polygons(places)

    def _boxes(self, numbers: FloatArray) -> FloatArray:
        start, stop = numbers[:, :2], numbers[:, 2:]
        areas_mm2 = (stop - start).prod(axis=1) * self._pixel_mm2
        ends = [self.points(end - 0.5) for end in (start, stop)]
        return np.column_stack((self.points((start + stop - 1) / 2), areas_mm2, *ends))

    def _polygons(self, places: Ragged) -> FloatArray:
        n, there = len(places.lengths), np.flatnonzero(places.lengths)
        middles, areas = np.full((n, 2), np.nan), np.full(n, np.nan)
        if there.size:
            whose = np.repeat(np.arange(len(there)), places.lengths[there] // 2)
            try:
                rings = shapely.linearrings(places.values.reshape(-1, 2), indices=whose)
            except (shapely.errors.ShapelyError, ValueError) as error:
                raise InvalidInputError(f"polygons cannot be read: {error}") from error
            outlines = shapely.polygons(rings)
            middles[there] = shapely.get_coordinates(shapely.centroid(outlines))
            areas[there] = shapely.area(outlines)
        return np.column_stack((self.points(middles), areas * self._pixel_mm2))

    @property
    def _pixel_mm2(self) -> FloatArray:
        one, other = self.pixel_mm[:, 0], self.pixel_mm[:, 1]
        return np.asarray(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0])
