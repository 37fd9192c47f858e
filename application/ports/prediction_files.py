"""The port of everything that a program wrote about studies, in files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    Failure,
    Form,
    GradePrediction,
    LocalisationPrediction,
)
from gliobench.domain.studies.study import Study

IGNORED, OF_NO_STUDY = "ignored maps", "of no study"
"""Provenance of files that are not used: the whole key, and how keys end."""


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure a program is of a mask, in [0, 1].

    Args:
        whole: Of the whole tumour.
        regions: By region, where it says.
    """

    whole: float
    regions: Mapping[Region, float] = field(default_factory=dict)


class PredictionFiles(Protocol):
    """Reads predictions that lie in files.

    Contract:
        - Nothing is guessed: a study without a prediction is the failure `missing_prediction`, one
          whose file cannot be used `unreadable_prediction`, a mask on another grid `wrong_grid`.
          Nothing is raised but JobError.
        - Each form of `forms` has an answer or a failure of its own.
        - No image of a study is read, only its grid.
    """

    @property
    def grades(self) -> bool:
        """Whether there are grades."""
        ...

    @property
    def forms(self) -> frozenset[Form]:
        """The forms of localisation that are there; none where there are only grades."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hash of all that is read and how."""
        ...

    @property
    def provenance(self) -> Mapping[str, str]:
        """What a report says of the files: their kind, what was ignored, what belongs to no study."""
        ...

    def holds(self, study_id: str) -> bool:
        """Return whether there is a prediction of a study, which may be unusable."""
        ...

    def grade(self, study: Study) -> GradePrediction | Failure:
        """Read a study's grade; asked only where there are grades."""
        ...

    def localise(self, study: Study) -> LocalisationPrediction | Failure:
        """Read where a study's tumour is; asked only where there are forms."""
        ...
