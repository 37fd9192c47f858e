"""Tumours measured by hand, on a grid of 2x1x3 mm."""

from __future__ import annotations

import numpy as np
import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.target_facts import TargetFacts
from gliobench.domain.geometry.grids import Axis, BoolArray, Box, Grid, Plane, Point, Point3D
from gliobench.domain.predictions.prediction import Form

GRID = Grid(shape=(9, 7, 5), affine=np.diag([2.0, 1.0, 3.0, 1.0]))
PLANE = Plane(Axis.AXIAL, 2)


def block(start: tuple[int, int, int], stop: tuple[int, int, int]) -> BoolArray:
    voxels = np.zeros(GRID.shape, dtype=bool)
    voxels[tuple(slice(lo, hi) for lo, hi in zip(start, stop, strict=True))] = True
    return voxels


TUMOUR = block((1, 2, 1), (3, 5, 4))
BRAIN = block((0, 0, 0), (9, 7, 5))


def test_a_tumour_is_measured_in_the_volume_and_on_its_plane() -> None:
    facts = TargetFacts.of(TUMOUR, grid=GRID, plane=PLANE, brain=BRAIN)

    assert facts.volume_mm3 == pytest.approx(2 * 3 * 3 * 6.0)
    assert facts.area_mm2 == pytest.approx(2 * 3 * 2.0)
    assert facts.centre == Point3D(at=(1.5, 3.0, 2.0))
    assert facts.places[Form.POINT] == Point(PLANE, at=(1.5, 3.0))
    assert facts.places[Form.BOX] == Box(PLANE, start=(1, 2), stop=(3, 5))
    assert set(facts.polygon.vertices) == {(0.5, 1.5), (2.5, 1.5), (2.5, 4.5), (0.5, 4.5)}
    assert facts.plane == PLANE


def test_a_tumour_lies_off_the_brains_centre_in_millimetres() -> None:
    facts = TargetFacts.of(TUMOUR, grid=GRID, plane=PLANE, brain=BRAIN)

    assert facts.brain == Point3D(at=(4.0, 3.0, 2.0))
    assert facts.from_brain_mm == pytest.approx(2.5 * 2.0)


@pytest.mark.parametrize(
    ("start", "stop", "share"),
    [
        ((1, 0, 2), (3, 1, 3), 0.0),
        ((5, 0, 2), (9, 1, 3), 1.0),
        ((3, 0, 2), (6, 1, 3), 0.5),
        ((4, 0, 2), (7, 1, 3), 2.5 / 3),
    ],
    ids=["left", "right", "astride", "on-the-midline-counts-half"],
)
def test_the_right_share_is_what_lies_beyond_the_brains_middle(
    start: tuple[int, int, int], stop: tuple[int, int, int], share: float
) -> None:
    facts = TargetFacts.of(block(start, stop), grid=GRID, plane=PLANE, brain=BRAIN)

    assert facts.right_share == pytest.approx(share)


def test_without_an_image_nothing_is_known_of_the_brain() -> None:
    facts = TargetFacts.of(TUMOUR, grid=GRID, plane=PLANE)

    assert (facts.brain, facts.right_share, facts.from_brain_mm) == (None, None, None)


def test_a_plane_beside_the_tumour_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="misses"):
        TargetFacts.of(TUMOUR, grid=GRID, plane=Plane(Axis.AXIAL, 4))


def test_forms_on_different_planes_are_refused() -> None:
    facts = TargetFacts.of(TUMOUR, grid=GRID, plane=PLANE)

    with pytest.raises(InvalidInputError, match="different planes"):
        TargetFacts(
            grid=GRID,
            volume_mm3=1.0,
            centre=facts.centre,
            point=Point(Plane(Axis.AXIAL, 3), at=(1.0, 1.0)),
            box=facts.box,
            polygon=facts.polygon,
            area_mm2=1.0,
        )
