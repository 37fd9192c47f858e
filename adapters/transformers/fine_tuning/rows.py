"""What a model said of a held-out study, with its scores: one row, ready for JSON."""

from __future__ import annotations

from gliobench.adapters.vision_language.reader import Reading
from gliobench.application.ports.trainer import Row
from gliobench.domain.answers.questions import FORM_OF_QUESTION, Question
from gliobench.domain.evaluation.scores import FormOutcome, Scores
from gliobench.domain.evaluation.scoring import Target, score_localisation
from gliobench.domain.geometry.grids import Box, Point, Polygon
from gliobench.domain.metrics.measures import BOX_IOU, CENTRE_ERROR, HIT, POLYGON_DICE
from gliobench.domain.predictions.prediction import (
    Failure,
    Form,
    GradePrediction,
    Localisation,
    LocalisationPrediction,
    NoTumour,
)
from gliobench.domain.studies.study import Case


def row_of(case: Case, reading: Reading | Failure) -> Row:
    """Hold the answers about a slice against the reference.

    Returns:
        Whose row it is (`study_id`, `patient_id`, `site`, reference `grade`); `probability_hgg`,
        `grade_answer`, `point`, `box` and `polygon` (in voxels on the plane) or None; `hit`,
        `centre_error_mm`, `box_iou` and `polygon_dice`, which without a place are False, None, 0
        and 0; and by question the reason of each of the `failures` and every `raw` answer.
    """
    study = case.study
    grade = reading if isinstance(reading, Failure) else reading.grade
    place = reading if isinstance(reading, Failure) else reading.place
    said: dict[Question, GradePrediction | Localisation | NoTumour | Failure] = {
        Question.GRADE: grade,
        **{question: _said(place, form) for question, form in FORM_OF_QUESTION.items()},
    }
    failures = {q.value: one.reason.value for q, one in said.items() if isinstance(one, Failure)}
    return {
        "study_id": study.id,
        "patient_id": study.patient_id,
        "site": study.site,
        "grade": case.reference.grade.value if case.reference.grade else None,
        "probability_hgg": grade.probability_hgg if isinstance(grade, GradePrediction) else None,
        "grade_answer": grade.grade.value if isinstance(grade, GradePrediction) else None,
        **{question.value: _numbers(said[question]) for question in FORM_OF_QUESTION},
        **_scores(case, place),
        "failures": failures,
        "raw": {question.value: _raw(said[question], question, place) for question in said},
    }


def _said(place: LocalisationPrediction | Failure, form: Form) -> Localisation | NoTumour | Failure:
    return place if isinstance(place, Failure) else place.answers[form]


def _raw(said: object, question: Question, place: LocalisationPrediction | Failure) -> str | None:
    if isinstance(said, Failure | GradePrediction):
        return said.raw
    return None if isinstance(place, Failure) else place.raw.get(FORM_OF_QUESTION[question])


def _numbers(answer: object) -> object:
    match answer:
        case Point(at=at):
            return list(at)
        case Box(start=start, stop=stop):
            return [list(start), list(stop)]
        case Polygon(vertices=vertices):
            return [list(vertex) for vertex in vertices]
    return None


def _scores(case: Case, place: LocalisationPrediction | Failure) -> Row:
    outcomes = score_localisation(
        place,
        asked=list(FORM_OF_QUESTION.values()),
        target=Target.of(case.reference.regions, case.study.grid),
    )
    point, box, polygon = (_score(outcomes.get(form)) for form in FORM_OF_QUESTION.values())
    return {
        "hit": bool(point.get(HIT.score_name())),
        "centre_error_mm": point.get(CENTRE_ERROR.score_name()),
        "box_iou": box.get(BOX_IOU.score_name(), 0.0),
        "polygon_dice": polygon.get(POLYGON_DICE.score_name(), 0.0),
    }


def _score(outcome: FormOutcome | None) -> Scores:
    """Return the scores of a place, worst scores left out."""
    if outcome is None or outcome.failure or isinstance(outcome.answer, NoTumour):
        return {}
    return outcome.scores
