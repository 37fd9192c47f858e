"""What is written on a picture: sides, scale, title and legend."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import cast

from PIL import ImageDraw, ImageFont

from gliobench.adapters.pillow.marks import BOX_COLOUR, COLOURS, CROSSHAIR_COLOUR
from gliobench.adapters.pillow.panels import SIDES
from gliobench.domain.geometry.grids import Axis
from gliobench.domain.labels.regions import REGION_TITLES, Region
from gliobench.domain.studies.study import Modality

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
