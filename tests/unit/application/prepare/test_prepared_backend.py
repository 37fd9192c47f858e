"""Answers about prepared images come back to the grid of the images as they were."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import final

import numpy as np
import pytest

from fakes.fake_backend import fake_backend
from fakes.scanned_head import turned
from gliobench.application.ports.localizer import Localizer
from gliobench.application.prepare.prepared_backend import WayBack, on_prepared
from gliobench.application.prepare.prepared_studies import PreparedScan
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.geometry.grids import (
    Axis,
    Box,
    Box3D,
    Grid,
    Plane,
    Point,
    Point3D,
    Polygon,
)
from gliobench.domain.geometry.rigid import Rigid
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    NO_TUMOUR,
    Failure,
    Form,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.studies.study import Modality, Study

FINE = Grid((40, 40, 40), np.eye(4))
THICK = Grid((40, 40, 8), np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 5, 2.0], [0, 0, 0, 1]]))
LIFTED = turned((0, 0, 0), (0, 0, 5), (0, 0, 0))


def region(*spans: tuple[int, int]) -> np.ndarray:
    found = np.zeros(FINE.shape, dtype=bool)
    found[tuple(slice(*span) for span in spans)] = True
    return found


def test_a_mask_comes_back_nested_and_where_it_was() -> None:
    mask = Mask(
        FINE,
        {
            Region.WT: region((5, 15), (5, 15), (10, 20)),
            Region.TC: region((7, 12), (7, 12), (10, 15)),
        },
    )

    found = WayBack(FINE, THICK, LIFTED).mask(mask)

    assert np.argwhere(found.whole).min(axis=0).tolist() == [5, 5, 3]
    assert np.argwhere(found.whole).max(axis=0).tolist() == [14, 14, 4]
    assert not (found.regions[Region.TC] & ~found.whole).any()


def test_a_tumour_thinner_than_half_a_slice_is_not_lost() -> None:
    mask = Mask(FINE, {Region.WT: region((8, 9), (8, 9), (12, 13))})

    found = WayBack(FINE, THICK, Rigid.none()).mask(mask)

    assert np.argwhere(found.whole).tolist() == [[8, 8, 2]]


def test_a_point_comes_back_to_its_place_in_the_world() -> None:
    said = LocalisationPrediction({Form.POINT_3D: Point3D((10.0, 11.0, 12.0))})

    answer = WayBack(FINE, THICK, LIFTED).prediction(said).answers[Form.POINT_3D]

    assert isinstance(answer, Point3D)
    assert answer.at == pytest.approx((10, 11, 3))


def test_a_box_comes_back_as_the_box_of_its_corners() -> None:
    box = Box3D((10, 10, 10), (20, 20, 20))

    assert WayBack(FINE, FINE, LIFTED).box(box) == Box3D((10, 10, 15), (20, 20, 25))


def test_a_box_that_leaves_the_images_is_cut_at_their_border() -> None:
    box = Box3D((30, 30, 30), (40, 40, 40))

    assert WayBack(FINE, FINE, LIFTED).box(box) == Box3D((30, 30, 35), (40, 40, 40))


def test_what_was_drawn_on_a_slice_comes_back_to_the_nearest_one() -> None:
    plane = Plane(Axis.AXIAL, 14)
    said = LocalisationPrediction(
        {
            Form.POINT: Point(plane, (10.0, 12.0)),
            Form.BOX: Box(plane, (8, 9), (12, 15)),
            Form.POLYGON: Polygon(plane, ((8.0, 9.0), (12.0, 9.0), (12.0, 15.0))),
        }
    )

    found = WayBack(FINE, THICK, Rigid.none()).prediction(said).answers

    near = Plane(Axis.AXIAL, 2)
    point, polygon = found[Form.POINT], found[Form.POLYGON]
    assert isinstance(point, Point)
    assert isinstance(polygon, Polygon)
    assert (point.plane, polygon.plane) == (near, near)
    assert point.at == pytest.approx((10, 12))
    assert np.array(polygon.vertices) == pytest.approx(np.array([[8, 9], [12, 9], [12, 15]]))
    assert found[Form.BOX] == Box(near, (8, 9), (12, 15))


def test_no_tumour_stays_no_tumour() -> None:
    said = LocalisationPrediction({Form.MASK: NO_TUMOUR})

    assert WayBack(FINE, THICK, LIFTED).prediction(said).answers[Form.MASK] is NO_TUMOUR


@final
class _Remembers(Localizer):
    def __init__(self) -> None:
        self.seen: list[Study] = []

    @property
    def forms(self) -> frozenset[Form]:
        return frozenset({Form.POINT_3D})

    def localise(
        self, studies: Sequence[Study], forms: Collection[Form]
    ) -> list[LocalisationPrediction | Failure]:
        self.seen += studies
        return [LocalisationPrediction({Form.POINT_3D: Point3D((1.0, 1, 1))}) for _ in studies]


def test_a_study_that_is_not_prepared_is_shown_as_it_is() -> None:
    localizer = _Remembers()
    study = Study("a", "a", FINE, {Modality.T1C: np.ones(FINE.shape, np.float32)})
    backend = on_prepared(fake_backend(localizer=localizer))

    assert backend.localizer is not None
    backend.localizer.localise([study], localizer.forms)

    assert localizer.seen == [study]


def test_altered_images_of_a_prepared_study_are_refused() -> None:
    altered = PreparedScan("a", "a", FINE, {}, ready=Study("a", "a", FINE, {}))
    backend = on_prepared(fake_backend(localizer=_Remembers()))

    assert backend.localizer is not None
    with pytest.raises(InvalidInputError, match="altered images are not prepared"):
        backend.localizer.localise([altered], frozenset({Form.POINT_3D}))


def test_the_fingerprint_and_the_provenance_say_that_images_are_prepared() -> None:
    plain = fake_backend()

    found = on_prepared(plain)

    assert found.fingerprint != plain.fingerprint
    assert "prepared" in found.provenance["images"]


def test_an_oracle_is_refused() -> None:
    oracle = replace(fake_backend(), facts=BackendFacts(oracle=True))

    with pytest.raises(InvalidInputError, match="slice chosen with the reference"):
        on_prepared(oracle)
