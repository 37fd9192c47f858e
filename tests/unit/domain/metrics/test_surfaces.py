"""Surfaces, and percentiles of the distances between them."""

from __future__ import annotations

from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.metrics import distances as measuring
from gliobench.domain.metrics import surfaces
from gliobench.domain.metrics.distances import (
    Distances,
    larger_percentile_by_area_mm,
    larger_percentile_mm,
    percentile_mm,
)
from gliobench.domain.metrics.surfaces import Surface

ONE_MM = (1.0, 1.0, 1.0)
SPACINGS = st.sampled_from([ONE_MM, (1.0, 1.0, 3.0), (0.5, 0.7, 2.2), (2.0, 2.0, 2.0)])


def ball(radius: float, *, at: tuple[float, float, float] = (14, 14, 14)) -> BoolArray:
    away = np.linalg.norm(np.indices((30, 30, 30)) - np.reshape(at, (3, 1, 1, 1)), axis=0)
    return np.asarray(away <= radius)


def test_the_surface_of_one_voxel_is_an_octahedron_of_eight_elements() -> None:
    mask = np.zeros((3, 3, 3), dtype=bool)
    mask[1, 1, 1] = True

    surface = Surface.elements(mask, ONE_MM)

    assert len(surface.voxels) == 8
    # an octahedron with corners half a millimetre from its centre has eight faces of √3 / 8 mm²
    assert surface.areas.sum() == pytest.approx(sqrt(3))


def test_a_flat_face_between_voxels_has_the_area_of_the_voxels_faces() -> None:
    slab = np.ones((8, 8, 2), dtype=bool)

    areas = Surface.elements(slab, (2.0, 3.0, 5.0)).areas

    assert np.count_nonzero(np.isclose(areas, 6.0)) == 2 * 7 * 7  # within both faces


@pytest.mark.parametrize("spacing", [ONE_MM, (1.0, 1.0, 3.0), (0.5, 0.7, 2.2)])
def test_every_neighbourhood_has_the_area_that_surface_distance_lists(
    spacing: tuple[float, float, float],
) -> None:
    tables = pytest.importorskip("surface_distance.lookup_tables")

    expected = tables.create_table_neighbour_code_to_surface_area(spacing)

    assert surfaces._areas_mm2(spacing) == pytest.approx(expected, rel=1e-14)


@given(
    st.floats(3, 12), st.floats(3, 12), st.tuples(*[st.floats(9, 20)] * 3), SPACINGS, st.booleans()
)
def test_distances_that_are_measured_where_they_matter_give_the_same_percentiles(
    one: float, other: float, at: tuple[float, float, float], spacing: object, overlap: bool
) -> None:
    masks = ball(one), ball(other, at=at) | (ball(one - 1) if overlap else ball(0))
    borders = [Surface.border(mask, spacing) for mask in masks]
    elements = [Surface.elements(mask, spacing) for mask in masks]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measuring, "FEW", 20)
        lazy, by_area = distances(borders), distances(elements)
        found = percentile_mm(lazy, 95), larger_percentile_mm(distances(borders), 95)
        weighted = larger_percentile_by_area_mm(by_area, 95)
        near = [each.within(1.0) for each in distances(borders)]

    exact = [each.at_least for each in measured(borders)]
    assert found[0] == np.percentile(np.concatenate(exact), 95)
    assert found[1] == max(np.percentile(each, 95) for each in exact)
    assert near == [np.count_nonzero(each <= 1.0) for each in exact]
    assert weighted == max(by_area_share(each, 0.95) for each in measured(elements))


def test_of_large_surfaces_few_distances_are_measured() -> None:
    borders = [Surface.border(ball(13), ONE_MM), Surface.border(ball(10, at=(12, 14, 14)), ONE_MM)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measuring, "FEW", 20)
        found = distances(borders)
        larger_percentile_mm(found, 95)

    assert all(np.mean(each.at_least < each.at_most) > 0.25 for each in found)


def test_no_distance_of_a_lattice_is_rounded_by_where_it_lies() -> None:
    far = np.zeros((60, 2, 2), dtype=bool)
    one, other = far.copy(), far.copy()
    one[2], other[3] = True, True

    (directed, _) = distances([Surface.border(mask, (0.9, 1.0, 1.0)) for mask in (one, other)])

    assert 3 * 0.9 - 2 * 0.9 > 0.9  # so subtracting positions would lose the voxels
    assert directed.within(0.9) == 4


def distances(found: list[Surface]) -> tuple[Distances, Distances]:
    return Distances(*found), Distances(*reversed(found))


def measured(found: list[Surface]) -> tuple[Distances, Distances]:
    both = distances(found)
    for each in both:
        each.settle(low=0.0, high=inf)
    return both


def by_area_share(each: Distances, share: float) -> float:
    areas = each.start.areas
    order = np.argsort(each.at_least, kind="stable")
    reached = np.cumsum(areas[order]) / areas.sum()
    return float(each.at_least[order[np.searchsorted(reached, share - 1e-12)]])
