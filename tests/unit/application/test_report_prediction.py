from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_localizer import FakeLocalizer
from fakes.fake_picture_encoder import FakePictureEncoder
from fakes.fake_study_source import TUMOUR, fake_case
from fakes.torn_volumes import TornVolumes
from gliobench.application.ports.prediction_page import PredictionPage, PredictionReport
from gliobench.application.predict.predict_study import predict_study
from gliobench.application.predict.study_reading import StudyReading
from gliobench.application.report.report_prediction import ReportPrediction
from gliobench.domain.comparison.casebook import CaseEntry
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Axis, Box, Plane, Point, Point3D, Polygon
from gliobench.domain.predictions.prediction import (
    NO_TUMOUR,
    Form,
    GradePrediction,
    Localisation,
    LocalisationPrediction,
    NoTumour,
)
from gliobench.domain.studies.study import Grade, Study

STUDY = fake_case(shape=(24, 26, 20)).study


@dataclass
class FakePredictionPage(PredictionPage):
    """Keeps the report that it is given."""

    report: PredictionReport | None = field(default=None)

    def draw(self, report: PredictionReport) -> bytes:
        self.report = report
        return report.study_id.encode()


def reported(reading: StudyReading) -> PredictionReport:
    page = FakePredictionPage()
    assert ReportPrediction(page, FakePictureEncoder())(reading) == reading.study.id.encode()
    assert page.report is not None
    return page.report


def reading(study: Study = STUDY, **answers: Localisation | NoTumour) -> StudyReading:
    """Let a backend answer in some forms, or find what is bright."""
    said = {Form(name): answer for name, answer in answers.items()}
    localizer = (
        FakeLocalizer(lambda _: LocalisationPrediction(said), forms=said)
        if said
        else FakeLocalizer()
    )
    hgg = FakeClassifier(lambda _: GradePrediction(Grade.HGG, 0.9))
    return predict_study(study, fake_backend(classifier=hgg, localizer=localizer))


def entry_of(found: StudyReading) -> CaseEntry:
    (entry,) = reported(found).casebook.entries
    return entry


def forms_on_picture(entry: CaseEntry) -> set[Form]:
    return set(entry.any_score.localisation)


def test_a_mask_is_shown_as_outline_and_centre_on_the_slice_of_the_diameters() -> None:
    found = reading()

    entry = entry_of(found)

    assert found.lesion is not None
    assert entry.kept is not None
    assert entry.kept.picture is not None
    assert entry.kept.picture.view.plane == found.lesion.plane == Plane(Axis.AXIAL, 2)
    assert forms_on_picture(entry) == {Form.POINT, Form.POLYGON}
    assert entry.any_score.reference_grade is None
    assert entry.frame is not None
    assert entry.frame.caption == "axial slice 2 of 0 to 19 (the files' third axis)"
    assert entry.frame.centre == Point3D((5.0, 6.0, 3.5))


def test_the_volume_holds_the_mask_where_the_tumour_is() -> None:
    entry = entry_of(reading())

    assert entry.kept is not None
    assert entry.kept.volume is not None
    mask, grid = entry.masks["fake"], entry.kept.volume.grid
    assert mask.shape == grid.shape
    middle = np.argwhere(mask).mean(axis=0)
    np.testing.assert_allclose(grid.to_mm(tuple(middle)), TUMOUR.centre.at, atol=1)
    assert entry.kept.volume.reference is None


def test_answers_on_a_slice_are_drawn_on_it() -> None:
    plane = Plane(Axis.AXIAL, 9)
    found = reading(
        point=Point(plane, (8.0, 9.0)),
        box=Box(plane, (5, 5), (12, 13)),
        polygon=Polygon(plane, ((5, 5), (12, 5), (12, 13))),
    )

    entry = entry_of(found)

    assert entry.kept is not None
    assert entry.kept.picture is not None
    assert entry.kept.picture.view.plane == plane
    assert forms_on_picture(entry) == {Form.POINT, Form.POLYGON}
    assert entry.masks == {}


def test_a_box_without_an_outline_is_drawn() -> None:
    plane = Plane(Axis.AXIAL, 9)

    entry = entry_of(reading(point=Point(plane, (8, 9)), box=Box(plane, (5, 5), (12, 13))))

    assert forms_on_picture(entry) == {Form.POINT, Form.BOX}


def test_without_a_tumour_the_middle_of_the_brain_is_shown() -> None:
    entry = entry_of(reading(point_3d=NO_TUMOUR))

    assert entry.kept is not None
    assert entry.kept.picture is not None
    assert forms_on_picture(entry) == set()
    assert entry.kept.volume is not None


def test_a_study_of_few_planes_has_no_volume() -> None:
    entry = entry_of(reading(fake_case(shape=(24, 26, 7)).study))

    assert entry.kept is not None
    assert entry.kept.picture is not None
    assert entry.kept.volume is None


def test_where_no_image_can_be_read_the_report_is_in_words_alone() -> None:
    torn = replace(STUDY, volumes=TornVolumes({}, InvalidInputError("torn")))

    found = reported(reading(torn, point_3d=Point3D((5, 6, 3))))

    assert found.casebook.entries == ()
    assert [item.title for item in found.observations] == ["Grade", "Centre", "Input check"]
    assert "Research use only" in found.disclaimer
