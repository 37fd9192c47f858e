"""The port of everything that grades gliomas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gliobench.domain.predictions.prediction import Failure, GradePrediction
from gliobench.domain.studies.study import Study


class Classifier(Protocol):
    """Grades gliomas.

    Contract:
        - One prediction a study, in the order given; a study that cannot be graded yields a
          Failure, never an exception.
        - Deterministic: the same study and settings give the same prediction, whatever the batch.
        - Never looks at a reference.
    """

    def classify(self, studies: Sequence[Study]) -> list[GradePrediction | Failure]:
        """Grade each study."""
        ...
