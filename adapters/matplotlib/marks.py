"""What is drawn into a panel: the slice, the outlines, the box and the crosshair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import AbstractPathEffect, withStroke
from numpy.typing import NDArray

from gliobench.adapters.matplotlib.panels import Panel
from gliobench.domain.geometry.grids import BoolArray, Box3D, Voxel
from gliobench.domain.labels.regions import Region

# Okabe and Ito's palette: told apart with any colour vision, and in grey by their brightness.
COLOURS = {Region.WT: "#56B4E9", Region.TC: "#F0E442", Region.ET: "#D55E00"}
BOX_COLOUR = "#CC79A7"
CROSSHAIR_COLOUR = "#3DDC97"
REFERENCE_COLOUR = "#FFFFFF"
LINE_WIDTHS = {Region.WT: 1.8, Region.TC: 3.0, Region.ET: 1.3}
"""A wide core under a narrow rim: both stay seen where they run together, as they mostly do."""
DASHES = (0, (4, 2.5))
REFERENCE_STYLE: Mapping[str, Any] = {
    "colors": REFERENCE_COLOUR,
    "linestyles": [DASHES],
    "linewidths": 1.3,
}
REFERENCE_HALO: list[AbstractPathEffect] = [withStroke(linewidth=2.6, foreground="#000000A0")]
"""Keeps white dashes seen on bright oedema."""


def draw_slice(
    axis: Axes, panel: Panel, *, volume: NDArray[np.float32], window: tuple[float, float]
) -> None:
    """Draw the plane in grey, turned so that the patient's right is on the left."""
    pixels = panel.plane.cut(volume)
    (sx, sy), (nx, ny) = panel.spacing_mm, pixels.shape
    axis.imshow(
        pixels.T,
        origin="lower",
        extent=(-0.5 * sx, (nx - 0.5) * sx, -0.5 * sy, (ny - 0.5) * sy),
        cmap="gray",
        vmin=window[0],
        vmax=window[1],
        interpolation="bilinear",
        aspect="auto",
    )
    axis.set_xlim(panel.x_mm[1], panel.x_mm[0])  # turned: the patient's right is on the left
    axis.set_ylim(*panel.y_mm)


def draw_regions(
    axis: Axes,
    panel: Panel,
    *,
    predicted: Mapping[Region, BoolArray],
    reference: Mapping[Region, BoolArray],
) -> None:
    """Outline the predicted regions in colour, and the reference's whole tumour dashed in white."""
    for region, colour in COLOURS.items():
        if region in predicted:
            style = {"colors": colour, "linewidths": LINE_WIDTHS[region]}
            _outline(axis, panel, predicted[region], style)
    if Region.WT in reference:
        _outline(axis, panel, reference[Region.WT], REFERENCE_STYLE, halo=REFERENCE_HALO)


def _outline(
    axis: Axes,
    panel: Panel,
    mask: BoolArray,
    style: Mapping[str, Any],
    *,
    halo: list[AbstractPathEffect] | None = None,
) -> None:
    """Draw the border halfway between inside and outside: along the edges of the voxels."""
    cut = np.pad(panel.plane.cut(mask).astype(np.float32), 1)
    if not cut.any():
        return
    x, y = ((np.arange(n) - 1) * edge for n, edge in zip(cut.shape, panel.spacing_mm, strict=True))
    axis.contour(x, y, cut.T, levels=[0.5], **style).set_path_effects(halo or [])


def draw_box(axis: Axes, panel: Panel, box: Box3D | None) -> None:
    """Draw a box where the plane meets it."""
    if box is None:
        return
    across = panel.plane.axis
    if not box.start[across] <= panel.plane.index < box.stop[across]:
        return
    low, high = (
        panel.place((corner[0] - 0.5, corner[1] - 0.5, corner[2] - 0.5))
        for corner in (box.start, box.stop)
    )
    edges = (high[0] - low[0], high[1] - low[1])
    axis.add_patch(Rectangle(low, *edges, fill=False, edgecolor=BOX_COLOUR, linewidth=1.5))


def draw_crosshair(axis: Axes, panel: Panel, centre_vox: Voxel | None) -> None:
    """Draw four arms that leave the centre itself free to look at."""
    if centre_vox is None:
        return
    x, y = panel.place(centre_vox)
    for near, far in ((3.0, 14.0), (-3.0, -14.0)):
        for xs, ys in (([x + near, x + far], [y, y]), ([x, x], [y + near, y + far])):
            axis.plot(xs, ys, color="black", linewidth=3.2, alpha=0.6, solid_capstyle="butt")
            axis.plot(xs, ys, color=CROSSHAIR_COLOUR, linewidth=1.6, solid_capstyle="butt")
