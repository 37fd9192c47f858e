"""What is written on a picture: sides, scale, title and legend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gliobench.adapters.matplotlib.marks import (
    BOX_COLOUR,
    COLOURS,
    CROSSHAIR_COLOUR,
    DASHES,
    REFERENCE_COLOUR,
)
from gliobench.adapters.matplotlib.panels import SIDES, Panel
from gliobench.domain.geometry.grids import BoolArray, Box3D, Voxel
from gliobench.domain.labels.regions import REGION_TITLES, Region
from gliobench.domain.studies.study import Modality

INK = "#E8EAED"
SCALE_BAR_MM = 50.0
SEQUENCES = {
    Modality.T2F: "T2-FLAIR",
    Modality.T1C: "T1 with contrast",
    Modality.T2W: "T2",
    Modality.T1N: "T1",
}


def draw_sides(axis: Axes, panel: Panel) -> None:
    """Letter the sides of the patient."""
    left, right = SIDES[panel.plane.axis]
    style: dict[str, Any] = {
        "color": INK,
        "fontsize": 10,
        "va": "center",
        "transform": axis.transAxes,
    }
    axis.text(0.015, 0.5, left, ha="left", **style)
    axis.text(0.985, 0.5, right, ha="right", **style)


def draw_scale_bar(axis: Axes, panel: Panel) -> None:
    """Draw a bar of a round length into the lower left corner."""
    start, base = panel.x_mm[1] - 4.0, panel.y_mm[0] + 4.0
    xs = (start, start - SCALE_BAR_MM)
    axis.plot(xs, (base, base), color=INK, linewidth=2, solid_capstyle="butt")
    label = f"{SCALE_BAR_MM:.0f} mm"
    axis.text(start, base + 2.5, label, color=INK, fontsize=7.5, ha="left", va="bottom")


def draw_captions(figure: Figure, *, title: str, modality: Modality, height_px: int) -> None:
    """Put the title and the name of the sequence into the band on top."""
    middle = 1 - height_px / 2 / (figure.get_figheight() * figure.dpi)
    style: dict[str, Any] = {
        "color": INK,
        "va": "center",
        "parse_math": False,
    }  # an id may hold a dollar sign
    figure.text(0.008, middle, title, fontsize=10.5, ha="left", **style)
    figure.text(0.992, middle, SEQUENCES[modality], fontsize=9, ha="right", alpha=0.75, **style)


def legend_keys(
    regions: Mapping[Region, BoolArray],
    reference: Mapping[Region, BoolArray],
    *,
    box: Box3D | None,
    centre_vox: Voxel | None,
) -> list[Line2D]:
    """Name what was drawn, and only that."""
    predicted = [region for region in COLOURS if region in regions]
    keys = [
        Line2D([], [], color=COLOURS[r], linewidth=2, label=REGION_TITLES[r]) for r in predicted
    ]
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
        keys.append(
            Line2D([], [], color=REFERENCE_COLOUR, linestyle=DASHES, linewidth=1.5, label=label)
        )
    return keys


def draw_legend(figure: Figure, keys: list[Line2D]) -> None:
    """Put the keys into the band at the bottom."""
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
