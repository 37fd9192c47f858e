"""Grades in one file of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

from gliobench.application.ports.prediction_files import PredictionFiles
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.files.documents import LARGEST_BYTES, read_document
from gliobench.domain.messages import shown
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    LocalisationPrediction,
)
from gliobench.domain.studies.study import Grade, Study


@final
class JsonGrades(PredictionFiles):
    """Reads grades: an object for each case by its name, or the one object of the only case.

    Args:
        path: The file.
        cases: The names of all cases.
        grade_key: Of LGG or HGG; where it is missing, the likelier grade is meant.
        probability_key: Of P(HGG); may be missing where there is a grade.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: It is no JSON, or no object.
    """

    grades = True
    forms = frozenset[Form]()
    fingerprint = ""
    provenance: Mapping[str, str] = {}

    def __init__(
        self, path: Path, cases: Sequence[str], *, grade_key: str, probability_key: str
    ) -> None:
        if not path.is_file():
            raise NotFoundError(f"no {path.name}")
        self._keys = (grade_key, probability_key)
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
        found = read_document(json.loads, content, name=str(path))
        if not isinstance(found, dict):
            raise InvalidInputError(f"{path}: {shown(found)}: wanted an object")
        is_alone = len(cases) == 1 and not found.keys().isdisjoint(self._keys)
        self._found: dict[str, Any] = {cases[0]: found} if is_alone else found

    def holds(self, study_id: str) -> bool:
        """Return whether there is a grade of a case."""
        return study_id in self._found

    def grade(self, study: Study) -> GradePrediction | Failure:
        """Read a case's grade."""
        if study.id not in self._found:
            return Failure(FailureReason.MISSING_PREDICTION, f"no grade of study {study.id}")
        try:
            return self._grade(self._found[study.id])
        except InvalidInputError as error:
            return Failure(FailureReason.UNREADABLE_PREDICTION, f"study {study.id}: {error}")

    def localise(self, study: Study) -> LocalisationPrediction | Failure:
        """Return that a grade is no place."""
        return Failure(FailureReason.MISSING_PREDICTION, f"no place of study {study.id}")

    def _grade(self, said: object) -> GradePrediction:
        if not isinstance(said, dict):
            raise InvalidInputError(f"{shown(said)}: wanted an object")
        grade_key, probability_key = self._keys
        grade, probability = said.get(grade_key), _number(said, probability_key)
        if grade is None and probability is None:
            raise InvalidInputError(f"{shown(said)}: wanted {grade_key} or {probability_key}")
        if grade is None and probability is not None:
            return GradePrediction.likelier(probability)
        if str(grade).upper() not in Grade.__members__:
            raise InvalidInputError(f"{grade_key} {shown(grade)}: wanted LGG or HGG")
        return GradePrediction(Grade[str(grade).upper()], probability)


def _number(said: Mapping[str, object], key: str) -> float | None:
    value = said.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInputError(f"{key} {shown(value)}: wanted a number")
    return float(value)
