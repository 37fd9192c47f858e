import numpy as np
import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.position.brain_extent import MNI_HIGH_MM, MNI_LOW_MM, BrainExtent

MM1 = Grid((150, 180, 150), np.eye(4))


def block(grid: Grid, start: tuple[int, ...], stop: tuple[int, ...]) -> np.ndarray:
    brain = np.zeros(grid.shape, dtype=bool)
    brain[tuple(slice(lo, hi) for lo, hi in zip(start, stop, strict=True))] = True
    return brain


def test_a_block_reaches_from_its_first_to_its_last_voxel() -> None:
    extent = BrainExtent.of(block(MM1, (10, 4, 8), (131, 165, 129)), MM1)

    assert extent.low_mm == (10, 4, 8)
    assert extent.high_mm == (130, 164, 128)
    assert extent.midline_mm == 70
    assert extent.fault == ""


def test_stray_voxels_do_not_move_the_midline() -> None:
    brain = block(MM1, (10, 4, 8), (131, 165, 129))
    brain[146:149, 80:83, 70:73] = True

    assert BrainExtent.of(brain, MM1).midline_mm == 70


def test_the_ends_of_the_brain_are_those_of_the_template() -> None:
    extent = BrainExtent((0, 0, 0), (120, 150, 125))

    mapped = extent.to_mni(np.array([[0, 0, 0], [120, 150, 125], [60, 75, 62.5]]))

    np.testing.assert_allclose(mapped, [MNI_LOW_MM, MNI_HIGH_MM, (0, -17, 7)])


def test_spacing_and_position_do_not_change_the_place_in_the_frame() -> None:
    affine = np.array([[2, 0, 0, -90], [0, 1, 0, -126], [0, 0, 5, -72], [0, 0, 0, 1.0]])
    thick = Grid((75, 180, 30), affine)

    extent = BrainExtent.of(block(thick, (5, 4, 2), (66, 165, 27)), thick)

    assert extent.low_mm == (-80, -122, -62)
    assert extent.high_mm == (40, 38, 58)
    assert extent.midline_mm == -20


@pytest.mark.parametrize(
    ("brain", "fault"),
    [
        (block(MM1, (10, 4, 8), (91, 165, 129)), "the brain is 80 mm wide: wanted 99 to 152 mm"),
        (block(MM1, (10, 4, 8), (131, 105, 129)), "the brain is 100 mm long: wanted 124 to 191 mm"),
        (block(MM1, (10, 4, 8), (131, 165, 89)), "the brain is 80 mm high: wanted 100 to 154 mm"),
        (block(MM1, (10, 4, 0), (131, 165, 129)), "the images cut the brain: 195 cm² of it"),
    ],
)
def test_an_implausible_brain_is_not_brought_into_the_frame(brain: np.ndarray, fault: str) -> None:
    extent = BrainExtent.of(brain, MM1)

    assert fault in extent.fault
    with pytest.raises(InvalidInputError, match=fault[:20]):
        extent.to_mni(np.zeros((1, 3)))


def test_a_single_slice_has_a_midline_but_no_place_in_the_frame() -> None:
    flat = Grid((150, 180, 1), np.eye(4))

    extent = BrainExtent.of(block(flat, (10, 4, 0), (131, 165, 1)), flat)

    assert extent.midline_mm == 70
    assert extent.fault == "a single slice does not show the extent of the brain"


def test_an_empty_brain_has_no_extent() -> None:
    with pytest.raises(InvalidInputError, match="holds no voxel"):
        BrainExtent.of(np.zeros((4, 4, 4), dtype=bool), Grid((4, 4, 4), np.eye(4)))


def test_a_reversed_box_is_no_brain() -> None:
    with pytest.raises(InvalidInputError, match="has no extent"):
        BrainExtent((0, 0, 0), (-1, 5, 5))
