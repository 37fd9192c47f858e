"""Ask a backend about studies, and get an answer or a failure for each, whatever it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, chdir, nullcontext
from dataclasses import dataclass, replace
from itertools import combinations, product
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np

from gliobench.application.ports.backend import Backend
from gliobench.application.predict.check_answer import (
    broken,
    checked_grade,
    checked_localisation,
    checked_probabilities,
)
from gliobench.application.predict.failures import failure_of
from gliobench.domain.errors import BackendError, FaultError, JobError, Terminated, WrongAnswerError
from gliobench.domain.geometry.resampling import Float32Array
from gliobench.domain.labels.regions import Region
from gliobench.domain.messages import shown
from gliobench.domain.predictions.prediction import (
    Failure,
    Form,
    GradePrediction,
    LocalisationPrediction,
    Mask,
    with_answers,
)
from gliobench.domain.predictions.tokens import Tokens
from gliobench.domain.studies.study import Study

AnswerT = TypeVar("AnswerT", GradePrediction, LocalisationPrediction)
Answer: TypeAlias = tuple[GradePrediction | Failure | None, LocalisationPrediction | Failure | None]
"""A grade and a place; None for what the backend does not offer."""


def ask(backend: Backend, studies: Sequence[Study]) -> list[Answer]:
    """Ask for a grade and for all forms of localisation that the backend offers.

    A backend that raises on a batch is asked study by study, so that one study cannot fail
    another; so is one whose masks share an array, which may hold the last study's in all of them.
    One that breaks its contract (answers missing, a mask on a foreign grid) has failed.

    Raises:
        JobError: The backend raised it.
    """
    classifier, localizer = backend.classifier, backend.localizer
    grades: Sequence[GradePrediction | Failure | None] = [None] * len(studies)
    places: Sequence[LocalisationPrediction | Failure | None] = [None] * len(studies)
    if classifier is not None:
        grades = _one_each(classifier.classify, studies, checked_grade, backend.name)
    if localizer is not None:
        forms = localizer.forms
        said = _one_each(
            lambda batch: localizer.localise(batch, forms),
            studies,
            checked_localisation,
            backend.name,
        )
        places = [_complete(place, forms, backend.name) for place in said]
    return list(zip(grades, places, strict=True))


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Whether a model's places are read as it means them, and what it answered about drawn squares."""

    confirmed: bool
    words: str


def calibrate(backend: Backend) -> Confirmation | None:
    """Ask about drawn squares, whatever the backend does.

    Returns:
        None where its places are not written in words.

    Raises:
        JobError: The backend raised it.
    """
    if backend.calibrate is None:
        return None
    try:
        with same_working_folder():
            found = backend.calibrate()
    except (JobError, Terminated):
        raise
    except (Exception, SystemExit) as error:  # whatever a plugin raises must not stop the cohort
        return Confirmation(
            False, f"drawn squares got no answer: {_raised(error, backend.name).detail}"
        )
    return Confirmation(found.confirmed, str(found))


def ask_probabilities(backend: Backend, study: Study) -> Mapping[Region, Float32Array]:
    """Return the probability of each voxel, (I, J, K) by region; none where the backend knows none.

    Raises:
        FaultError: The backend raised it, another error, or gives something else.
        JobError: The backend raised it.
    """
    if backend.probability_maps is None:
        return {}
    try:
        with same_working_folder():
            return checked_probabilities(backend.probability_maps(study), study)
    except WrongAnswerError as error:
        raise BackendError(f"backend {backend.name} answers {error}") from error
    except (FaultError, JobError, Terminated):
        raise
    except (Exception, SystemExit) as error:
        raise BackendError(_raised(error, backend.name).detail) from error


def tokens_of(backend: Backend, study: Study) -> Tokens | None:
    """Return how many tokens a study took, whatever the backend does; None where it does not say."""
    if backend.tokens is None:
        return None
    try:
        said = backend.tokens(study)
    except Terminated:
        raise
    except (Exception, SystemExit):  # a count that a plugin cannot give must not stop the cohort
        return None
    return said if isinstance(said, Tokens) else None


def same_working_folder() -> AbstractContextManager[None]:
    """Return to the working folder after code of a backend, which may change it.

    Relative paths of the dataset and of the run would lead elsewhere.
    """
    try:
        return chdir(Path.cwd())
    except FileNotFoundError:  # it was removed
        return nullcontext()


def _one_each(
    question: Callable[[Sequence[Study]], object],
    studies: Sequence[Study],
    checked: Callable[[object, Study, str], AnswerT | Failure],
    name: str,
) -> list[AnswerT | Failure]:
    """Ask about studies, and give one checked answer each."""

    def one_by_one() -> list[AnswerT | Failure]:
        return [item for study in studies for item in _one_each(question, [study], checked, name)]

    try:
        with same_working_folder():
            said = question(studies)
            answers = list(said) if isinstance(said, Iterable) else said
    except (JobError, Terminated):
        raise
    except (Exception, SystemExit) as error:  # whatever a plugin raises must not stop the cohort
        return one_by_one() if len(studies) > 1 else [_raised(error, name)]
    if not isinstance(answers, list):
        return [broken(name, f"answers with {shown(answers)}: wanted a list")] * len(studies)
    if len(answers) != len(studies):
        count = f"{len(answers)} answers to {len(studies)} studies"
        return [broken(name, f"gives {count}: wanted one each")] * len(studies)
    if len(studies) > 1 and _share_an_array(answers):
        return one_by_one()
    return [_checked(checked, *item, name) for item in zip(answers, studies, strict=True)]


def _share_an_array(answers: Iterable[object]) -> bool:
    """Return whether the masks of two answers lie in the same memory."""
    arrays = (list(_arrays(answer)) for answer in answers)
    return any(
        np.may_share_memory(one, other)
        for pair in combinations(arrays, 2)
        for one, other in product(*pair)
    )


def _arrays(answer: object) -> Iterator[object]:
    if isinstance(answer, LocalisationPrediction):
        for place in answer.answers.values():
            yield from place.regions.values() if isinstance(place, Mask) else ()


def _checked(
    checked: Callable[[object, Study, str], AnswerT | Failure],
    answer: object,
    study: Study,
    name: str,
) -> AnswerT | Failure:
    try:
        return checked(answer, study, name)
    except WrongAnswerError as error:
        return broken(name, f"answers {error}")


def _raised(error: BaseException, name: str) -> Failure:
    if isinstance(error, FaultError) and not isinstance(error, WrongAnswerError):
        return failure_of(error)
    try:
        return broken(name, f"raises {type(error).__name__}: {error}")
    except Exception:  # an error whose text cannot be made
        return broken(name, f"raises {type(error).__name__}")


def _complete(
    place: LocalisationPrediction | Failure, forms: frozenset[Form], name: str
) -> LocalisationPrediction | Failure:
    place = with_answers(place, forms)
    if isinstance(place, Failure):
        return place
    answers = {
        form: place.answers.get(form, broken(name, f"gives no answer in the form {form.value}"))
        for form in Form
        if form in forms
    }
    return replace(place, answers=answers)
