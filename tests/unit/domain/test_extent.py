import numpy as np
import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.studies.extent import check_extent


def grid(shape: tuple[int, int, int], spacing_mm: tuple[float, float, float]) -> Grid:
    return Grid(shape=shape, affine=np.diag([*spacing_mm, 1.0]))


@pytest.mark.parametrize(
    ("shape", "spacing_mm"),
    [
        ((240, 240, 155), (1.0, 1.0, 1.0)),
        ((512, 512, 20), (0.45, 0.45, 7.5)),  # thick slices
        ((880, 880, 640), (0.25, 0.25, 0.25)),
        ((256, 256, 1), (1.0, 1.0, 1.0)),
        ((600, 30, 1), (1.0, 20.0, 0.05)),
    ],
)
def test_scans_of_heads_pass(shape: tuple[int, int, int], spacing_mm: tuple[float, ...]) -> None:
    check_extent(grid(shape, spacing_mm))  # type: ignore[arg-type]  # three, by the list above


@pytest.mark.parametrize(
    ("shape", "spacing_mm", "told"),
    [
        ((240, 240, 240), (20.0, 20.0, 20.0), "240 voxels of 20 mm along an axis"),
        ((16, 16, 16), (1.0, 1.0, 20.5), "16 voxels of 20.5 mm"),
        ((16, 16, 16), (1.0, 0.001, 1.0), "16 voxels of 0.001 mm"),  # a header in metres
        ((16, 601, 16), (1.0, 1.0, 1.0), "601 voxels of 1 mm"),
    ],
)
def test_what_is_no_head_is_refused_with_its_measure(
    shape: tuple[int, int, int], spacing_mm: tuple[float, float, float], told: str
) -> None:
    with pytest.raises(InvalidInputError, match=f"{told}.*wanted edges of 0.05 to 20 mm, and 600"):
        check_extent(grid(shape, spacing_mm))


def sheared(cosine: float, one: int, other: int) -> Grid:
    affine = np.diag([0.5, 1.0, 3.0, 1.0])
    affine[one, other] = affine[other, other] * cosine / (1 - cosine**2) ** 0.5
    return Grid(shape=(16, 16, 16), affine=affine)


@pytest.mark.parametrize(("one", "other"), [(0, 1), (0, 2), (2, 1)])
def test_a_sheared_grid_is_refused_for_distances_by_its_edges_are_wrong(
    one: int, other: int
) -> None:
    check_extent(sheared(0.0099, one, other))  # rounding of registration: a hundredth at most

    with pytest.raises(
        InvalidInputError, match="a sheared grid, axes . and . at 88.9 degrees: want"
    ):
        check_extent(sheared(0.02, one, other))
