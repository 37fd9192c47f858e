"""Predictions that lie in no image are refused before anything is scored."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.adapters.prediction_files.written import Written
from gliobench.application.backends.misplaced import check_inside, check_tissues
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Axis, Plane, Point3D, Polygon
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import Failure, FailureReason, Form, Localisation, Mask

SOURCE = FakeStudySource([fake_case("a"), fake_case("b"), fake_case("c")])
SHAPE = SOURCE.study("a").grid.shape
INSIDE, OUTSIDE = Point3D((1.0, 2.0, 3.0)), Point3D((1.0, 2.0, SHAPE[2]))


def check(places: Mapping[str, Localisation | Failure], form: Form = Form.POINT_3D) -> None:
    spots = {one: {form: lambda _, place=place: place} for one, place in places.items()}
    files = Written("points", "points.csv", "", spots=spots, forms=frozenset({form}))
    check_inside("tool", files, SOURCE, places)


def test_points_that_all_lie_outside_are_refused_with_the_first_and_the_size() -> None:
    with pytest.raises(InvalidInputError, match=rf"\(1, 2, {SHAPE[2]}\) is outside") as found:
        check({"a": OUTSIDE, "b": OUTSIDE})

    assert "wanted the frame and unit" in str(found.value)


@pytest.mark.parametrize("places", [{"a": OUTSIDE}, {"a": OUTSIDE, "b": INSIDE}])
def test_a_single_point_or_half_of_them_outside_are_scored(places: Mapping[str, Point3D]) -> None:
    check(places)


def test_places_of_which_most_lie_outside_are_refused_with_their_number() -> None:
    with pytest.raises(InvalidInputError, match="2 of 3 places cannot be used"):
        check({"a": INSIDE, "b": OUTSIDE, "c": OUTSIDE})


def test_polygons_without_a_vertex_inside_are_refused() -> None:
    around = Polygon(Plane(Axis.AXIAL, 1), ((-9.0, -9.0), (99.0, -9.0), (99.0, 99.0)))

    with pytest.raises(InvalidInputError, match="2 of 2 places cannot be used"):
        check({"a": around, "b": around}, Form.POLYGON)


def test_a_model_whose_words_are_out_of_range_is_scored_as_it_answers() -> None:
    spoken = Failure(FailureReason.OUT_OF_RANGE, "240 is out of range", raw="(240, 100)")
    written = Failure(FailureReason.OUT_OF_RANGE, "row 2: box lies outside")

    check({"a": spoken, "b": spoken})
    with pytest.raises(InvalidInputError, match="row 2: box lies outside"):
        check({"a": written, "b": written})


def test_masks_of_which_none_can_be_read_are_refused_with_the_reason() -> None:
    torn = Failure(FailureReason.UNREADABLE_PREDICTION, "a.nii.gz: shape (9, 9, 9, 3)")

    with pytest.raises(InvalidInputError, match="no mask can be used: a.nii.gz: shape"):
        check({"a": torn}, Form.MASK)


def test_masks_that_all_cover_what_lies_around_the_tumour_are_refused() -> None:
    grid = SOURCE.study("a").grid
    tumour = np.zeros(grid.shape, bool)
    tumour[1, 1, 1] = True
    mask, inverted = (Mask(grid, {Region.WT: whole}) for whole in (tumour, ~tumour))

    check({"a": inverted, "b": mask}, Form.MASK)
    with pytest.raises(InvalidInputError, match="no mask can be used: the mask covers .* inverted"):
        check({"a": inverted, "b": inverted}, Form.MASK)


def test_masks_whose_oedema_and_core_are_exchanged_are_refused() -> None:
    def files(*, exchanged: bool) -> Written:
        spots = {}
        for study_id in ("a", "b"):
            found = dict(SOURCE.reference(study_id).regions)
            if exchanged:
                found[Region.TC] = found[Region.ET] | (found[Region.WT] & ~found[Region.TC])
            mask = Mask(SOURCE.study(study_id).grid, found)
            spots[study_id] = {Form.MASK: lambda _, mask=mask: mask}
        return Written("masks", "masks", "", spots=spots, forms=frozenset({Form.MASK}))

    check_tissues("tool", files(exchanged=False), SOURCE, ["a", "b"])
    with pytest.raises(InvalidInputError, match="backend tool: oedema lies where the references"):
        check_tissues("tool", files(exchanged=True), SOURCE, ["a", "b"])
