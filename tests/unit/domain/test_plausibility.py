import numpy as np
import pytest

from fakes.head import BRAIN_MM, GRID, SHAPE, brain, with_skull
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.studies.faults import FaultKind
from gliobench.domain.studies.plausibility import (
    LARGEST_BRAIN_ML,
    SMALLEST_BRAIN_ML,
    image_faults,
    tumour_fault,
)
from gliobench.domain.studies.study import Modality, Volume

pytestmark = pytest.mark.usefixtures("real_sizes")


def kinds(volume: Volume, modality: Modality = Modality.T2W, grid: Grid = GRID) -> list[FaultKind]:
    return [fault.kind for fault in image_faults("s1", modality, volume, grid)]


@pytest.mark.parametrize("modality", Modality)
def test_a_stripped_brain_is_plausible(modality: Modality) -> None:
    assert kinds(brain(), modality) == []


def z_scored(volume: Volume) -> Volume:
    """Centre what is not 0, as MONAI and nnU-Net do."""
    head = volume[volume != 0]
    return np.where(volume != 0, (volume - head.mean()) / head.std(), 0).astype(np.float32)


@pytest.mark.parametrize("modality", Modality)
def test_a_stripped_brain_whose_intensities_are_centred_is_plausible(modality: Modality) -> None:
    dark_rim = brain()
    dark_rim[(dark_rim != 0) & (brain(tuple(n - 6 for n in BRAIN_MM)) == 0)] = 100

    assert kinds(z_scored(dark_rim), modality) == []


@pytest.mark.parametrize("modality", Modality)
def test_a_skull_is_found_where_intensities_are_centred(modality: Modality) -> None:
    head = z_scored(with_skull(brain(), scalp=400, skull=60))

    assert kinds(head, modality) == [FaultKind.SKULL_NOT_STRIPPED]


@pytest.mark.parametrize("modality", Modality)
def test_a_dark_skull_under_a_scalp_is_found(modality: Modality) -> None:
    assert kinds(with_skull(brain(), scalp=400, skull=60), modality) == [
        FaultKind.SKULL_NOT_STRIPPED
    ]


def test_a_skull_that_is_as_dark_as_air_is_found() -> None:
    assert kinds(with_skull(brain(), scalp=400, skull=0)) == [FaultKind.SKULL_NOT_STRIPPED]


def test_the_fat_of_a_scalp_is_found_in_t1_though_no_skull_shows() -> None:
    head = with_skull(brain(), scalp=600, skull=300)

    assert kinds(head, Modality.T1N) == kinds(head, Modality.T1C) == [FaultKind.SKULL_NOT_STRIPPED]


def test_bright_fluid_about_a_brain_is_no_scalp() -> None:
    fluid = brain()
    fluid[(fluid != 0) & (brain(tuple(n - 6 for n in BRAIN_MM)) == 0)] = 700

    assert kinds(fluid, Modality.T2W) == []


@pytest.mark.parametrize(
    ("scale", "kind"),
    [(0.55, FaultKind.BRAIN_TOO_SMALL), (1.35, FaultKind.BRAIN_TOO_LARGE)],
)
def test_a_brain_of_another_size_is_found(scale: float, kind: FaultKind) -> None:
    edges = np.array([scale * 4.0] * 3)
    grid = Grid(shape=SHAPE, affine=np.diag([*edges, 1.0]))

    assert kinds(brain(), grid=grid) == [kind]
    assert (SMALLEST_BRAIN_ML, LARGEST_BRAIN_ML) == (300, 3000)


def test_bright_voxels_that_overflowed_are_found() -> None:
    whole = np.rint(brain() * np.linspace(1, 200, SHAPE[0], dtype=np.float32)[:, None, None])

    assert FaultKind.OVERFLOWED not in kinds(whole)
    assert FaultKind.OVERFLOWED in kinds(whole.astype(np.int64).astype(np.int16).astype(np.float32))


def test_a_volume_that_is_mostly_one_value_is_no_image() -> None:
    mask = np.where(brain() > 400, 4.0, brain() != 0).astype(np.float32)

    assert kinds(mask) == [FaultKind.MOSTLY_ONE_VALUE]


def test_a_volume_of_one_value_is_empty() -> None:
    assert kinds(np.zeros(SHAPE, dtype=np.float32)) == [FaultKind.EMPTY_VOLUME]


def test_a_single_slice_is_held_to_no_size() -> None:
    plane = brain()[:, :, 22:23]
    grid = Grid(shape=plane.shape, affine=np.eye(4))

    assert kinds(plane, grid=grid) == []


def test_a_tumour_of_more_than_two_fifths_of_the_brain_is_no_answer() -> None:
    head = np.zeros((10, 10, 10), dtype=bool)
    head[:, :, :5] = True
    tumour = np.zeros_like(head)
    tumour[:4, :, :5] = True

    assert tumour_fault("s1", tumour=tumour, brain=head) is None
    tumour[4, 0, 0] = True
    fault = tumour_fault("s1", tumour=tumour, brain=head)
    assert fault is not None
    assert fault.kind is FaultKind.TUMOUR_TOO_LARGE


def test_without_a_brain_nothing_is_too_large_for_it() -> None:
    nothing = np.zeros((4, 4, 4), dtype=bool)

    assert tumour_fault("s1", tumour=nothing, brain=nothing) is None
