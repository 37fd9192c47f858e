from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.fake_study_source import fake_case
from fakes.torn_volumes import TornVolumes
from gliobench.application.predict.predict_study import lesion_of
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Axis, Box3D, Plane, Point3D, Polygon
from gliobench.domain.labels.regions import Region
from gliobench.domain.position.lesion import Lesion, Side
from gliobench.domain.predictions.prediction import NO_TUMOUR, Form, LocalisationPrediction, Mask
from gliobench.domain.studies.study import Study

CASE = fake_case(shape=(42, 14, 10), tumour=Box3D(start=(3, 4, 2), stop=(13, 9, 6)))
"""A brain of 40 voxels from left to right, with its midline at 20.5."""
AXIAL_3 = Plane(Axis.AXIAL, 3)
SQUARE = Polygon(AXIAL_3, ((30.5, 3.5), (36.5, 3.5), (36.5, 9.5), (30.5, 9.5)))


def lesion(study: Study = CASE.study, **known: object) -> Lesion | None:
    forms = {
        "centre": Form.POINT_3D,
        "mask": Form.MASK,
        "polygon": Form.POLYGON,
        "box": Form.BOX_3D,
    }
    answers = {forms[name]: answer for name, answer in known.items()}
    return lesion_of(study, LocalisationPrediction(answers))


def test_a_mask_gives_side_edge_and_diameters() -> None:
    mask = Mask(CASE.study.grid, {Region.WT: CASE.reference.regions[Region.WT]})

    found = lesion(centre=Point3D((7.5, 6.0, 3.5)), mask=mask)

    assert found is not None
    assert found.side is Side.LEFT
    assert found.centre_to_midline_mm == pytest.approx(13)
    assert found.edge_to_midline_mm == pytest.approx(8.5)
    assert found.diameters is not None
    assert found.diameters.longest_mm == pytest.approx((10**2 + 4**2) ** 0.5)
    assert found.longest_mm == pytest.approx((10**2 + 4**2 + 3**2) ** 0.5)


def test_a_polygon_alone_gives_its_centre_edge_and_diameters() -> None:
    found = lesion(polygon=SQUARE)

    assert found is not None
    assert found.side is Side.RIGHT
    assert found.centre_to_midline_mm == pytest.approx(13)
    assert found.edge_to_midline_mm == pytest.approx(10.5)
    assert found.diameters is not None
    assert found.diameters.longest_mm == pytest.approx(72**0.5)
    assert found.diameters.perpendicular_mm == pytest.approx(72**0.5)
    assert found.longest_mm is None


def test_a_centre_or_a_box_alone_gives_the_side_and_the_slice() -> None:
    for known in ({"centre": Point3D((5, 6, 3.6))}, {"box": Box3D((3, 4, 3), (8, 9, 6))}):
        found = lesion(**known)

        assert found is not None
        assert found.side is Side.LEFT
        assert found.centre_to_midline_mm == pytest.approx(15.5)
        assert found.plane.index == 4
        assert found.edge_to_midline_mm is found.diameters is found.longest_mm is None


def test_a_polygon_on_another_plane_has_no_axial_diameters() -> None:
    found = lesion(polygon=replace(SQUARE, plane=Plane(Axis.CORONAL, 5)))

    assert found is not None
    assert found.diameters is None


def test_an_outline_as_thin_as_a_line_has_a_length_and_no_width() -> None:
    found = lesion(polygon=Polygon(AXIAL_3, ((30, 3), (36, 3), (33, 3 + 5e-16))))

    assert found is not None
    assert found.diameters is not None
    assert found.diameters.longest_mm == 6.0
    assert found.diameters.perpendicular_mm == pytest.approx(0)


def test_a_small_block_is_no_brain_to_find_regions_in() -> None:
    found = lesion(centre=Point3D((5, 6, 3)))

    assert found is not None
    assert found.regions == ()
    assert "the brain is 39 mm wide" in found.no_region


def test_without_a_place_or_an_image_there_is_no_description() -> None:
    unreadable = replace(CASE.study, volumes=TornVolumes({}, InvalidInputError("torn")))

    assert lesion(centre=NO_TUMOUR) is None
    assert lesion(unreadable, centre=Point3D((5, 6, 3))) is None
