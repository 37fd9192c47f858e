"""The cases that a reader is shown."""

from __future__ import annotations

from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_localizer import FakeLocalizer
from fakes.fake_report import COHORT, clever_backend, constant_backend, fake_report
from fakes.fake_study_painter import FakeStudyPainter
from fakes.fake_study_source import fake_case
from gliobench.domain.geometry import Axis, Box, Box3D, Plane, Point, Polygon
from gliobench.domain.prediction import Form, GradePrediction, LocalisationPrediction
from gliobench.domain.regions import Region
from gliobench.domain.study import Grade


def test_the_worst_three_the_median_and_the_best_are_drawn_in_this_order() -> None:
    report = fake_report(clever_backend())

    ranks = [overlay.caption.split(" of 8")[0] for overlay in report.overlays]
    assert ranks == ["Worst", "Second worst", "Third worst", "Median", "Best"]
    assert report.overlays[0].study_id == "s5"  # the one that failed


def test_no_case_of_a_small_cohort_is_drawn_twice() -> None:
    overlays = fake_report(clever_backend(), cases=COHORT[:2]).overlays

    assert [overlay.study_id for overlay in overlays] == ["s0", "s1"]


def test_the_picture_cuts_through_the_reference_and_marks_the_predicted_centre() -> None:
    painter = FakeStudyPainter()

    fake_report(constant_backend(), painter=painter)

    assert painter.paintings[0].centre_vox == (0.0, 0.0, 0.0)
    assert painter.paintings[0].through_vox == (5.0, 6.0, 3.5)


def test_a_mask_is_drawn_without_its_box_and_a_box_where_there_is_no_mask() -> None:
    painter, box = FakeStudyPainter(), Box3D((1, 1, 1), (4, 4, 4))
    boxes = fake_backend(
        "boxes",
        localizer=FakeLocalizer(
            lambda _: LocalisationPrediction({Form.BOX_3D: box}), forms=(Form.BOX_3D,)
        ),
    )

    fake_report(clever_backend(), boxes, cases=COHORT[:1], painter=painter)

    masked, boxed = painter.paintings
    assert (masked.regions, masked.box) == ({Region.WT}, None)
    assert (boxed.regions, boxed.box) == (frozenset(), box)
    assert boxed.centre_vox == (2.0, 2.0, 2.0)


def test_a_failed_localisation_is_drawn_without_a_crosshair() -> None:
    painter = FakeStudyPainter()

    overlays = fake_report(clever_backend(), painter=painter).overlays

    assert painter.paintings[0].centre_vox is None
    assert "not localised (no tumour found)" in overlays[0].caption


def test_what_was_drawn_on_a_slice_is_shown_on_that_slice() -> None:
    painter, plane = FakeStudyPainter(), Plane(Axis.AXIAL, 3)
    drawn = LocalisationPrediction(
        {
            Form.POINT: Point(plane, (1.5, 2.5)),
            Form.BOX: Box(plane, (1, 1), (4, 4)),
            Form.POLYGON: Polygon(plane, ((1, 1), (4, 1), (4, 4))),
        }
    )
    planar = fake_backend("planar", localizer=FakeLocalizer(lambda _: drawn, forms=drawn.answers))

    fake_report(planar, cases=COHORT[:1], painter=painter)

    (painting,) = painter.paintings
    assert painting.centre_vox == (1.5, 2.5, 3.0)
    assert painting.through_vox == (5.0, 6.0, 3.0)
    assert painting.box == Box3D((1, 1, 3), (4, 4, 4))
    assert painting.regions == {Region.WT}


def test_a_study_that_cannot_be_drawn_is_left_out() -> None:
    unseen = fake_case("blind", modalities=())

    overlays = fake_report(constant_backend(), cases=[*COHORT[:1], unseen]).overlays

    assert [overlay.study_id for overlay in overlays] == ["s0"]


def test_backends_that_do_not_localise_have_no_pictures() -> None:
    grader = fake_backend("g", classifier=FakeClassifier(lambda _: GradePrediction(Grade.HGG)))

    assert fake_report(grader).overlays == ()


def test_the_caption_tells_how_the_case_went() -> None:
    overlay = fake_report(clever_backend(), cases=COHORT[:1]).overlays[0]

    assert overlay.caption == (
        "Worst of 1: centre 0.0 mm off, whole-tumour Dice 1.00, graded LGG (P(HGG) = 0.20), "
        "reference LGG"
    )
