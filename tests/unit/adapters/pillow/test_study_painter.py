"""Overlays put things where they are: the numbers are worked out by hand from the geometry."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFont

from gliobench.adapters.pillow import PillowStudyPainter
from gliobench.adapters.pillow.marks import BOX_COLOUR, COLOURS, CROSSHAIR_COLOUR
from gliobench.adapters.pillow.study_painter import INK
from gliobench.domain.errors import NotFoundError
from gliobench.domain.geometry.grids import Box3D, Grid
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.study import Modality, Study

# A head of 40 × 80 × 36 mm with 8 mm of air around it: panels of 56 × 96 mm (axial), 56 × 52 mm
# (coronal) and 96 × 52 mm (sagittal), 10 mm apart, make 228 mm; the picture has 1200 pixels.
GRID = Grid(shape=(60, 50, 40), affine=np.diag([1.0, 2.0, 1.5, 1.0]))
HEAD = (slice(10, 50), slice(5, 45), slice(8, 32))
LESION = (slice(14, 20), slice(36, 42), slice(24, 30))
"""At the patient's left (low i), front (high j) and top (high k)."""
CENTRE = (16.5, 38.5, 26.5)
PX_PER_MM = 1200 / 228
AXIAL, CORONAL, SAGITTAL = ((0, 56), (66, 122), (132, 228))
"""Where each panel lies across the picture, in mm."""


def study(*modalities: Modality, head: float = 100.0) -> Study:
    volume = np.zeros(GRID.shape, dtype=np.float32)
    volume[HEAD] = head
    return Study(id="s", patient_id="s", grid=GRID, volumes=dict.fromkeys(modalities, volume))


FLAIR = study(Modality.T2F)
TOP_PX = BOTTOM_PX = 40
"""Heights of the bands of text."""
paint = PillowStudyPainter().paint


def lesion() -> NDArray[np.bool_]:
    mask = np.zeros(GRID.shape, dtype=bool)
    mask[LESION] = True
    return mask


def pixels(png: bytes) -> NDArray[np.float32]:
    return np.asarray(Image.open(BytesIO(png)), dtype=np.float32) / 255


def found(picture: NDArray[np.float32], colour: str, panel: tuple[int, int]) -> NDArray[np.intp]:
    """Find the pixels of a colour in a panel, as (row, column), without the bands of text."""
    inside = np.zeros(picture.shape[:2], dtype=bool)
    inside[TOP_PX:-BOTTOM_PX, round(panel[0] * PX_PER_MM) : round(panel[1] * PX_PER_MM)] = True
    return np.argwhere(inside & (np.abs(picture - rgb(colour)) < 0.1).all(axis=-1))


def middle(places: NDArray[np.intp]) -> NDArray[np.float64]:
    """Give the middle of the box around pixels."""
    return (places.min(axis=0) + places.max(axis=0)) / 2


def rgb(colour: str) -> NDArray[np.float32]:
    return np.asarray(ImageColor.getrgb(colour), dtype=np.float32) / 255


def place(picture: NDArray[np.float32], text: str, size: int) -> tuple[float, float] | None:
    """Find where a text is written on black, as (row, column) of its middle; None if nowhere."""
    font = ImageFont.load_default(size=size)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(text))
    image = Image.new("RGB", (right - left, bottom - top))
    ImageDraw.Draw(image).text((-left, -top), text, fill=INK, font=font)
    wanted = np.asarray(image, dtype=np.float32) / 255
    blocks = np.lib.stride_tricks.sliding_window_view(picture, wanted.shape)[:, :, 0]
    hits = np.argwhere((np.abs(blocks - wanted) < 0.02).all(axis=(2, 3, 4)))
    return tuple(hits.mean(axis=0) + np.array(wanted.shape[:2]) / 2) if len(hits) else None


def band(png: bytes, panel: tuple[int, int], half: int) -> NDArray[np.float32]:
    """Give the left (0) or the right half (1) of the rows about a panel's middle."""
    whole = pixels(png)
    middle = (whole.shape[0] - BOTTOM_PX + TOP_PX) // 2
    low, high = (round(edge * PX_PER_MM) for edge in panel)
    quarter = (high - low) // 6
    columns = slice(low, low + quarter) if half == 0 else slice(high - quarter, high)
    return whole[middle - 15 : middle + 15, columns]


def test_a_lesion_at_the_left_front_top_is_drawn_right_of_the_middle_in_front_and_above() -> None:
    png = paint(FLAIR, centre_vox=None, regions={Region.WT: lesion()}, through_vox=CENTRE)

    picture = pixels(png)
    axial, coronal, sagittal = (
        middle(found(picture, COLOURS[Region.WT], panel)) for panel in (AXIAL, CORONAL, SAGITTAL)
    )

    # The window ends at 57.5 mm right, 97 mm front and 55.25 mm top; the lesion is centred at
    # 16.5, 77 and 39.75 mm: 41 mm from the left edge, 20 mm from the front, 15.5 mm from the top.
    assert axial == pytest.approx([TOP_PX + 20 * PX_PER_MM, 41 * PX_PER_MM], abs=2)
    top = TOP_PX + (96 - 52) / 2 * PX_PER_MM
    assert coronal == pytest.approx([top + 15.5 * PX_PER_MM, (66 + 41) * PX_PER_MM], abs=2)
    assert sagittal == pytest.approx([top + 15.5 * PX_PER_MM, (132 + 20) * PX_PER_MM], abs=2)


def test_the_outline_has_the_size_of_the_lesion_in_mm_along_each_axis() -> None:
    png = paint(FLAIR, centre_vox=None, regions={Region.WT: lesion()}, through_vox=CENTRE)

    outline = found(pixels(png), COLOURS[Region.WT], AXIAL)

    tall, wide = (np.ptp(outline, axis=0) + 1) / PX_PER_MM
    assert (wide, tall) == pytest.approx((6, 12), abs=0.8)  # 6 voxels of 1 mm and of 2 mm


def test_the_patients_right_is_lettered_on_the_left_and_the_front_on_the_left_of_the_side_view() -> (
    None
):
    png = paint(FLAIR, centre_vox=CENTRE)

    for panel, sides in ((AXIAL, "RL"), (CORONAL, "RL"), (SAGITTAL, "AP")):
        for half, side in enumerate(sides):
            assert place(band(png, panel, half), side, 16)


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    lower_left = pixels(paint(FLAIR, centre_vox=None))[-BOTTOM_PX - 30 : -BOTTOM_PX, :320]

    ink = (np.abs(lower_left - rgb(INK)) < 0.02).all(axis=-1)

    assert ink.sum(axis=1).max() == pytest.approx(50 * PX_PER_MM, abs=1)
    assert place(lower_left, "50 mm", 12)


def test_the_crosshair_stands_at_the_centre_and_leaves_it_free() -> None:
    picture = pixels(paint(FLAIR, centre_vox=CENTRE))

    arms = found(picture, CROSSHAIR_COLOUR, AXIAL)

    centre = np.array([TOP_PX + 20 * PX_PER_MM, 41 * PX_PER_MM])
    assert middle(arms) == pytest.approx(centre, abs=2)
    assert np.abs(arms - centre).max(axis=1).min() > 2 * PX_PER_MM


def test_the_planes_cut_elsewhere_when_told_to() -> None:
    elsewhere = (40.0, 10.0, 12.0)

    png = paint(FLAIR, centre_vox=None, regions={Region.WT: lesion()}, through_vox=elsewhere)

    assert not len(found(pixels(png), COLOURS[Region.WT], (0, 228)))


def test_a_box_is_drawn_only_on_the_planes_that_meet_it() -> None:
    box = Box3D(start=(14, 36, 24), stop=(20, 42, 30))

    png = paint(FLAIR, centre_vox=None, box=box, through_vox=(16.0, 10.0, 12.0))

    picture = pixels(png)
    assert not len(found(picture, BOX_COLOUR, AXIAL))
    assert not len(found(picture, BOX_COLOUR, CORONAL))
    tall, wide = (np.ptp(found(picture, BOX_COLOUR, SAGITTAL), axis=0) + 1) / PX_PER_MM
    assert (wide, tall) == pytest.approx((12, 9), abs=0.8)


@pytest.mark.parametrize("modality", list(Modality))
def test_any_single_modality_will_do(modality: Modality) -> None:
    assert paint(study(modality), centre_vox=CENTRE).startswith(b"\x89PNG")


def test_flair_is_drawn_where_there_is_a_choice() -> None:
    drawn = paint(study(*Modality), centre_vox=None)

    assert drawn == paint(FLAIR, centre_vox=None) != paint(study(Modality.T1C), centre_vox=None)


def test_a_study_without_modalities_cannot_be_drawn() -> None:
    with pytest.raises(NotFoundError, match="study s has no modality to draw"):
        paint(study(), centre_vox=CENTRE)


def test_one_voxel_of_enormous_intensity_does_not_darken_the_head() -> None:
    volume = FLAIR.volume(Modality.T2F).copy()
    volume[HEAD] = np.linspace(50, 150, volume[HEAD].size).reshape(volume[HEAD].shape)
    volume[12, 7, 10] = 32767.0
    spiked = Study(id="s", patient_id="s", grid=GRID, volumes={Modality.T2F: volume})

    picture = pixels(paint(spiked, centre_vox=None))

    assert picture.mean() > 0.1


def test_a_head_of_one_intensity_and_an_empty_volume_are_drawn() -> None:
    for value in (100.0, 0.0):
        assert paint(study(Modality.T1N, head=value), centre_vox=None)


def test_a_centre_outside_of_the_grid_cuts_the_nearest_planes() -> None:
    assert paint(FLAIR, centre_vox=(-20.0, 500.0, 12.0)).startswith(b"\x89PNG")


def test_a_title_is_drawn_as_it_is_and_accents_that_the_font_lacks_are_left_out() -> None:
    for title, shown in ((r"$\frac{1}$ <b> 100 %",) * 2, ("Müller 中", "Muller ?")):
        top = pixels(paint(FLAIR, centre_vox=None, title=title))[:TOP_PX, :300]

        assert place(top, shown, 17)


def test_a_long_title_is_cut_before_the_name_of_the_sequence() -> None:
    top = pixels(paint(FLAIR, centre_vox=None, title="long " * 100))[:TOP_PX]

    inked = np.flatnonzero(top.any(axis=(0, 2)))
    assert np.diff(inked).max() > 20
    assert inked[0] >= 8
    assert inked[-1] <= 1192


def test_a_box_that_reaches_out_of_its_panel_is_cut_off_there() -> None:
    box = Box3D(start=(14, 36, 24), stop=(90, 42, 30))

    picture = pixels(paint(FLAIR, centre_vox=None, box=box, through_vox=CENTRE))

    assert len(found(picture, BOX_COLOUR, CORONAL))
    assert not len(found(picture, BOX_COLOUR, (57, 65)))


def test_the_same_arguments_give_the_same_bytes() -> None:
    first, second = (paint(FLAIR, centre_vox=CENTRE, title="same") for _ in range(2))

    assert first == second
