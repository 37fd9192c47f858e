"""Draws a study in three planes, with what was predicted and what the experts say."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from gliobench.adapters.pillow.captions import (
    LEGEND_PX,
    SEQUENCES,
    TITLE_PX,
    draw_legend,
    draw_scale_bar,
    draw_sides,
    draw_title,
)
from gliobench.adapters.pillow.marks import FINE, Pen, slice_image
from gliobench.adapters.pillow.panels import lefts_mm, panels_through
from gliobench.application.ports.study_painter import StudyPainter
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.geometry.grids import BoolArray, Box3D, Voxel, extent
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.study import Modality, Study

WIDTH_PX = 1200
FAST = 3
"""Level of compression: half of the time of the usual one, and as small."""
SAMPLED_VOXELS = 1_000_000
"""Enough of a volume to know its percentiles."""


@final
class PillowStudyPainter(StudyPainter):
    """Draws the axial, coronal and sagittal plane side by side, to one scale, 1200 pixels wide.

    Predicted regions are outlined in colour. The planes cut at the centre, or without one in the grid's
    middle.
    """

    def paint(
        self,
        study: Study,
        *,
        centre_vox: Voxel | None,
        regions: Mapping[Region, BoolArray] | None = None,
        box: Box3D | None = None,
        through_vox: Voxel | None = None,
        title: str = "",
    ) -> bytes:
        """Draw the planes through a place as a PNG."""
        modality, volume = _background(study)
        window = _window(volume)
        regions = regions or {}
        i, j, k = ((n - 1) / 2 for n in study.grid.shape)
        panels = panels_through(
            through_vox or centre_vox or (i, j, k),
            grid=study.grid,
            shown=_shown(study.head(modality), regions),
        )
        lefts = lefts_mm(panels)
        px_per_mm = WIDTH_PX / (lefts[-1] + panels[-1].width_mm)
        band_px = round(max(panel.height_mm for panel in panels) * px_per_mm)
        picture = Image.new("RGB", (WIDTH_PX, TITLE_PX + band_px + LEGEND_PX))
        draw = ImageDraw.Draw(picture)
        for panel, left_mm in zip(panels, lefts, strict=True):
            image = slice_image(panel, volume, window=window, px_per_mm=px_per_mm * FINE)
            pen = Pen(panel, ImageDraw.Draw(image), px_per_mm * FINE)
            pen.regions(regions)
            pen.box(box)
            pen.crosshair(centre_vox)
            drawn = image.reduce(FINE)
            left, top = round(left_mm * px_per_mm), TITLE_PX + (band_px - drawn.height) // 2
            picture.paste(drawn, (left, top))
            draw_sides(
                draw, panel.plane.axis, left=left, width=drawn.width, middle=top + drawn.height / 2
            )
        draw_scale_bar(draw, bottom=TITLE_PX + band_px, px_per_mm=px_per_mm)
        draw_title(draw, title, modality, width=WIDTH_PX)
        draw_legend(
            draw,
            regions=regions,
            box=box is not None,
            centre=centre_vox is not None,
            middle=picture.height - LEGEND_PX / 2,
        )
        file = BytesIO()
        picture.save(file, format="PNG", compress_level=FAST)
        return file.getvalue()


def _background(study: Study) -> tuple[Modality, NDArray[np.float32]]:
    """Read the first modality that can be read, in the order of `SEQUENCES`."""
    torn: list[InvalidInputError | NotFoundError] = []
    for modality in SEQUENCES:
        if modality in study.volumes:
            try:
                return modality, study.volume(modality)
            except (InvalidInputError, NotFoundError) as error:
                torn.append(error)
    raise torn[0] if torn else NotFoundError(f"study {study.id} has no modality to draw")


def _shown(
    head: tuple[slice, ...],
    regions: Mapping[Region, BoolArray],
) -> list[tuple[int, int]]:
    """Return the first and the last voxel along each axis of what has to be seen.

    Arrays are looked at one by one: they seldom lie alike in memory.
    """
    drawn = (extent(array) for array in regions.values() if array.any())
    blocks = [head, *drawn]
    return [
        (min(span.start for span in spans), max(span.stop for span in spans) - 1)
        for spans in zip(*blocks, strict=True)
    ]


def _window(volume: NDArray[np.float32]) -> tuple[float, float]:
    """Find the intensities shown as black and white: percentiles 1 and 99 of the head."""
    sample = volume.flat[:: max(1, volume.size // SAMPLED_VOXELS)]  # ravel would copy all
    head = sample[np.isfinite(sample) & (sample != 0)]
    if head.size == 0:
        return 0.0, 1.0
    low, high = np.percentile(head, (1, 99))
    return float(low), float(max(high, low + 1e-6))
