"""What a table or a document says of studies."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeAlias, final

from gliobench.application.ports.prediction_files import OF_NO_STUDY, PredictionFiles
from gliobench.domain.errors import FaultError
from gliobench.domain.files.content import HASHED
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    Localisation,
    LocalisationPrediction,
    NoTumour,
)
from gliobench.domain.studies.study import Study

Answer: TypeAlias = Localisation | NoTumour | Failure
Spot: TypeAlias = Callable[[Study], Answer]
"""Puts what is written onto a study's grid; raises FaultError where it does not fit."""
_LISTED = 5


@final
@dataclass(frozen=True, eq=False)
class Written(PredictionFiles):
    """The content of one file.

    Args:
        kind: What it holds, such as "grades".
        place: Its name, for messages.
        sha256: Of its content.
        said_grades: By study id; None where it holds none.
        spots: By study id and form.
        forms: That it holds.
        raw: A model's own words, by study id and form.
        oracles: Studies whose slice was chosen with the reference.
        confidences: How sure the program is of a study's places, by study id, where it says.
        study_ids: Every study that may be in it; None where they are not known.
    """

    kind: str
    place: str
    sha256: str
    said_grades: Mapping[str, GradePrediction | Failure] | None = None
    spots: Mapping[str, Mapping[Form, Spot]] = field(default_factory=dict)
    forms: frozenset[Form] = frozenset()
    raw: Mapping[str, Mapping[Form, str]] = field(default_factory=dict)
    oracles: frozenset[str] = frozenset()
    confidences: Mapping[str, float] = field(default_factory=dict)
    study_ids: Collection[str] | None = None

    @property
    def grades(self) -> bool:
        """Whether it holds grades."""
        return self.said_grades is not None

    @property
    def fingerprint(self) -> str:
        """Hash the content and what it was read as."""
        return sha256(f"{self.kind} {self.sha256}".encode()).hexdigest()

    @property
    def provenance(self) -> Mapping[str, str]:
        """Describe the file."""
        named = {*(self.said_grades or {}), *self.spots}
        said = {self.kind: f"{len(named)} studies{HASHED}{self.sha256[:16]}"}
        strays = set() if self.study_ids is None else named - set(self.study_ids)
        if strays:
            few = ", ".join(sorted(strays)[:_LISTED]) + ", …" * (len(strays) > _LISTED)
            said[f"{self.kind} {OF_NO_STUDY}"] = f"{len(strays)} ({few})"
        return said

    def holds(self, study_id: str) -> bool:
        """Return whether something is written about a study."""
        return study_id in self.spots or study_id in (self.said_grades or {})

    def grade(self, study: Study) -> GradePrediction | Failure:
        """Return a study's grade."""
        return (self.said_grades or {}).get(study.id) or self._missing(study)

    def localise(self, study: Study) -> LocalisationPrediction | Failure:
        """Return a study's places."""
        spots = self.spots.get(study.id)
        if spots is None:
            return self._missing(study)
        answers = {
            form: self._put(spots[form], study) if form in spots else self._missing(study)
            for form in Form
            if form in self.forms
        }
        words = self.raw.get(study.id, {})
        return LocalisationPrediction(
            answers,
            oracle=study.id in self.oracles,
            raw={
                form: text for form, text in words.items() if not isinstance(answers[form], Failure)
            },
            confidence=self.confidences.get(study.id),
        )

    def _put(self, spot: Spot, study: Study) -> Answer:
        try:
            return spot(study)
        except FaultError as error:
            said = str(error)
            at = "" if said.startswith(self.place) else f"{self.place}: "
            return Failure(FailureReason.UNREADABLE_PREDICTION, f"{at}{said}")

    def _missing(self, study: Study) -> Failure:
        return Failure(
            FailureReason.MISSING_PREDICTION, f"{self.place} holds no answer about study {study.id}"
        )
