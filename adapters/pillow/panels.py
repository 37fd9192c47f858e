"""Where the three planes stand in the picture, in millimetres.

A panel's x axis runs along the first in-plane axis and its y axis along the second. Both rise
towards the patient's right or front, and front or top; the picture turns x around, which puts the
patient's right (or front) on the left and keeps everything upright.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gliobench.domain.geometry.grids import Axis, Grid, Plane, Voxel

MARGIN_MM = 8.0
"""Air left around the head."""
GAP_MM = 10.0
"""Between two panels."""

SIDES = {Axis.AXIAL: ("R", "L"), Axis.CORONAL: ("R", "L"), Axis.SAGITTAL: ("A", "P")}
"""The side of the patient at the left and the right edge of each panel."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One plane and the window of it that is shown.

    Args:
        plane: The slice.
        spacing_mm: Edges of a pixel along the two in-plane axes.
        x_mm: Window along the first in-plane axis, low to high.
        y_mm: Window along the second.
    """

    plane: Plane
    spacing_mm: tuple[float, float]
    x_mm: tuple[float, float]
    y_mm: tuple[float, float]

    @property
    def width_mm(self) -> float:
        """Width of the window."""
        return self.x_mm[1] - self.x_mm[0]

    @property
    def height_mm(self) -> float:
        """Height of the window."""
        return self.y_mm[1] - self.y_mm[0]

    def place(self, voxel: Voxel) -> tuple[float, float]:
        """Project a continuous voxel coordinate into the panel, in millimetres."""
        first, second = self.plane.in_plane_axes
        return voxel[first] * self.spacing_mm[0], voxel[second] * self.spacing_mm[1]


def panels_through(
    through_vox: Voxel, *, grid: Grid, shown: Sequence[tuple[int, int]]
) -> list[Panel]:
    """Lay an axial, a coronal and a sagittal panel through a place, cropped to the head.

    Args:
        through_vox: Continuous voxel coordinate; a place outside the grid cuts its nearest plane.
        grid: The grid of the study.
        shown: First and last voxel along each axis that must stay in the window.
    """
    windows = [_window_mm(axis, grid, *shown[axis]) for axis in range(3)]
    panels = []
    for axis in (Axis.AXIAL, Axis.CORONAL, Axis.SAGITTAL):
        index = int(np.clip(np.floor(through_vox[axis] + 0.5), 0, grid.shape[axis] - 1))
        plane = Plane(axis=axis, index=index)
        first, second = plane.in_plane_axes
        panels.append(Panel(plane, plane.spacing_mm(grid), windows[first], windows[second]))
    return panels


def lefts_mm(panels: list[Panel]) -> list[float]:
    """Return where each panel starts when they stand side by side."""
    lefts = [0.0]
    for panel, _ in pairwise(panels):
        lefts.append(lefts[-1] + panel.width_mm + GAP_MM)
    return lefts


def _window_mm(axis: int, grid: Grid, low: int, high: int) -> tuple[float, float]:
    spacing = grid.spacing_mm[axis]
    edge_low, edge_high = -0.5 * spacing, (grid.shape[axis] - 0.5) * spacing
    return (
        max(edge_low, (low - 0.5) * spacing - MARGIN_MM),
        min(edge_high, (high + 0.5) * spacing + MARGIN_MM),
    )
