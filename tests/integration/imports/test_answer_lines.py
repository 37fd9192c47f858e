from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fakes.fake_study_source import fake_case
from gliobench.adapters.prediction_files import Written, read_answers
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Axis, Box, Plane, Point
from gliobench.domain.predictions.prediction import (
    NO_TUMOUR,
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    LocalisationPrediction,
)
from gliobench.domain.studies.study import Grade

CASE = fake_case("a")
"""12 x 14 x 10 voxels of 1 mm; the brain fills all but the outermost ones."""
STUDY = CASE.study
PLANE = Plane(Axis.AXIAL, 4)


def answers(path: Path, *lines: object) -> Written:
    file = path / "answers.jsonl"
    file.write_text(
        "\n".join(item if isinstance(item, str) else json.dumps(item) for item in lines)
    )
    return read_answers(file, study_ids=["a"])


def line(question: str, answer: str, **more: object) -> dict[str, object]:
    return {"study": "a", "question": question, "answer": answer, **more}


def place(path: Path, *lines: object) -> LocalisationPrediction:
    found = answers(path, *lines).localise(STUDY)
    assert isinstance(found, LocalisationPrediction)
    return found


def test_words_are_read_in_the_frame_of_the_picture_that_gliobench_shows(tmp_path: Path) -> None:
    found = place(
        tmp_path,
        line("point", "(0.5, 0.5)", plane=4),
        line("box", '{"x0": 0.0, "y0": 0.0, "x1": 0.5, "y1": 1.0}', plane=4),
    )

    # the brain of 10 x 12 voxels is fitted into a square of 12: one voxel of air on either side
    assert found.answers[Form.POINT] == Point(PLANE, (5.5, 6.5))
    assert found.answers[Form.BOX] == Box(PLANE, (6, 1), (12, 13))
    assert found.raw[Form.POINT] == "(0.5, 0.5)"


def test_a_picture_of_the_whole_plane_and_pixels_are_declared(tmp_path: Path) -> None:
    found = place(tmp_path, line("point", "(0, 140)", plane=4, crop=False, size_px=140))

    point = found.answers[Form.POINT]
    assert isinstance(point, Point)
    assert np.allclose(
        point.at, (12.5, -0.5)
    )  # the left edge is the patient's right, the lower one posterior


@pytest.mark.parametrize(
    ("dialect", "said", "more"),
    [
        ("qwen3-vl", '{"bbox_2d": [0, 0, 500, 1000]}', {}),
        ("qwen2.5-vl", '{"bbox_2d": [0, 0, 70, 140]}', {"size_px": 140}),
        ("gemma", '{"box_2d": [0, 0, 1000, 500]}', {}),
    ],
)
def test_places_are_read_in_the_dialect_that_is_declared(
    tmp_path: Path, dialect: str, said: str, more: dict[str, object]
) -> None:
    found = place(tmp_path, line("box", said, plane=4, dialect=dialect, **more))

    assert found.answers[Form.BOX] == Box(PLANE, (6, 1), (12, 13))


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"dialect": "klingon"}, "unknown dialect 'klingon': wanted one of fractions"),
        ({"dialect": "qwen2.5-vl"}, "dialect qwen2.5-vl counts pixels: wanted size_px"),
    ],
)
def test_a_dialect_that_cannot_be_read_is_one_line(
    tmp_path: Path, more: dict[str, object], fault: str
) -> None:
    with pytest.raises(InvalidInputError, match=fault):
        answers(tmp_path, line("box", "(0, 0), (1, 1)", plane=4, **more))


def test_grades_are_read_with_their_probability(tmp_path: Path) -> None:
    found = answers(tmp_path, line("grade", "It is a high-grade glioma.", probability_hgg=0.9))

    assert found.grade(STUDY) == GradePrediction(Grade.HGG, 0.9, "It is a high-grade glioma.")
    assert found.forms == frozenset()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (line("point", "in the left frontal lobe", plane=4), FailureReason.NO_NUMBERS),
        (line("point", "(0.5, 0.5)", plane=99), FailureReason.NO_SLICE),
        (line("point", "(0.5, 0.5)"), FailureReason.NO_SLICE),
        (line("point", "(0.5, 0.", plane=4, finished=False), FailureReason.TRUNCATED),
        (line("point", "", plane=4), FailureReason.EMPTY_ANSWER),
        (line("polygon", "[[0,0],[1,1],[1,0],[0,1]]", plane=4), FailureReason.SELF_INTERSECTION),
    ],
)
def test_an_answer_that_is_none_is_a_failure_with_its_words(
    tmp_path: Path, said: dict[str, object], reason: FailureReason
) -> None:
    (found,) = place(tmp_path, said).answers.values()

    assert isinstance(found, Failure)
    assert found.reason is reason
    assert found.raw == said["answer"]


def test_no_tumour_is_an_answer(tmp_path: Path) -> None:
    found = place(tmp_path, line("point", "No tumour is visible.", plane=4))

    assert found.answers[Form.POINT] == NO_TUMOUR


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "no answer: wanted a JSON object a line"),
        (["{"], "line 1: no JSON"),
        (["[1]"], "line 1: .*wanted an object"),
        ([line("where", "here")], "line 1: question: got 'where'"),
        ([{"study": "a", "question": "grade"}], "line 1: answer is missing"),
        (
            [line("grade", "HGG"), "", line("grade", "LGG")],
            "line 3: .* is answered in .*line 1 already",
        ),
        ([line("grade", "HGG", probability_hgg=2)], "line 1: probability_hgg"),
        ([line("point", "(0, 0)", plane=-1)], "line 1: plane"),
    ],
)
def test_lines_that_are_no_answers_are_refused(
    tmp_path: Path, lines: list[object], said: str
) -> None:
    with pytest.raises(InvalidInputError, match=said):
        answers(tmp_path, *lines)


@pytest.mark.parametrize(("name", "wanted"), [("size", "size_px"), ("cropped", "crop")])
def test_a_field_that_may_be_a_misspelt_one_is_refused(
    tmp_path: Path, name: str, wanted: str
) -> None:
    with pytest.raises(
        InvalidInputError, match=f"line 1: field '{name}': wanted it called {wanted}"
    ):
        answers(tmp_path, line("point", "(0.5, 0.5)", plane=4, **{name: 1}))


def test_a_study_may_be_named_as_in_tables(tmp_path: Path) -> None:
    named = {"study_id": "a", "question": "grade", "answer": "HGG"}

    assert answers(tmp_path, named).grade(STUDY) == GradePrediction(Grade.HGG, raw="HGG")


def test_other_fields_of_a_log_are_left_unread(tmp_path: Path) -> None:
    more = {"model": "m", "prompt": "Where?", "question_id": 3, "finished_at": 1.5, "usage": {}}

    assert Form.POINT in place(tmp_path, line("point", "(0.5, 0.5)", plane=4, **more)).answers
