"""Overlays: a study in three planes, with what was predicted and what the experts say."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import AbstractPathEffect, withStroke
from numpy.typing import NDArray

from gliobench.adapters.matplotlib.panels import SIDES, Panel, lefts_mm, panels_through
from gliobench.application.ports.study_painter import StudyPainter
from gliobench.domain.errors import NotFoundError
from gliobench.domain.geometry import BoolArray, Box3D, Voxel
from gliobench.domain.regions import Region
from gliobench.domain.study import Modality, Study

# Okabe and Ito's palette: told apart with any colour vision, and in grey by their brightness.
COLOURS = {Region.WT: "#56B4E9", Region.TC: "#F0E442", Region.ET: "#D55E00"}
BOX_COLOUR = "#CC79A7"
CROSSHAIR_COLOUR = "#3DDC97"
LINE_WIDTHS = {Region.WT: 1.8, Region.TC: 3.0, Region.ET: 1.3}
"""A wide core under a narrow rim: both stay seen where they run together, as they mostly do."""
NAMES = {Region.WT: "whole tumour", Region.TC: "tumour core", Region.ET: "enhancing tumour"}
PREFERENCE = (Modality.T2F, Modality.T1C, Modality.T2W, Modality.T1N)
SEQUENCES = {
    Modality.T2F: "T2-FLAIR",
    Modality.T1C: "T1 with contrast",
    Modality.T2W: "T2",
    Modality.T1N: "T1",
}

WIDTH_PX = 1200
DPI = 100
TITLE_PX = 38
LEGEND_PX = 40
SCALE_BAR_MM = 50.0
SAMPLED_VOXELS = 1_000_000
"""Enough of a volume to know its percentiles."""
INK = "#E8EAED"
DASHES = (0, (4, 2.5))
REFERENCE_STYLE: Mapping[str, Any] = {
    "colors": "#FFFFFF",
    "linestyles": [DASHES],
    "linewidths": 1.3,
}
REFERENCE_HALO: list[AbstractPathEffect] = [withStroke(linewidth=2.6, foreground="#000000A0")]
"""Keeps white dashes seen on bright oedema."""


def draw_overlay(
    study: Study,
    *,
    centre_vox: Voxel | None,
    regions: Mapping[Region, BoolArray] | None = None,
    reference: Mapping[Region, BoolArray] | None = None,
    box: Box3D | None = None,
    through_vox: Voxel | None = None,
    title: str = "",
) -> bytes:
    """Draw the axial, coronal and sagittal plane through a place, in radiological convention.

    Args:
        study: Drawn in the first modality it has of T2-FLAIR, T1 with contrast, T2, T1.
        centre_vox: Where the crosshair stands, on the study's RAS+ grid; None draws none.
        regions: (I, J, K) bool by region, as predicted: coloured outlines.
        reference: (I, J, K) bool by region, as the experts say; its whole tumour is dashed white.
        box: A predicted box, drawn on the planes that meet it.
        through_vox: Where the planes cut: if None, at the centre, and without one in the grid's
            middle.
        title: One line above the picture.

    Returns:
        A PNG, 1200 pixels wide, all planes to one scale.

    Raises:
        NotFoundError: The study has no modality at all.
        InvalidInputError: The file of the modality cannot be read.
    """
    return _png(
        _compose(
            study,
            centre_vox=centre_vox,
            through_vox=through_vox,
            regions=regions or {},
            reference=reference or {},
            box=box,
            title=title,
        )
    )


def write_overlay(path: str | Path, picture: bytes) -> Path:
    """Put a picture into a file, whole or not at all; the folder is made if need be."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.partial")
    unfinished.write_bytes(picture)
    return unfinished.replace(path)


@final
class MatplotlibStudyPainter(StudyPainter):
    """Draws studies as `draw_overlay` does."""

    def paint(
        self,
        study: Study,
        *,
        centre_vox: Voxel | None,
        regions: Mapping[Region, BoolArray] | None = None,
        reference: Mapping[Region, BoolArray] | None = None,
        box: Box3D | None = None,
        through_vox: Voxel | None = None,
        title: str = "",
    ) -> bytes:
        """Draw the planes through a place as a PNG."""
        return draw_overlay(
            study,
            centre_vox=centre_vox,
            regions=regions,
            reference=reference,
            box=box,
            through_vox=through_vox,
            title=title,
        )


def _compose(
    study: Study,
    *,
    centre_vox: Voxel | None,
    through_vox: Voxel | None,
    regions: Mapping[Region, BoolArray],
    reference: Mapping[Region, BoolArray],
    box: Box3D | None,
    title: str,
) -> Figure:
    modality, volume = _background(study)
    i, j, k = ((n - 1) / 2 for n in study.grid.shape)
    cut = through_vox or centre_vox or (i, j, k)
    panels = panels_through(cut, grid=study.grid, shown=_shown(volume, regions, reference))
    window = _window(volume)
    figure, axes = _lay_out(panels)
    for axis, panel in zip(axes, panels, strict=True):
        _draw_slice(axis, panel, volume=volume, window=window)
        _draw_regions(axis, panel, predicted=regions, reference=reference)
        _draw_box(axis, panel, box)
        _draw_crosshair(axis, panel, centre_vox)
        _draw_sides(axis, panel)
    _draw_scale_bar(axes[0], panels[0])
    _draw_captions(figure, title=title, sequence=SEQUENCES[modality])
    _draw_legend(figure, _keys(regions, reference, box=box, centre_vox=centre_vox))
    return figure


def _background(study: Study) -> tuple[Modality, NDArray[np.float32]]:
    for modality in PREFERENCE:
        if modality in study.volumes:
            return modality, study.volume(modality)
    raise NotFoundError(f"study {study.id} has no modality to draw")


def _shown(
    volume: NDArray[np.float32],
    regions: Mapping[Region, BoolArray],
    reference: Mapping[Region, BoolArray],
) -> BoolArray:
    shown: BoolArray = volume != 0
    for mask in (*regions.values(), *reference.values()):
        shown |= mask
    return shown


def _window(volume: NDArray[np.float32]) -> tuple[float, float]:
    """Give the intensities shown as black and white: percentiles 1 and 99 of the head."""
    sample = volume.ravel()[:: max(1, volume.size // SAMPLED_VOXELS)]
    head = sample[np.isfinite(sample) & (sample != 0)]
    if head.size == 0:
        return 0.0, 1.0
    low, high = np.percentile(head, (1, 99))
    return float(low), float(max(high, low + 1e-6))


def _lay_out(panels: list[Panel]) -> tuple[Figure, list[Axes]]:
    """Stand the panels side by side on black, to one scale."""
    lefts = lefts_mm(panels)
    px_per_mm = WIDTH_PX / (lefts[-1] + panels[-1].width_mm)
    band_px = max(panel.height_mm for panel in panels) * px_per_mm
    height_px = round(band_px + TITLE_PX + LEGEND_PX)
    figure = Figure(figsize=(WIDTH_PX / DPI, height_px / DPI), dpi=DPI, facecolor="black")
    axes = []
    for panel, left in zip(panels, lefts, strict=True):
        width_px, tall_px = panel.width_mm * px_per_mm, panel.height_mm * px_per_mm
        bottom_px = LEGEND_PX + (band_px - tall_px) / 2
        frame = (left * px_per_mm / WIDTH_PX, bottom_px / height_px)
        size = (width_px / WIDTH_PX, tall_px / height_px)
        axis = figure.add_axes((*frame, *size))
        axis.set_axis_off()
        axes.append(axis)
    return figure, axes


def _draw_slice(
    axis: Axes, panel: Panel, *, volume: NDArray[np.float32], window: tuple[float, float]
) -> None:
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


def _draw_regions(
    axis: Axes,
    panel: Panel,
    *,
    predicted: Mapping[Region, BoolArray],
    reference: Mapping[Region, BoolArray],
) -> None:
    for region in Region:
        if region in predicted:
            style = {"colors": COLOURS[region], "linewidths": LINE_WIDTHS[region]}
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


def _draw_box(axis: Axes, panel: Panel, box: Box3D | None) -> None:
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


def _draw_crosshair(axis: Axes, panel: Panel, centre_vox: Voxel | None) -> None:
    """Draw four arms that leave the centre itself free to look at."""
    if centre_vox is None:
        return
    x, y = panel.place(centre_vox)
    for near, far in ((3.0, 14.0), (-3.0, -14.0)):
        for xs, ys in (([x + near, x + far], [y, y]), ([x, x], [y + near, y + far])):
            axis.plot(xs, ys, color="black", linewidth=3.2, alpha=0.6, solid_capstyle="butt")
            axis.plot(xs, ys, color=CROSSHAIR_COLOUR, linewidth=1.6, solid_capstyle="butt")


def _draw_sides(axis: Axes, panel: Panel) -> None:
    left, right = SIDES[panel.plane.axis]
    style: dict[str, Any] = {
        "color": INK,
        "fontsize": 10,
        "va": "center",
        "transform": axis.transAxes,
    }
    axis.text(0.015, 0.5, left, ha="left", **style)
    axis.text(0.985, 0.5, right, ha="right", **style)


def _draw_scale_bar(axis: Axes, panel: Panel) -> None:
    start, base = panel.x_mm[1] - 4.0, panel.y_mm[0] + 4.0
    xs = (start, start - SCALE_BAR_MM)
    axis.plot(xs, (base, base), color=INK, linewidth=2, solid_capstyle="butt")
    label = f"{SCALE_BAR_MM:.0f} mm"
    axis.text(start, base + 2.5, label, color=INK, fontsize=7.5, ha="left", va="bottom")


def _draw_captions(figure: Figure, *, title: str, sequence: str) -> None:
    middle = 1 - TITLE_PX / 2 / (figure.get_figheight() * DPI)
    style: dict[str, Any] = {
        "color": INK,
        "va": "center",
        "parse_math": False,
    }  # an id may hold a dollar sign
    figure.text(0.008, middle, title, fontsize=10.5, ha="left", **style)
    figure.text(0.992, middle, sequence, fontsize=9, ha="right", alpha=0.75, **style)


def _keys(
    regions: Mapping[Region, BoolArray],
    reference: Mapping[Region, BoolArray],
    *,
    box: Box3D | None,
    centre_vox: Voxel | None,
) -> list[Line2D]:
    """Name what was drawn, and only that."""
    predicted = [region for region in Region if region in regions]
    keys = [Line2D([], [], color=COLOURS[r], linewidth=2, label=NAMES[r]) for r in predicted]
    if box is not None:
        keys.append(Line2D([], [], color=BOX_COLOUR, linewidth=2, label="predicted box"))
    if centre_vox is not None:
        keys.append(
            Line2D(
                [],
                [],
                color=CROSSHAIR_COLOUR,
                marker="+",
                linestyle="none",
                markersize=9,
                markeredgewidth=1.8,
                label="predicted centre",
            )
        )
    if Region.WT in reference:
        label = "reference, whole tumour"
        keys.append(Line2D([], [], color="white", linestyle=DASHES, linewidth=1.5, label=label))
    return keys


def _draw_legend(figure: Figure, keys: list[Line2D]) -> None:
    if keys:
        figure.legend(
            handles=keys,
            loc="lower left",
            ncols=len(keys),
            frameon=False,
            labelcolor=INK,
            fontsize=8.5,
            handlelength=2.2,
            borderaxespad=0.4,
        )


def _png(figure: Figure) -> bytes:
    target = BytesIO()
    canvas = FigureCanvasAgg(figure)
    canvas.print_png(target, metadata={"Software": None})  # type: ignore[no-untyped-call]  # 3.11
    return target.getvalue()
