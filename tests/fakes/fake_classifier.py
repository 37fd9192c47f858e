"""A grader in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import final

from gliobench.application.ports.classifier import Classifier
from gliobench.domain.predictions.prediction import Failure, GradePrediction
from gliobench.domain.studies.study import Grade, Modality, Study

GradeRule = Callable[[Study], GradePrediction | Failure]


def by_brightness(study: Study) -> GradePrediction | Failure:
    """Grade by the mean of T1c, so that studies differ."""
    probability = float(study.volume(Modality.T1C).mean()) / 200
    return GradePrediction(Grade.HGG if probability >= 0.5 else Grade.LGG, probability)


@final
class FakeClassifier(Classifier):
    """Grades by a rule, which may raise, and keeps what it was asked.

    Args:
        rule: Of one study.
    """

    def __init__(self, rule: GradeRule = by_brightness) -> None:
        self._rule = rule
        self.asked: list[str] = []

    def classify(self, studies: Sequence[Study]) -> list[GradePrediction | Failure]:
        self.asked += [study.id for study in studies]
        return [self._rule(study) for study in studies]
