"""What is drawn into a panel: the slice, the outlines, the box and the crosshair.

Panels are drawn several times as large as they are shown, which makes their lines smooth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from gliobench.adapters.pillow.panels import Panel
from gliobench.domain.geometry.grids import BoolArray, Box3D, Voxel
from gliobench.domain.labels.regions import Region

FINE = 3
"""Drawn pixels along an edge of a shown one."""
# Okabe and Ito's palette: distinct with any colour vision, and in grey by their brightness.
COLOURS = {Region.WT: "#56B4E9", Region.TC: "#F0E442", Region.ET: "#D55E00"}
BOX_COLOUR = "#CC79A7"
CROSSHAIR_COLOUR = "#3DDC97"
HALO_COLOUR = "#202020"
"""Around the crosshair."""
WIDTHS_PX = {Region.WT: 2.6, Region.TC: 4.0, Region.ET: 1.8}
"""A wide core under a narrow rim: both stay visible where they run together, as they mostly do."""
ARM_MM = (3.0, 14.0)
"""Of the crosshair, from the centre, which stays free."""

Line = Sequence[tuple[float, float]]


def slice_image(
    panel: Panel, volume: NDArray[np.float32], *, window: tuple[float, float], px_per_mm: float
) -> Image.Image:
    """Draw the plane in grey, turned so that the patient's right is on the left."""
    low, high = window
    pixels = np.nan_to_num(panel.plane.cut(volume), posinf=high, neginf=low)
    grey = (np.clip((pixels - low) / (high - low), 0, 1) * 255).round().astype(np.uint8)
    (sx, sy), (nx, ny) = panel.spacing_mm, grey.shape
    edges = (
        nx - 0.5 - panel.x_mm[1] / sx,
        ny - 0.5 - panel.y_mm[1] / sy,
        nx - 0.5 - panel.x_mm[0] / sx,
        ny - 0.5 - panel.y_mm[0] / sy,
    )
    within = (max(edges[0], 0), max(edges[1], 0), min(edges[2], nx), min(edges[3], ny))
    # A multiple of FINE, so that no line is cut off where the image is reduced.
    width, height = (
        max(1, round(mm * px_per_mm / FINE)) * FINE for mm in (panel.width_mm, panel.height_mm)
    )
    turned = Image.fromarray(np.ascontiguousarray(grey.T[::-1, ::-1]))
    return turned.resize((width, height), Image.Resampling.BILINEAR, within).convert("RGB")


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws into one panel.

    Args:
        panel: What it shows.
        draw: On the panel's image.
        px_per_mm: Of that image.
    """

    panel: Panel
    draw: ImageDraw.ImageDraw
    px_per_mm: float

    def regions(self, regions: Mapping[Region, BoolArray]) -> None:
        """Outline predicted regions in colour."""
        for region, colour in COLOURS.items():
            if region in regions:
                for outline in self._outlines(regions[region]):
                    self._line(outline, colour, WIDTHS_PX[region])

    def box(self, box: Box3D | None) -> None:
        """Draw a box where the plane meets it."""
        if box is None:
            return
        across = self.panel.plane.axis
        if not box.start[across] <= self.panel.plane.index < box.stop[across]:
            return
        (right, bottom), (left, top) = (
            self._px((corner[0] - 0.5, corner[1] - 0.5, corner[2] - 0.5))
            for corner in (box.start, box.stop)
        )
        self.draw.rectangle((left, top, right, bottom), outline=BOX_COLOUR, width=2 * FINE)

    def crosshair(self, centre_vox: Voxel | None) -> None:
        """Draw four arms that leave the centre itself free to look at."""
        if centre_vox is None:
            return
        x, y = self._px(centre_vox)
        near, far = (mm * self.px_per_mm for mm in ARM_MM)
        for colour, width in ((HALO_COLOUR, 4.4), (CROSSHAIR_COLOUR, 2.2)):
            for start, stop in ((near, far), (-far, -near)):
                self._line([(x + start, y), (x + stop, y)], colour, width)
                self._line([(x, y + start), (x, y + stop)], colour, width)

    def _outlines(self, mask: BoolArray) -> Iterator[Line]:
        """Trace a region, holes too, through the middles of its voxels' outer edges."""
        low = np.argwhere(self.panel.plane.cut(mask)) - 0.5
        voxels = shapely.box(low[:, 0], low[:, 1], low[:, 0] + 1, low[:, 1] + 1)
        for part in shapely.get_parts(shapely.coverage_union_all(voxels)):
            for ring in (part.exterior, *part.interiors):
                corners = shapely.get_coordinates(shapely.segmentize(ring, 1.0))
                steps = (corners[1:] + corners[:-1]) / 2
                mm = np.vstack([steps, steps[:2]]) * self.panel.spacing_mm
                yield [self._at(x, y) for x, y in mm]

    def _line(self, line: Line, colour: str, width_px: float) -> None:
        self.draw.line(line, fill=colour, width=round(width_px * FINE), joint="curve")

    def _px(self, voxel: Voxel) -> tuple[float, float]:
        return self._at(*self.panel.place(voxel))

    def _at(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        x, y = self.panel.x_mm[1] - x_mm, self.panel.y_mm[1] - y_mm
        return x * self.px_per_mm, y * self.px_per_mm
