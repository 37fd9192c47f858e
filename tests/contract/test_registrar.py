"""What every registrar keeps to."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from fakes.scanned_head import turned
from gliobench.application.ports.registrar import Registrar, Registration, Scan
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.resampling import pulled
from gliobench.domain.geometry.rigid import Rigid

pytest.importorskip("SimpleITK")

from gliobench.adapters.simpleitk import SimpleItkRegistrar

EDGE_MM = 6.0
SHAPE = (38, 42, 38)
AFFINE = np.diag([EDGE_MM, EDGE_MM, EDGE_MM, 1.0])
AFFINE[:3, 3] = -EDGE_MM * (np.array(SHAPE) - 1) / 2
GRID = Grid(SHAPE, AFFINE)
THICK = Grid(
    (56, 64, 40), np.array([[4, 0, 0, -112], [0, 4, 0, -128], [0, 0, 5.5, -110], [0, 0, 0, 1.0]])
)
PLACES_MM = np.array([[x, y, z] for x in (-60.0, 60) for y in (-60.0, 60) for z in (-50.0, 50)])


@pytest.fixture(params=[SimpleItkRegistrar])
def registrar(request: pytest.FixtureRequest) -> Registrar:
    return request.param()  # type: ignore[no-any-return]


@cache
def tissues() -> NDArray[np.float32]:
    """Draw an egg with folds, in a shell: 1 to 2 inside, 0 about it."""
    places = np.stack(np.indices(SHAPE), axis=-1) * EDGE_MM + AFFINE[:3, 3]
    radius = np.linalg.norm(places / [70, 88, 72] + [0, 0, 0.1], axis=-1)
    folds = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=SHAPE), 1.5)
    inside = 1.5 + 0.5 * np.tanh(4 * folds / folds.std())
    drawn = np.where(radius < 0.85, inside, np.where(radius < 1, 2.6, 0))
    return ndimage.gaussian_filter(drawn, 0.7).astype(np.float32)


def scan(motion: Rigid, grid: Grid = GRID, *, other_contrast: bool = False) -> Scan:
    drawn = tissues()
    if other_contrast:
        drawn = np.where(drawn > 0.3, 3.2 - drawn, 0)
    noise = np.random.default_rng(1).normal(0, 0.02, grid.shape)
    moved = pulled(drawn, source=GRID, target=grid, motion=motion)
    return Scan(100 * np.abs(moved + noise), grid)


MOTIONS = {
    "nothing": Rigid.none(),
    "a turn of 30 degrees": turned((30, 0, 0), (0, 0, 0), (0, 0, 0)),
    (HARDEST := "turns and a shift of 40 mm"): turned((-12, 15, -20), (25, -20, 24), (0, 0, 0)),
}


def brought_back(registrar: Registrar, name: str) -> Registration:
    """Register a moved head of another contrast in thick slices to the head as it was."""
    moving = scan(MOTIONS[name], THICK, other_contrast=True)
    return registrar.register(fixed=scan(Rigid.none()), moving=moving)


@cache
def first_found(kind: type[Registrar], name: str) -> Registration:
    """The same, once for all tests."""
    return brought_back(kind(), name)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name == HARDEST else pytest.mark.full) for name in MOTIONS],
)
def test_a_moved_head_of_another_contrast_in_thick_slices_is_brought_back(
    registrar: Registrar, name: str
) -> None:
    found = first_found(type(registrar), name)

    there = MOTIONS[name].moved(PLACES_MM)
    assert np.linalg.norm(found.motion.moved(there) - PLACES_MM, axis=1).max() < 1.5
    assert found.sharpness > 0.3


def test_the_same_images_give_the_same_motion(registrar: Registrar) -> None:
    again = brought_back(registrar, HARDEST)

    assert np.array_equal(again.motion.matrix, first_found(type(registrar), HARDEST).motion.matrix)


def test_noise_fits_no_better_than_beside_its_position(registrar: Registrar) -> None:
    noise = np.random.default_rng(2).normal(100, 30, SHAPE).astype(np.float32)

    found = registrar.register(fixed=scan(Rigid.none()), moving=Scan(noise, GRID))

    assert found.sharpness < 0.2


@pytest.mark.parametrize(
    ("degrees", "is_upright"), [pytest.param(5, True, marks=pytest.mark.full), (175, False)]
)
def test_a_head_that_its_coordinates_place_upside_down_fits_better_turned_over(
    registrar: Registrar, degrees: float, is_upright: bool
) -> None:
    motion = turned((degrees, 8, 0), (5, 0, -10), (0, 0, 0))
    inside = ndimage.binary_erosion(tissues() > 0.3, iterations=2)

    found = registrar.register(
        fixed=scan(Rigid.none()), moving=scan(motion, THICK), within=inside, turned_over=True
    )

    assert (found.uprightness > 0.3) is is_upright


def test_noise_of_the_shape_of_a_head_fits_whichever_side_is_up(registrar: Registrar) -> None:
    drawn = np.where(tissues() > 0.3, np.random.default_rng(2).normal(100, 20, SHAPE), 0)
    inside = ndimage.binary_erosion(tissues() > 0.3, iterations=2)

    found = registrar.register(
        fixed=scan(Rigid.none()),
        moving=Scan(drawn.astype(np.float32), GRID),
        within=inside,
        turned_over=True,
    )

    assert found.uprightness < 0.3


def test_an_empty_image_is_refused(registrar: Registrar) -> None:
    empty = Scan(np.zeros(SHAPE, np.float32), GRID)

    with pytest.raises(InvalidInputError, match="cannot be registered"):
        registrar.register(fixed=scan(Rigid.none()), moving=empty)


@pytest.mark.parametrize(
    ("shape", "edge_mm"), [((3, 28, 28), EDGE_MM), ((28, 1, 28), EDGE_MM), ((20, 20, 20), 1.0)]
)
def test_an_image_of_few_voxels_is_refused(
    registrar: Registrar, shape: tuple[int, int, int], edge_mm: float
) -> None:
    few = tissues()[tuple(slice(10, 10 + length) for length in shape)]
    grid = Grid(shape, np.diag([edge_mm, edge_mm, edge_mm, 1.0]))

    with pytest.raises(InvalidInputError, match="along an axis cannot be registered"):
        registrar.register(fixed=scan(Rigid.none()), moving=Scan(few, grid))


def test_an_image_whose_sums_are_not_finite_is_refused(registrar: Registrar) -> None:
    bright = np.where(tissues() > 0, 3e38, 0).astype(np.float32)

    with pytest.raises(InvalidInputError, match=r"intensities up to 3e\+38"):
        registrar.register(fixed=scan(Rigid.none()), moving=Scan(bright, GRID))


def test_an_image_on_a_sheared_grid_is_refused(registrar: Registrar) -> None:
    sheared = AFFINE.copy()
    sheared[0, 1] = 1.5

    with pytest.raises(InvalidInputError, match="sheared"):
        registrar.register(fixed=scan(Rigid.none()), moving=Scan(tissues(), Grid(SHAPE, sheared)))
