"""Ask a backend about studies, and get an answer or a failure for each, whatever it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias, TypeVar

from gliobench.application.ports.backend import Backend
from gliobench.application.predict.failures import failure_of
from gliobench.domain.errors import FaultError, JobError
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    LocalisationPrediction,
    Mask,
    with_answers,
)
from gliobench.domain.studies.study import Study

AnswerT = TypeVar("AnswerT", GradePrediction, LocalisationPrediction)
Answer: TypeAlias = tuple[GradePrediction | Failure | None, LocalisationPrediction | Failure | None]
"""A grade and a place; None for what the backend does not offer."""


def ask(backend: Backend, studies: Sequence[Study]) -> list[Answer]:
    """Ask for a grade and for all forms of localisation that the backend offers.

    A backend that raises on a batch is asked study by study, so that one study cannot fail
    another. One that breaks its contract (answers missing, a mask on a foreign grid) has failed.
    """
    classifier, localizer = backend.classifier, backend.localizer
    grades: Sequence[GradePrediction | Failure | None] = [None] * len(studies)
    places: Sequence[LocalisationPrediction | Failure | None] = [None] * len(studies)
    if classifier is not None:
        grades = _one_each(classifier.classify, studies, GradePrediction)
    if localizer is not None:
        forms = localizer.forms
        said = _one_each(
            lambda batch: localizer.localise(batch, forms), studies, LocalisationPrediction
        )
        places = [
            _complete(place, study, forms) for place, study in zip(said, studies, strict=True)
        ]
    return list(zip(grades, places, strict=True))


def _one_each(
    question: Callable[[Sequence[Study]], list[AnswerT | Failure]],
    studies: Sequence[Study],
    wanted: type[AnswerT],
) -> list[AnswerT | Failure]:
    try:
        answers = list(question(studies))
    except JobError:
        raise
    except Exception as error:  # whatever a plugin raises must not stop the cohort
        if len(studies) > 1:
            return [answer for one in studies for answer in _one_each(question, [one], wanted)]
        return [_raised(error)]
    if len(answers) != len(studies):
        return [_broken(f"{len(answers)} answers to {len(studies)} studies")] * len(studies)
    return [
        answer
        if isinstance(answer, wanted | Failure)
        else _broken(f"a {type(answer).__name__} for a {wanted.__name__}")
        for answer in answers
    ]


def _raised(error: Exception) -> Failure:
    if isinstance(error, FaultError):
        return failure_of(error)
    return _broken(f"{type(error).__name__}: {error}")


def _broken(detail: str) -> Failure:
    return Failure(FailureReason.BACKEND_ERROR, detail)


def _complete(
    place: LocalisationPrediction | Failure, study: Study, forms: frozenset[Form]
) -> LocalisationPrediction | Failure:
    place = with_answers(place, forms)
    if isinstance(place, Failure):
        return place
    answers = {
        form: place.answers.get(form, _broken(f"no answer in the form {form.value}"))
        for form in Form
        if form in forms
    }
    mask = answers.get(Form.MASK)
    if isinstance(mask, Mask) and (difference := study.grid.difference(mask.grid)):
        answers[Form.MASK] = _broken(f"mask on a grid that is not the study's: {difference}")
    return replace(place, answers=answers)
