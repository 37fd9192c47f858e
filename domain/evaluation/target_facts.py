"""Properties of a tumour that a comparison needs, stored with the scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, Box, Grid, Plane, Point, Point3D, Polygon
from gliobench.domain.predictions.forms import (
    box_on_plane,
    point_in_volume,
    point_on_plane,
    polygon_on_plane,
)
from gliobench.domain.predictions.prediction import Form


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """The experts' whole tumour in a few numbers; all places are voxels of `grid`.

    Args:
        grid: The study's RAS+ grid.
        volume_mm3: Of the whole tumour.
        centre: The centroid of its voxels.
        point: The centroid of its voxels on the scoring plane.
        box: The smallest box that holds them.
        polygon: The outline of their largest part.
        area_mm2: Of all its voxels on the scoring plane.
        brain: The centroid of the brain; None where no image could be read.
        right_share: Share of the tumour's volume that lies to the patient's right of `brain`,
            in [0, 1]; None without it.

    Raises:
        InvalidInputError: The point, box and polygon lie on different planes.
    """

    grid: Grid
    volume_mm3: float
    centre: Point3D
    point: Point
    box: Box
    polygon: Polygon
    area_mm2: float
    brain: Point3D | None = None
    right_share: float | None = None

    def __post_init__(self) -> None:
        if not self.point.plane == self.box.plane == self.polygon.plane:
            raise InvalidInputError("point, box and polygon of a tumour lie on different planes")

    @classmethod
    def of(
        cls, whole: BoolArray, *, grid: Grid, plane: Plane, brain: BoolArray | None = None
    ) -> TargetFacts:
        """Measure a tumour.

        Args:
            whole: (I, J, K) bool, the whole tumour.
            grid: The grid of the arrays.
            plane: The scoring plane.
            brain: (I, J, K) bool, or None where it is not known.

        Raises:
            InvalidInputError: The plane misses the tumour, or the brain is empty.
        """
        point, box = point_on_plane(whole, plane), box_on_plane(whole, plane)
        polygon = polygon_on_plane(whole, plane)
        if point is None or box is None or polygon is None:
            raise InvalidInputError(f"{plane} misses the tumour")
        middle = None if brain is None else point_in_volume(brain)
        return cls(
            grid=grid,
            volume_mm3=float(whole.sum()) * grid.voxel_volume_mm3,
            centre=point_in_volume(whole),
            point=point,
            box=box,
            polygon=polygon,
            area_mm2=float(plane.cut(whole).sum() * np.linalg.det(plane.pixel_mm(grid))),
            brain=middle,
            right_share=None if middle is None else _share_beyond(whole, middle.at[0]),
        )

    @property
    def plane(self) -> Plane:
        """The scoring plane."""
        return self.point.plane

    @property
    def places(self) -> Mapping[Form, Point | Box | Polygon]:
        """The tumour on the scoring plane, by form."""
        return {Form.POINT: self.point, Form.BOX: self.box, Form.POLYGON: self.polygon}

    @property
    def from_brain_mm(self) -> float | None:
        """How far the tumour's centre lies from the brain's; None where the brain is not known."""
        if self.brain is None:
            return None
        ends = np.array([self.grid.to_mm(self.centre.at), self.grid.to_mm(self.brain.at)])
        return float(np.linalg.norm(ends[0] - ends[1]))


def _share_beyond(region: BoolArray, at: float) -> float:
    """Measure how much of a region has a higher first coordinate; voxels just there count half."""
    layers = region.sum(axis=(1, 2))
    places = np.arange(len(layers))
    beyond = layers[places > at].sum() + layers[places == at].sum() / 2
    return float(beyond / layers.sum())
