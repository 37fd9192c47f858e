"""What is exported of one study's answers, and how failures are written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from gliobench.application.ports.run_store import StudyPrediction
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    LocalisationPrediction,
    NoTumour,
)

FAILED = ("failure", "failure_detail")
Cells: TypeAlias = list[object]


def answer_of(said: StudyPrediction, form: Form) -> object:
    """Return what was answered in a form, or why nothing was."""
    place = said.localisation
    return place.answers.get(form) if isinstance(place, LocalisationPrediction) else place


def failed(answer: object) -> Cells:
    """Return the cells of a failure; of no tumour, those that are read as that answer."""
    if isinstance(answer, Failure):
        return [answer.reason.value, answer.detail]
    if isinstance(answer, NoTumour):
        return [FailureReason.NO_TUMOUR_FOUND.value, "no tumour"]
    return [FailureReason.MISSING_PREDICTION.value, "no answer"]


def confidences_of(said: StudyPrediction) -> Iterator[Cells]:
    """Lay out how sure a backend is of a study's mask; nothing where it does not say."""
    place = said.localisation
    if isinstance(place, LocalisationPrediction) and place.confidence is not None:
        inner = (place.region_confidence.get(region, "") for region in Region)
        yield [said.study_id, place.confidence, *inner]
