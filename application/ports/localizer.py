"""The port of everything that localises gliomas."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from gliobench.domain.predictions.prediction import Failure, Form, LocalisationPrediction
from gliobench.domain.studies.study import Study


class Localizer(Protocol):
    """Localises gliomas.

    Contract:
        - One result a study, in the order given; a study that cannot be read at all yields a
          Failure, never an exception.
        - Each form asked for that is among `forms` has an answer or a Failure of its own; others
          are left out. That there is no tumour is an answer: `NO_TUMOUR`, or a mask without a voxel.
        - Deterministic: the same study and settings give the same prediction, whatever the batch.
        - Never looks at a reference.
    """

    @property
    def forms(self) -> frozenset[Form]:
        """The forms that this localizer can answer in."""
        ...

    def localise(
        self, studies: Sequence[Study], forms: Collection[Form]
    ) -> list[LocalisationPrediction | Failure]:
        """Localise the tumour of each study."""
        ...
