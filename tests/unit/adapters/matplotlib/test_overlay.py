"""Overlays put things where they are: the numbers are worked out by hand from the geometry."""

from __future__ import annotations

from io import BytesIO

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib._pylab_helpers import Gcf
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread
from numpy.typing import NDArray

from gliobench.adapters.matplotlib import draw_overlay
from gliobench.adapters.matplotlib.marks import BOX_COLOUR, COLOURS, CROSSHAIR_COLOUR
from gliobench.adapters.matplotlib.overlay import _compose
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


def lesion() -> NDArray[np.bool_]:
    mask = np.zeros(GRID.shape, dtype=bool)
    mask[LESION] = True
    return mask


def pixels(png: bytes) -> NDArray[np.float32]:
    return imread(BytesIO(png), format="png")[..., :3]


def found(picture: NDArray[np.float32], colour: str, panel: tuple[int, int]) -> NDArray[np.intp]:
    """Find the pixels of a colour in a panel, as (row, column), without the bands of text."""
    inside = np.zeros(picture.shape[:2], dtype=bool)
    inside[38:-40, round(panel[0] * PX_PER_MM) : round(panel[1] * PX_PER_MM)] = True
    return np.argwhere(inside & (np.abs(picture - to_rgb(colour)) < 0.1).all(axis=-1))


def middle(places: NDArray[np.intp]) -> NDArray[np.float64]:
    """Give the middle of the box around pixels."""
    return (places.min(axis=0) + places.max(axis=0)) / 2


def texts(figure: Figure, panel: int) -> dict[str, float]:
    """Give the letters at the sides of a panel, with their place across it in [0, 1]."""
    axis = figure.axes[panel]
    return {t.get_text(): t.get_position()[0] for t in axis.texts if len(t.get_text()) == 1}


def composed() -> Figure:
    return _compose(
        FLAIR, centre_vox=CENTRE, through_vox=None, regions={}, reference={}, box=None, title=""
    )


def test_a_lesion_at_the_left_front_top_is_drawn_right_of_the_middle_in_front_and_above() -> None:
    png = draw_overlay(FLAIR, centre_vox=None, regions={Region.WT: lesion()}, through_vox=CENTRE)

    picture = pixels(png)
    axial, coronal, sagittal = (
        middle(found(picture, COLOURS[Region.WT], panel)) for panel in (AXIAL, CORONAL, SAGITTAL)
    )

    # The window ends at 57.5 mm right, 97 mm front and 55.25 mm top; the lesion is centred at
    # 16.5, 77 and 39.75 mm: 41 mm from the left edge, 20 mm from the front, 15.5 mm from the top.
    assert axial == pytest.approx([38 + 20 * PX_PER_MM, 41 * PX_PER_MM], abs=2)
    top = 38 + (96 - 52) / 2 * PX_PER_MM
    assert coronal == pytest.approx([top + 15.5 * PX_PER_MM, (66 + 41) * PX_PER_MM], abs=2)
    assert sagittal == pytest.approx([top + 15.5 * PX_PER_MM, (132 + 20) * PX_PER_MM], abs=2)


def test_the_outline_has_the_size_of_the_lesion_in_mm_along_each_axis() -> None:
    png = draw_overlay(FLAIR, centre_vox=None, regions={Region.WT: lesion()}, through_vox=CENTRE)

    outline = found(pixels(png), COLOURS[Region.WT], AXIAL)

    tall, wide = (np.ptp(outline, axis=0) + 1) / PX_PER_MM
    assert (wide, tall) == pytest.approx((6, 12), abs=0.8)  # 6 voxels of 1 mm and of 2 mm


def test_the_patients_right_is_lettered_on_the_left_and_the_front_on_the_left_of_the_side_view() -> (
    None
):
    figure = composed()

    axial, coronal, sagittal = (texts(figure, panel) for panel in range(3))

    assert axial["R"] < 0.5 < axial["L"]
    assert coronal["R"] < 0.5 < coronal["L"]
    assert sagittal["A"] < 0.5 < sagittal["P"]


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    figure = composed()

    bar = next(line for line in figure.axes[0].lines if abs(np.ptp(line.get_xdata()) - 50) < 1e-9)

    assert np.ptp(bar.get_ydata()) == 0
    assert any(text.get_text() == "50 mm" for text in figure.axes[0].texts)


def test_the_crosshair_stands_at_the_centre_and_leaves_it_free() -> None:
    picture = pixels(draw_overlay(FLAIR, centre_vox=CENTRE))

    arms = found(picture, CROSSHAIR_COLOUR, AXIAL)

    centre = np.array([38 + 20 * PX_PER_MM, 41 * PX_PER_MM])
    assert middle(arms) == pytest.approx(centre, abs=2)
    assert np.abs(arms - centre).max(axis=1).min() > 2 * PX_PER_MM


def test_the_planes_cut_elsewhere_when_told_to() -> None:
    elsewhere = (40.0, 10.0, 12.0)

    png = draw_overlay(FLAIR, centre_vox=None, regions={Region.WT: lesion()}, through_vox=elsewhere)

    assert not len(found(pixels(png), COLOURS[Region.WT], (0, 228)))


def test_a_box_is_drawn_only_on_the_planes_that_meet_it() -> None:
    box = Box3D(start=(14, 36, 24), stop=(20, 42, 30))

    png = draw_overlay(FLAIR, centre_vox=None, box=box, through_vox=(16.0, 10.0, 12.0))

    picture = pixels(png)
    assert not len(found(picture, BOX_COLOUR, AXIAL))
    assert not len(found(picture, BOX_COLOUR, CORONAL))
    tall, wide = (np.ptp(found(picture, BOX_COLOUR, SAGITTAL), axis=0) + 1) / PX_PER_MM
    assert (wide, tall) == pytest.approx((12, 9), abs=0.8)


def test_the_reference_is_dashed_in_white() -> None:
    bare = pixels(draw_overlay(FLAIR, centre_vox=None, through_vox=CENTRE))
    marked = pixels(
        draw_overlay(FLAIR, centre_vox=None, reference={Region.WT: lesion()}, through_vox=CENTRE)
    )

    def white(picture: NDArray[np.float32]) -> int:
        return len(found(picture, "#FFFFFF", AXIAL))

    assert white(marked) > white(bare)


@pytest.mark.parametrize("modality", list(Modality))
def test_any_single_modality_will_do(modality: Modality) -> None:
    assert draw_overlay(study(modality), centre_vox=CENTRE).startswith(b"\x89PNG")


def test_flair_is_drawn_where_there_is_a_choice() -> None:
    figure = _compose(
        study(*Modality),
        centre_vox=None,
        through_vox=None,
        regions={},
        reference={},
        box=None,
        title="",
    )

    assert "T2-FLAIR" in [text.get_text() for text in figure.texts]


def test_a_study_without_modalities_cannot_be_drawn() -> None:
    with pytest.raises(NotFoundError, match="study s has no modality to draw"):
        draw_overlay(study(), centre_vox=CENTRE)


def test_one_voxel_of_enormous_intensity_does_not_darken_the_head() -> None:
    volume = FLAIR.volume(Modality.T2F).copy()
    volume[HEAD] = np.linspace(50, 150, volume[HEAD].size).reshape(volume[HEAD].shape)
    volume[12, 7, 10] = 32767.0
    spiked = Study(id="s", patient_id="s", grid=GRID, volumes={Modality.T2F: volume})

    picture = pixels(draw_overlay(spiked, centre_vox=None))

    assert picture.mean() > 0.1


def test_a_head_of_one_intensity_and_an_empty_volume_are_drawn() -> None:
    for value in (100.0, 0.0):
        assert draw_overlay(study(Modality.T1N, head=value), centre_vox=None)


def test_a_centre_outside_of_the_grid_cuts_the_nearest_planes() -> None:
    assert draw_overlay(FLAIR, centre_vox=(-20.0, 500.0, 12.0)).startswith(b"\x89PNG")


def test_signs_that_mean_mathematics_are_drawn_as_they_are() -> None:
    assert draw_overlay(FLAIR, centre_vox=None, title=r"$\frac{1}$ <b> 100 %").startswith(
        b"\x89PNG"
    )


def test_the_same_arguments_give_the_same_bytes() -> None:
    first, second = (draw_overlay(FLAIR, centre_vox=CENTRE, title="same") for _ in range(2))

    assert first == second


def test_no_figure_is_left_behind_and_no_setting_is_changed() -> None:
    before = dict(mpl.rcParams)

    draw_overlay(FLAIR, centre_vox=CENTRE)

    assert Gcf.get_all_fig_managers() == []
    assert dict(mpl.rcParams) == before
