"""Overlays: a study in three planes, with what was predicted and what the experts say."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gliobench.adapters.matplotlib.captions import (
    draw_captions,
    draw_legend,
    draw_scale_bar,
    draw_sides,
    legend_keys,
)
from gliobench.adapters.matplotlib.marks import (
    draw_box,
    draw_crosshair,
    draw_regions,
    draw_slice,
)
from gliobench.adapters.matplotlib.panels import Panel, lefts_mm, panels_through
from gliobench.application.ports.study_painter import StudyPainter
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.geometry.grids import BoolArray, Box3D, Voxel
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.study import Modality, Study

PREFERENCE = (Modality.T2F, Modality.T1C, Modality.T2W, Modality.T1N)
WIDTH_PX = 1200
DPI = 100
TITLE_PX = 38
LEGEND_PX = 40
SAMPLED_VOXELS = 1_000_000
"""Enough of a volume to know its percentiles."""


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
        study: Drawn in the first modality that can be read of T2-FLAIR, T1 with contrast, T2, T1.
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
        InvalidInputError: No modality can be read.
        StoreError: The study's store cannot be read now.
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
        draw_slice(axis, panel, volume=volume, window=window)
        draw_regions(axis, panel, predicted=regions, reference=reference)
        draw_box(axis, panel, box)
        draw_crosshair(axis, panel, centre_vox)
        draw_sides(axis, panel)
    draw_scale_bar(axes[0], panels[0])
    draw_captions(figure, title=title, modality=modality, height_px=TITLE_PX)
    draw_legend(figure, legend_keys(regions, reference, box=box, centre_vox=centre_vox))
    return figure


def _background(study: Study) -> tuple[Modality, NDArray[np.float32]]:
    torn: list[InvalidInputError | NotFoundError] = []
    for modality in PREFERENCE:
        if modality in study.volumes:
            try:
                return modality, study.volume(modality)
            except (InvalidInputError, NotFoundError) as error:
                torn.append(error)
    raise torn[0] if torn else NotFoundError(f"study {study.id} has no modality to draw")


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


def _png(figure: Figure) -> bytes:
    target = BytesIO()
    canvas = FigureCanvasAgg(figure)
    canvas.print_png(target, metadata={"Software": None})  # type: ignore[no-untyped-call]  # 3.11
    return target.getvalue()
