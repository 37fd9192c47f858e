from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from fakes.fake_engine import ANSWERS, FakeEngine, answers_all
from fakes.fake_study_source import fake_case
from gliobench.adapters.vision_language.prompts import Prompts
from gliobench.adapters.vision_language.reader import (
    Asking,
    Reader,
    Reading,
    SliceReading,
    chosen,
    grade_of,
    slice_reading,
)
from gliobench.adapters.vision_language.requests import Reply
from gliobench.adapters.vision_language.slices import SlicePrompting, planes_by
from gliobench.domain.answers.dialects import DIALECTS
from gliobench.domain.answers.questions import Decoding, Question
from gliobench.domain.errors import BackendError, InvalidInputError
from gliobench.domain.geometry.grids import Axis, Box, Plane, Point, Polygon
from gliobench.domain.predictions.prediction import (
    NO_TUMOUR,
    Failure,
    FailureReason,
    Form,
    GradePrediction,
)
from gliobench.domain.predictions.tokens import Tokens
from gliobench.domain.slices.view import SlicePolicy, SliceView
from gliobench.domain.studies.study import Grade, Modality

SQUARE = (12, 12, 10)
STUDY = fake_case(shape=SQUARE).study
VIEW = SliceView.of(STUDY.grid, Plane(Axis.AXIAL, 4), 24)


def reader(
    engine: FakeEngine,
    *,
    count: int = 1,
    oracle: bool = False,
    dialect: str = "fractions",
    **decoding: Decoding,
) -> Reader:
    asking = Asking(SlicePrompting(24, dialect=DIALECTS[dialect]), Prompts.load(), **decoding)
    planes_of = planes_by(SlicePolicy.N_SLICES, modality=Modality.T1C, count=count)
    return Reader(engine, asking, planes_of, oracle=oracle)


def read(engine: FakeEngine, **how) -> Reading:
    (reading,) = reader(engine, **how).read([STUDY])
    assert isinstance(reading, Reading)
    return reading


def says(**words: str) -> FakeEngine:
    return FakeEngine(lambda question, *_: Reply(words.get(question.value, ANSWERS[question])))


def test_a_study_is_asked_all_questions_about_one_picture_at_once() -> None:
    engine = FakeEngine()

    read(engine)

    ((request,),) = engine.asked
    assert len(request.pictures) == 1
    assert request.pictures[0].shape == (24, 24, 3)
    assert len(request.prompts) == len(Question)


def test_whoever_asks_again_is_answered_from_memory_while_the_study_lives() -> None:
    engine = FakeEngine()
    one = reader(engine)
    study = replace(STUDY)

    first, second = one.read([study]), one.read([study, study])

    assert second == [first[0], first[0]]
    assert len(engine.asked) == 1
    gone = weakref.ref(study)
    del study
    gc.collect()
    assert gone() is None


def test_places_are_found_on_the_plane_that_was_shown() -> None:
    # The brain's 10 voxels fill the picture: x runs from voxel edge 10.5 (the patient's right) to
    # 0.5, y from 10.5 (the front) to 0.5.
    place = read(FakeEngine()).place

    point, box, polygon = (place.answers[form] for form in (Form.POINT, Form.BOX, Form.POLYGON))
    assert isinstance(point, Point)
    assert point.plane.axis is Axis.AXIAL
    assert point.at == pytest.approx((8.0, 5.5))
    assert isinstance(box, Box)
    assert (box.start, box.stop) == ((4, 6), (9, 9))
    assert isinstance(polygon, Polygon)
    assert np.allclose(polygon.vertices, [(8.0, 8.0), (3.0, 8.0), (3.0, 3.0)])


def test_pixels_mean_the_same_places_as_fractions() -> None:
    words = {"point": '{"x": 6, "y": 12}', "box": '{"x0": 6, "y0": 6, "x1": 18, "y1": 12}'}

    of_pixels = read(says(**words), dialect="pixels", grade=Decoding.FREE).place
    of_fractions = read(says(), grade=Decoding.FREE).place

    for form in (Form.POINT, Form.BOX):
        assert of_pixels.answers[form] == of_fractions.answers[form]


def test_every_word_that_was_understood_is_kept() -> None:
    reading = read(FakeEngine())

    assert isinstance(reading.grade, GradePrediction)
    assert reading.grade.raw == ANSWERS[Question.GRADE]
    assert reading.place.raw == {
        Form.POINT: ANSWERS[Question.POINT],
        Form.BOX: ANSWERS[Question.BOX],
        Form.POLYGON: ANSWERS[Question.POLYGON],
    }


def test_what_is_not_understood_fails_alone_and_keeps_its_words() -> None:
    place = read(says(box="somewhere on the left"), grade=Decoding.FREE).place

    box = place.answers[Form.BOX]
    assert isinstance(box, Failure)
    assert (box.reason, box.raw) == (FailureReason.NO_NUMBERS, "somewhere on the left")
    assert Form.BOX not in place.raw
    assert isinstance(place.answers[Form.POINT], Point)


def test_that_there_is_no_tumour_is_an_answer_and_keeps_its_words() -> None:
    place = read(says(point="No tumour is visible.", box="There is no tumor.")).place

    assert place.answers[Form.POINT] == place.answers[Form.BOX] == NO_TUMOUR
    assert place.raw[Form.POINT] == "No tumour is visible."
    assert place.finds_tumour is True  # it has outlined one


def test_slices_that_show_no_tumour_have_no_say_where_another_shows_one() -> None:
    none = SliceReading(VIEW, GradePrediction(Grade.HGG, 0.9), {Form.POINT: NO_TUMOUR}, {})
    at = Point(VIEW.plane, at=(1.0, 1.0))
    found = SliceReading(VIEW, GradePrediction(Grade.LGG, 0.1), {Form.POINT: at}, {})

    assert chosen([none, found]) is found
    assert chosen([none, none]) is none


def test_tokens_of_all_questions_and_slices_add_up() -> None:
    def counts(question, prompt, picture) -> Reply:
        return replace(answers_all(question, prompt, picture), tokens=Tokens(100, 3))

    asked = reader(FakeEngine(counts), count=2)
    assert asked.tokens(STUDY) is None

    asked.read([STUDY])

    assert asked.tokens(STUDY) == Tokens(800, 24)


def test_tokens_are_unknown_where_one_reply_does_not_count_them() -> None:
    def counts(question, prompt, picture) -> Reply:
        known = Tokens(100, 3) if question is not Question.BOX else None
        return replace(answers_all(question, prompt, picture), tokens=known)

    assert read(FakeEngine(counts)).tokens is None


def test_an_answer_that_was_cut_off_is_a_failure() -> None:
    engine = FakeEngine(lambda *_: Reply('{"x": 0.4, "y', finished=False))

    reading = read(engine, grade=Decoding.FREE)

    failures = [reading.grade, *reading.place.answers.values()]
    assert {one.reason for one in failures} == {FailureReason.TRUNCATED}


def test_compared_answers_give_a_probability() -> None:
    grade = read(FakeEngine()).grade

    assert grade == GradePrediction(Grade.HGG, float(expit(2.0)), ANSWERS[Question.GRADE])


def test_likelihoods_that_are_no_numbers_are_a_failure() -> None:
    infinite = FakeEngine(
        lambda question, *_: Reply(ANSWERS[question], log_likelihoods=(-np.inf, -np.inf))
    )

    grade = read(infinite).grade

    assert isinstance(grade, Failure)
    assert grade.reason is FailureReason.BACKEND_ERROR


@pytest.mark.parametrize(
    ("grade", "places"),
    [(Decoding.SCORED, Decoding.FREE), (Decoding.CONSTRAINED, Decoding.CONSTRAINED)],
)
def test_questions_are_held_to_a_grammar_or_to_answers_as_asked_for(
    grade: Decoding, places: Decoding
) -> None:
    engine = FakeEngine()

    read(engine, grade=grade, places=places)

    ((request,),) = engine.asked
    first, *others = request.prompts
    assert bool(first.continuations) is (grade is Decoding.SCORED)
    assert (first.grammar is not None) is (grade is Decoding.CONSTRAINED)
    assert {one.grammar is not None for one in others} == {places is Decoding.CONSTRAINED}


def test_places_cannot_be_scored() -> None:
    with pytest.raises(InvalidInputError, match="wanted free or constrained"):
        Asking(SlicePrompting(24), Prompts.load(), places=Decoding.SCORED)


def test_an_oracle_says_so_in_every_place() -> None:
    assert read(FakeEngine(), oracle=True).place.oracle
    assert not read(FakeEngine()).place.oracle


def test_a_study_that_cannot_be_shown_fails_alone() -> None:
    lacking = fake_case("s2", modalities=(Modality.T2F,)).study

    first, second = reader(FakeEngine()).read([STUDY, lacking])

    assert isinstance(first, Reading)
    assert isinstance(second, Failure)
    assert second.reason is FailureReason.MISSING_MODALITY


def test_a_study_that_the_engine_breaks_on_fails_alone() -> None:
    bright = replace(
        STUDY, id="bright", volumes={m: np.minimum(v, 60) for m, v in STUDY.volumes.items()}
    )

    def breaks(question, prompt, picture) -> Reply:
        if picture.mean() > dark.pictures[0].mean() + 1:
            raise BackendError("no memory")
        return answers_all(question, prompt, picture)

    asked = reader(FakeEngine()).requests(STUDY)
    assert not isinstance(asked, Failure)
    ((_, dark),) = asked

    first, second = reader(FakeEngine(breaks)).read([STUDY, bright])

    assert isinstance(first, Reading)
    assert second == Failure(FailureReason.BACKEND_ERROR, "no memory")


def of_slice(index: int, grade: GradePrediction | Failure) -> SliceReading:
    view = SliceView.of(STUDY.grid, Plane(Axis.AXIAL, index), 24)
    return SliceReading(view, grade, places={}, raw={})


def graded(*answers: str | float) -> list[SliceReading]:
    """Make slices: a probability, a grade, or a failure that is its own raw text."""
    slices = []
    for index, answer in enumerate(answers):
        if isinstance(answer, float):
            grade = Grade.HGG if answer >= 0.5 else Grade.LGG
            said: GradePrediction | Failure = GradePrediction(grade, answer, str(answer))
        elif answer in ("LGG", "HGG"):
            said = GradePrediction(Grade(answer), raw=answer)
        else:
            said = Failure(FailureReason.REFUSAL, "it declined", raw=answer)
        slices.append(of_slice(index, said))
    return slices


@pytest.mark.parametrize(
    ("answers", "grade", "probability"),
    [
        ((0.2, 0.9, 0.7), Grade.HGG, 0.6),
        ((0.2, 0.6), Grade.LGG, 0.4),
        (("HGG", "LGG", "LGG"), Grade.LGG, None),
        (("LGG", "HGG", "no", "HGG"), Grade.HGG, None),
        (("HGG", "HGG", "LGG", "LGG"), Grade.LGG, None),  # a tie: the middle one, slice 2
        (("HGG", "no", "LGG"), Grade.LGG, None),  # a tie whose middle slice has no grade
    ],
)
def test_several_slices_make_one_grade(
    answers: tuple[str | float, ...], grade: Grade, probability: float | None
) -> None:
    found = grade_of(graded(*answers))

    assert isinstance(found, GradePrediction)
    assert found.grade is grade
    assert found.probability_hgg == (probability and pytest.approx(probability))


def test_the_words_about_every_slice_are_kept_with_its_number() -> None:
    found = grade_of(graded("HGG", "no", "HGG"))

    assert found.raw == "slice 0: HGG\nslice 1: no\nslice 2: HGG"


def test_slices_that_all_fail_fail_as_the_middle_one_does() -> None:
    found = grade_of(graded("no", "never", "no"))

    assert found == Failure(
        FailureReason.REFUSAL, "it declined", raw="slice 0: no\nslice 1: never\nslice 2: no"
    )


def test_the_place_is_that_on_the_slice_that_looks_worst() -> None:
    assert chosen(graded(0.2, 0.7, 0.9, 0.1)).view.plane.index == 2


def test_without_probabilities_the_place_is_that_on_the_middle_slice() -> None:
    assert chosen(graded("LGG", "LGG", "HGG")).view.plane.index == 1


def test_all_slices_of_a_study_are_asked_about_in_one_go() -> None:
    engine = FakeEngine()

    reading = read(engine, count=3)

    ((*requests,),) = engine.asked
    assert len(requests) == 3
    assert isinstance(reading.grade, GradePrediction)
    assert reading.grade.raw is not None
    assert reading.grade.raw.count("\n") == 2


def test_an_outline_that_crosses_itself_is_a_failure() -> None:
    bow_tie = '{"polygon": [[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]}'
    replies = [*(Reply(ANSWERS[one]) for one in list(Question)[:3]), Reply(bow_tie)]

    outline = slice_reading(VIEW, replies).places[Form.POLYGON]

    assert isinstance(outline, Failure)
    assert (outline.reason, outline.raw) == (FailureReason.SELF_INTERSECTION, bow_tie)
