"""Classifiers and localizers that pass their questions on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, final

from gliobench.application.ports.classifier import Classifier
from gliobench.application.ports.localizer import Localizer
from gliobench.domain.predictions.prediction import (
    Failure,
    Form,
    GradePrediction,
    LocalisationPrediction,
)
from gliobench.domain.studies.study import Study

Grades: TypeAlias = list[GradePrediction | Failure]
Places: TypeAlias = list[LocalisationPrediction | Failure]


@final
@dataclass(frozen=True, slots=True)
class AskedClassifier(Classifier):
    """Grades by a function.

    Args:
        ask: Grades studies, as the port wants it.
    """

    ask: Callable[[Sequence[Study]], Grades]

    def classify(self, studies: Sequence[Study]) -> Grades:
        """Grade each study."""
        return self.ask(studies)


@final
@dataclass(frozen=True, slots=True)
class AskedLocalizer(Localizer):
    """Localises by a function.

    Args:
        forms: That it answers in.
        ask: Localises studies in some forms, as the port wants it.
    """

    forms: frozenset[Form] = field()  # the port's property is no default
    ask: Callable[[Sequence[Study], Collection[Form]], Places]

    def localise(self, studies: Sequence[Study], forms: Collection[Form]) -> Places:
        """Localise the tumour of each study."""
        return self.ask(studies, forms)
