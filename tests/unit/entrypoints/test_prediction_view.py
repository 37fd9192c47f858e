from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_localizer import FakeLocalizer, bright_voxels
from fakes.fake_study_source import fake_case
from gliobench.application.predict.observations import grade_text
from gliobench.application.predict.predict_study import predict_study
from gliobench.application.predict.study_reading import StudyReading
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.geometry.grids import Axis, Box, Plane, Point, Point3D, Polygon
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    GradeSet,
    LocalisationPrediction,
)
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.study import Grade
from gliobench.entrypoints.commands import predict
from gliobench.entrypoints.views.prediction import APPROXIMATE, prediction_json, print_prediction

STUDY = fake_case().study
HGG = FakeClassifier(lambda _: GradePrediction(Grade.HGG, 0.823456))
TORN = Failure(FailureReason.UNREADABLE_STUDY, "[ONNXRuntimeError] : 6 : /data/[old]/a.nii is torn")


def reading(
    *, classifier: FakeClassifier | None = HGG, localizer: FakeLocalizer | None = None
) -> StudyReading:
    return predict_study(STUDY, fake_backend(classifier=classifier, localizer=localizer))


def printed(capsys: pytest.CaptureFixture[str], of: StudyReading, **written: str) -> str:
    print_prediction(of, written)
    return " ".join(capsys.readouterr().out.split())


def test_json_tells_all_in_numbers_of_the_files() -> None:
    shown = prediction_json(reading(localizer=FakeLocalizer()), {"mask": "out/mask.nii.gz"})

    assert json.loads(json.dumps(shown)) == {
        "study_id": "study-1",
        "backend": "fake",
        "provenance": {"weights": "none"},
        "simulated": False,
        "implausible": [],
        "out_of_scope": [],
        "input": {
            "modalities": ["t1n", "t1c", "t2w", "t2f"],
            "absent": [],
            "shape": [12, 14, 10],
            "spacing_mm": [1.0, 1.0, 1.0],
            "orientation": "RAS",
        },
        "grade": {
            "grade": "HGG",
            "probability_hgg": 0.823456,
            "confidence": 0.8235,
            "conformal": None,
        },
        "localisation": {
            "tumour_found": True,
            "centre_mm": [5.0, 6.0, 3.5],
            "centre_vox": [5.0, 6.0, 3.5],
            "box_vox": {"start": [3, 4, 2], "stop": [8, 9, 6]},
            "size_mm": [5.0, 5.0, 4.0],
            "volumes_mm3": {"WT": 100.0},
            "confidence": None,
            "region_confidence": {},
        },
        "lesion": {
            "side": "midline",
            "centre_to_midline_mm": 0.5,
            "edge_to_midline_mm": 0.0,
            "regions": [],
            "regions_are": APPROXIMATE,
            "no_region": "the brain is 9 mm wide: wanted 99 to 152 mm",
            "longest_axial_mm": 6.4,
            "perpendicular_axial_mm": 6.4,
            "longest_3d_mm": 7.1,
            "axial_slice": {"index": 2, "count": 10, "file_axis": 2},
        },
        "files": {"mask": "out/mask.nii.gz"},
        "disclaimer": shown["disclaimer"],
    }
    assert "not for diagnosis" in shown["disclaimer"]


def test_that_there_is_no_tumour_is_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    none = Failure(FailureReason.NO_TUMOUR_FOUND, "no voxel was taken for tumour")
    found = reading(
        classifier=FakeClassifier(lambda _: none), localizer=FakeLocalizer(lambda _: none)
    )

    said = {"tumour_found": False, "confidence": None}
    assert prediction_json(found, {})["localisation"] == said
    assert "Location no tumour found" in printed(capsys, found)
    assert found.failures == []


def test_json_has_null_for_what_a_backend_does_not_offer() -> None:
    shown = prediction_json(reading(), {})
    assert shown["localisation"] is shown["lesion"] is None
    only_points = FakeLocalizer(
        lambda _: LocalisationPrediction({Form.POINT_3D: Point3D(at=(1, 2, 3))}),
        forms=(Form.POINT_3D,),
    )

    shown = prediction_json(reading(classifier=None, localizer=only_points), {})

    assert shown["grade"] is None
    assert shown["localisation"]["box_vox"] is shown["localisation"]["size_mm"] is None
    assert shown["localisation"]["volumes_mm3"] == {}


def test_doubt_is_shown_in_words_and_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    sure = {Region.WT: 0.87654, Region.TC: 0.5}
    localizer = FakeLocalizer(
        lambda study: replace(
            bright_voxels(study), confidence=sure[Region.WT], region_confidence=sure
        )
    )
    both = GradeSet((Grade.LGG, Grade.HGG), 0.9)
    classifier = FakeClassifier(lambda _: GradePrediction(Grade.HGG, 0.6, grade_set=both))
    swapped = Fault("study-1", FaultKind.CONTRAST_ORDER, "are t1c and t1n swapped?")
    found = replace(reading(classifier=classifier, localizer=localizer), out_of_scope=(swapped,))

    words, shown = printed(capsys, found), prediction_json(found, {})

    assert "! OUT OF SCOPE? contrast_order: are t1c and t1n swapped?" in words
    assert "Grade HGG, P(HGG) = 0.60; LGG or HGG, not decided at 90 %" in words
    assert "Confidence 0.88 (expected Dice), TC 0.50" in words
    assert "Input check doubtful (contrast_order)" in words
    assert shown["grade"]["conformal"] == {"coverage": 0.9, "grades": ["LGG", "HGG"]}
    assert shown["localisation"]["confidence"] == 0.8765
    assert shown["localisation"]["region_confidence"] == {"WT": 0.8765, "TC": 0.5}
    assert shown["out_of_scope"] == [{"kind": "contrast_order", "detail": swapped.detail}]


@pytest.mark.parametrize(
    ("grades", "words"),
    [((Grade.LGG,), "LGG alone at 80 %"), ((), "unlike LGG and HGG at 80 %")],
)
def test_a_set_of_one_grade_or_none_is_told(grades: tuple[Grade, ...], words: str) -> None:
    grade = GradePrediction(Grade.LGG, 0.1, grade_set=GradeSet(grades, 0.8))

    assert grade_text(grade) == f"LGG, P(HGG) = 0.10; {words}"


def test_an_answer_outside_its_own_set_is_doubtful() -> None:
    grade = GradePrediction(Grade.HGG, 0.63, grade_set=GradeSet((Grade.LGG,), 0.9))

    assert grade_text(grade) == "HGG, P(HGG) = 0.63; doubtful: LGG alone is not excluded at 90 %"


def test_json_tells_why_there_is_no_answer() -> None:
    failed = reading(
        classifier=FakeClassifier(lambda _: TORN), localizer=FakeLocalizer(lambda _: TORN)
    )

    shown = prediction_json(failed, {})

    failure = {"failure": {"reason": "unreadable_study", "detail": TORN.detail}}
    assert shown["grade"] == shown["localisation"] == failure


def test_the_report_has_grade_place_size_volume_slice_input_and_files(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = printed(capsys, reading(localizer=FakeLocalizer()), mask="out/mask.nii.gz")

    for words in (
        "study-1: fake",
        "Grade HGG, P(HGG) = 0.82",
        "Location midline; region not estimated: the brain is 9 mm wide",
        "Midline centre 0 mm from the midline; the tumour crosses it",
        "Size 6 × 6 mm on the axial slice, 7 mm in the volume",
        "Volume WT 0.1 ml",
        "Centre (5.0, 6.0, 3.5) mm (RAS+), voxel (5.0, 6.0, 3.5)",
        "Slice axial slice 2 of 0 to 9 (the files' third axis)",
        "Input check passed; t1n, t1c, t2w, t2f; RAS, 1 × 1 × 1 mm",
        "Files out/mask.nii.gz",
        "not for diagnosis",
    ):
        assert words in shown


def test_brackets_in_names_and_reasons_are_shown_as_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    failed = reading(
        classifier=FakeClassifier(lambda _: TORN), localizer=FakeLocalizer(lambda _: TORN)
    )

    shown = printed(capsys, failed, prediction="runs/[/a]/prediction.json")

    assert shown.count("[ONNXRuntimeError] : 6 :") == 2
    assert "[/a]" in shown


AXIAL_3 = Plane(Axis.AXIAL, 3)
ON_SLICE = {
    Form.POINT: Point(AXIAL_3, at=(4.0, 5.0)),
    Form.BOX: Box(AXIAL_3, start=(3, 4), stop=(8, 9)),
    Form.POLYGON: Polygon(AXIAL_3, vertices=((2.5, 3.5), (7.5, 3.5), (7.5, 8.5))),
}
CROSSED = Failure(FailureReason.SELF_INTERSECTION, "it crosses itself", raw="[[0, 0], …]")


def on_slice(*, oracle: bool = False, **changes: Failure) -> FakeLocalizer:
    said = ON_SLICE | {Form(name): failure for name, failure in changes.items()}
    return FakeLocalizer(lambda _: LocalisationPrediction(said, oracle=oracle), forms=said)


def test_json_tells_of_box_and_outline_on_a_slice() -> None:
    shown = prediction_json(reading(localizer=on_slice(oracle=True)), {})

    assert shown["localisation"]["centre_vox"] == [4.0, 5.0, 3.0]
    assert json.loads(json.dumps(shown["slice"])) == {
        "axis": "axial",
        "index": 3,
        "oracle": True,
        "box": {"box_vox": {"start": [3, 4, 3], "stop": [8, 9, 4]}, "size_mm": [5.0, 5.0, 1.0]},
        "polygon": {
            "vertices_mm": [[2.5, 3.5, 3.0], [7.5, 3.5, 3.0], [7.5, 8.5, 3.0]],
            "vertices_vox": [[2.5, 3.5, 3.0], [7.5, 3.5, 3.0], [7.5, 8.5, 3.0]],
        },
    }


def test_json_keeps_the_words_that_were_not_understood() -> None:
    shown = prediction_json(reading(localizer=on_slice(polygon=CROSSED)), {})

    assert shown["slice"]["polygon"]["failure"]["raw"] == "[[0, 0], …]"


def test_json_says_nothing_of_slices_where_there_are_none() -> None:
    assert "slice" not in prediction_json(reading(localizer=FakeLocalizer()), {})


def test_the_report_warns_of_an_oracle_slice_and_shows_what_is_on_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = printed(capsys, reading(localizer=on_slice(oracle=True, polygon=CROSSED)))

    for words in (
        "! oracle slice: chosen with the reference mask",
        "Slice axial slice 3 of 0 to 9",
        "Box 5 × 5 × 1 mm, voxels (3, 4, 3) to (8, 9, 4)",
        "Outline self_intersection: it crosses itself",
        "(4.0, 5.0, 3.0) mm",
    ):
        assert words in shown


def test_weights_that_stand_in_are_told_first(capsys: pytest.CaptureFixture[str]) -> None:
    tiny = replace(fake_backend(), facts=BackendFacts(stand_in="stand-in, not LLaMA"))

    shown = printed(capsys, predict_study(STUDY, tiny))

    assert shown.index("stand-in, not LLaMA") < shown.index("Grade")


def test_a_grade_without_a_probability_is_shown_alone(capsys: pytest.CaptureFixture[str]) -> None:
    bare = FakeClassifier(lambda _: GradePrediction(Grade.LGG))

    shown = printed(capsys, reading(classifier=bare))

    assert "Grade LGG" in shown
    assert "P(HGG)" not in shown


def test_an_answer_that_was_insisted_on_says_why_it_is_implausible(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fault = Fault("study-1", FaultKind.SKULL_NOT_STRIPPED, "t1c shows scalp and skull")
    doubtful = replace(reading(), implausible=(fault,))

    assert prediction_json(doubtful, {})["implausible"] == [
        {"kind": "skull_not_stripped", "detail": "t1c shows scalp and skull"}
    ]
    shown = printed(capsys, doubtful)
    assert "! IMPLAUSIBLE: skull_not_stripped: t1c shows scalp and skull" in shown
    assert "Input check failed (skull_not_stripped)" in shown


@pytest.mark.parametrize(
    ("grade", "caption"),
    [
        (GradePrediction(Grade.HGG, 0.926), "s1: fake, HGG, P(HGG) = 0.93"),
        (GradePrediction(Grade.LGG), "s1: fake, LGG"),
        (None, "s1: fake"),
    ],
)
def test_the_picture_is_captioned_with_the_grade_and_its_probability(
    grade: GradePrediction | None, caption: str
) -> None:
    captioned = StudyReading(fake_case("s1").study, fake_backend(), grade=grade, place=None)

    assert predict._title(captioned) == caption
