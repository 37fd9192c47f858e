import numpy as np
import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Axis, Grid, Plane, Point3D
from gliobench.domain.position.brain_extent import MNI_HIGH_MM, MNI_LOW_MM, BrainExtent
from gliobench.domain.position.brain_regions import BrainRegion
from gliobench.domain.position.diameters import Diameters
from gliobench.domain.position.lesion import Lesion, RegionShare, Side, describe_lesion

AFFINE = np.eye(4)
AFFINE[:3, 3] = (-80, -110, -70)
MNI = Grid((160, 190, 160), AFFINE)
BRAIN = BrainExtent(MNI_LOW_MM, MNI_HIGH_MM)


def at(x: float, y: float, z: float) -> Point3D:
    return Point3D(MNI.to_voxel((x, y, z)))


def block(start: tuple[int, int, int], stop: tuple[int, int, int]) -> np.ndarray:
    voxels = np.zeros(MNI.shape, dtype=bool)
    (i, j, k), (i1, j1, k1) = (tuple(map(round, at(*end).at)) for end in (start, stop))
    voxels[i:i1, j:j1, k:k1] = True
    return voxels


def described(centre: Point3D, voxels: np.ndarray | None = None, **more: object) -> Lesion:
    facts = {"centre": centre, "voxels": voxels, "brain": BRAIN, "grid": MNI, **more}
    return describe_lesion(**facts)


@pytest.mark.parametrize(
    ("x", "side"), [(6, Side.RIGHT), (-6, Side.LEFT), (5, Side.MIDLINE), (-5, Side.MIDLINE)]
)
def test_a_centre_within_5_mm_of_the_midline_is_on_neither_side(x: int, side: Side) -> None:
    found = described(at(x, 40, 30))

    assert found.side is side
    assert found.centre_to_midline_mm == pytest.approx(abs(x))


def test_the_midline_is_that_of_the_brain_and_not_of_the_world() -> None:
    brain = BrainExtent((-56, -100, -60), (76, 66, 74))

    found = described(at(40, 40, 30), brain=brain)

    assert found.centre_to_midline_mm == pytest.approx(30)


def test_the_nearest_edge_is_that_of_the_voxels() -> None:
    right = described(at(40, 40, 30), block((32, 30, 20), (49, 51, 41)))
    left = described(at(-40, 40, 30), block((-48, 30, 20), (-31, 51, 41)))
    across = described(at(12, 40, 30), block((-4, 30, 20), (29, 51, 41)))

    assert right.edge_to_midline_mm == left.edge_to_midline_mm == pytest.approx(32)
    assert across.edge_to_midline_mm == 0
    assert described(at(40, 40, 30)).edge_to_midline_mm is None


def test_the_share_of_each_region_is_that_of_the_voxels_largest_first() -> None:
    # At z = 30 the central sulcus lies at y = -9: 20 of 30 columns are behind it, 10 before it.
    voxels = block((30, -28, 30), (40, 2, 31))

    found = described(at(35, -13, 30), voxels)

    assert [(item.name, item.share) for item in found.regions] == [
        ("right parietal lobe", pytest.approx(20 / 30)),
        ("right frontal lobe", pytest.approx(10 / 30)),
    ]
    assert found.no_region == ""


def test_a_tumour_across_the_midline_has_a_share_on_each_side() -> None:
    found = described(at(10, 40, 40), block((-9, 35, 40), (31, 45, 41)))

    assert [(item.name, item.share) for item in found.regions] == [
        ("right frontal lobe", pytest.approx(30 / 40)),
        ("left frontal lobe", pytest.approx(10 / 40)),
    ]


def test_a_region_with_less_than_a_tenth_of_the_tumour_is_not_named() -> None:
    found = described(at(35, 5, 30), block((30, -11, 30), (40, 29, 31)))

    assert [item.name for item in found.regions] == ["right frontal lobe"]
    assert found.regions[0].share == pytest.approx(37 / 40)


def test_without_voxels_the_region_of_the_centre_is_named_without_a_share() -> None:
    found = described(at(-54, -20, 2))

    assert found.regions == (RegionShare(BrainRegion.TEMPORAL, Side.LEFT, None),)


def test_a_region_in_the_middle_has_no_side() -> None:
    assert [item.name for item in described(at(0, -28, -34)).regions] == ["brainstem"]


def test_no_region_is_guessed_where_the_brain_is_implausible() -> None:
    found = described(at(40, 40, 30), brain=BrainExtent(MNI_LOW_MM, (66, 66, 20)))

    assert found.regions == ()
    assert found.no_region == "the brain is 80 mm high: wanted 100 to 154 mm"
    assert found.side is Side.RIGHT


def test_the_slice_to_look_at_is_that_of_the_diameters_or_of_the_centre() -> None:
    diameters = Diameters(Plane(Axis.AXIAL, 77), 40.0, 30.0)

    assert described(at(40, 40, 30), diameters=diameters).plane.index == 77
    assert described(at(40, 40, 30)).plane == Plane(Axis.AXIAL, 100)
    assert described(Point3D((5, 5, 400))).plane.index == MNI.shape[2] - 1


def test_a_lesion_has_a_region_or_the_reason_why_not() -> None:
    with pytest.raises(InvalidInputError, match="a region, or the reason"):
        Lesion(Side.LEFT, 10.0, None, (), "", Plane(Axis.AXIAL, 1))


def test_a_paired_region_needs_a_side() -> None:
    with pytest.raises(InvalidInputError, match="frontal lobe on side None"):
        RegionShare(BrainRegion.FRONTAL, None, 0.5)
