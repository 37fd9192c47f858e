"""Draws a study in three planes, with what was predicted and what the experts say."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from io import BytesIO
from typing import cast, final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from gliobench.adapters.pillow.marks import (
    BOX_COLOUR,
    COLOURS,
    CROSSHAIR_COLOUR,
    FINE,
    Pen,
    slice_image,
)
from gliobench.adapters.pillow.panels import SIDES, lefts_mm, panels_through
from gliobench.application.ports.study_painter import StudyPainter
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.geometry.grids import Axis, BoolArray, Box3D, Voxel, extent
from gliobench.domain.labels.regions import REGION_TITLES, Region
from gliobench.domain.studies.study import Modality, Study

WIDTH_PX = 1200
FAST = 3
"""Level of compression: half of the time of the usual one, and as small."""
SAMPLED_VOXELS = 1_000_000
"""Enough of a volume to know its percentiles."""
TITLE_PX = LEGEND_PX = 40
"""Heights of the bands above and below the panels."""
INK, PALE_INK = "#E8EAED", "#B0B3B8"
MARGIN_PX = 10
KEY_PX, KEY_GAP_PX, ENTRY_GAP_PX = 26, 8, 24
SCALE_BAR_MM = 50.0
SEQUENCES = {
    Modality.T2F: "T2-FLAIR",
    Modality.T1C: "T1 with contrast",
    Modality.T2W: "T2",
    Modality.T1N: "T1",
}
"""By preference: the first that can be read is drawn."""


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


def draw_sides(
    draw: ImageDraw.ImageDraw, axis: Axis, *, left: float, width: float, middle: float
) -> None:
    """Letter the sides of the patient at the edges of a panel."""
    for side, x, anchor in zip(
        SIDES[axis], (left + 6, left + width - 6), ("lm", "rm"), strict=True
    ):
        draw.text((x, middle), side, fill=INK, font=_font(16), anchor=anchor)


def draw_scale_bar(draw: ImageDraw.ImageDraw, *, bottom: float, px_per_mm: float) -> None:
    """Draw a bar of a round length into the lower left corner."""
    right = MARGIN_PX + round(SCALE_BAR_MM * px_per_mm) - 1
    draw.rectangle((MARGIN_PX, bottom - 10, right, bottom - 8), fill=INK)
    label = f"{SCALE_BAR_MM:.0f} mm"
    draw.text((MARGIN_PX, bottom - 15), label, fill=INK, font=_font(12), anchor="ls")


def draw_title(draw: ImageDraw.ImageDraw, title: str, modality: Modality, *, width: int) -> None:
    """Put the title, cut where it is long, and the name of the sequence into the band on top."""
    sequence, font, middle = SEQUENCES[modality], _font(17), TITLE_PX / 2
    right = width - MARGIN_PX
    draw.text((right, middle), sequence, fill=PALE_INK, font=_font(14), anchor="rm")
    room = right - _font(14).getlength(sequence) - ENTRY_GAP_PX - MARGIN_PX
    shown = _legible(title)
    while shown and font.getlength(shown) > room:
        shown = shown.removesuffix("…")[:-1] + "…"
    draw.text((MARGIN_PX, middle), shown, fill=INK, font=font, anchor="lm")


def draw_legend(
    draw: ImageDraw.ImageDraw,
    *,
    regions: Iterable[Region],
    box: bool,
    centre: bool,
    middle: float,
) -> None:
    """Name what was drawn, and only that, in the band at the bottom."""
    x = float(MARGIN_PX)
    predicted = set(regions)
    entries = [
        (REGION_TITLES[region], COLOURS[region]) for region in COLOURS if region in predicted
    ]
    entries += [("predicted box", BOX_COLOUR)] * box
    entries += [("predicted centre", CROSSHAIR_COLOUR)] * centre
    for name, colour in entries:
        _draw_key(draw, x, middle, colour)
        x += KEY_PX + KEY_GAP_PX
        draw.text((x, middle), name, fill=INK, font=_font(14), anchor="lm")
        x += _font(14).getlength(name) + ENTRY_GAP_PX


def _draw_key(draw: ImageDraw.ImageDraw, x: float, middle: float, colour: str) -> None:
    y = round(middle)
    if colour == CROSSHAIR_COLOUR:
        centre = x + KEY_PX / 2
        draw.rectangle((centre - 6, y - 1, centre + 6, y), fill=colour)
        draw.rectangle((centre - 1, y - 6, centre, y + 6), fill=colour)
        return
    draw.rectangle((x, y - 1, x + KEY_PX - 1, y + 1), fill=colour)


@cache
def _font(size_px: int) -> ImageFont.FreeTypeFont:
    return cast("ImageFont.FreeTypeFont", ImageFont.load_default(size=size_px))


def _legible(text: str) -> str:
    """Replace the letters that Pillow's font lacks: those with accents by those without, others by ?."""
    plain = unicodedata.normalize("NFKD", text).translate({ord("×"): "x", ord("–"): "-"})
    letters = (letter for letter in plain if not unicodedata.combining(letter))
    return "".join(letter if _is_in_font(letter) else "?" for letter in letters)


@cache
def _is_in_font(letter: str) -> bool:
    drawn, missing = (bytes(_font(20).getmask(text)) for text in (letter, "\uffff"))
    return drawn != missing
