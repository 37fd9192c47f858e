"""The studies of another source, with something changed."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Self

from gliobench.application.ports.study_source import StudySource
from gliobench.domain.labels.proposal import DatasetLabels, Integers
from gliobench.domain.studies.faults import Fault
from gliobench.domain.studies.grading_target import GradingTarget, TargetPrior
from gliobench.domain.studies.study import Grade, Modality, Origin, Reference, Study


class StudiesOf(StudySource):
    """Shows a source as it is; subclasses change what they are for, and nothing else.

    Attributes:
        whole: The source.
    """

    def __init__(self, whole: StudySource) -> None:
        self.whole = whole

    def checked(self, study_id: str) -> str:
        """Return an id that is passed to the source.

        Raises:
            NotFoundError: The study is not shown.
        """
        return study_id

    def study_ids(self) -> Sequence[str]:
        """Name every study."""
        return self.whole.study_ids()

    def study(self, study_id: str) -> Study:
        """Open a study."""
        return self.whole.study(self.checked(study_id))

    def origin(self, study_id: str) -> Origin:
        """Return a study's patient and acquisition site."""
        return self.whole.origin(self.checked(study_id))

    def grade(self, study_id: str) -> Grade | None:
        """Return the reference grade."""
        return self.whole.grade(self.checked(study_id))

    def reference(self, study_id: str) -> Reference:
        """Read what the experts say of a study."""
        return self.whole.reference(self.checked(study_id))

    def content_hash(self, study_id: str) -> str:
        """Hash the bytes that the study's volumes are read from (sha256, hex)."""
        return self.whole.content_hash(self.checked(study_id))

    def modalities(self) -> tuple[Modality, ...]:
        """Name what every study should have."""
        return self.whole.modalities()

    @property
    def is_of_slices(self) -> bool:
        """Return whether every study is one slice."""
        return self.whole.is_of_slices

    def notes(self, study_id: str) -> list[Fault]:
        """Return what is odd about a study's files and does no harm."""
        return self.whole.notes(self.checked(study_id))

    @property
    def labels(self) -> DatasetLabels | None:
        """The convention of the masks."""
        return self.whole.labels

    def labelled(self, labels: DatasetLabels) -> Self:
        """Return the same studies with their masks read by a convention."""
        other = copy(self)
        other.whole = self.whole.labelled(labels)
        return other

    @property
    def prior(self) -> TargetPrior | None:
        """Return what is graded in the place of the grade."""
        return self.whole.prior

    @property
    def target(self) -> GradingTarget:
        """Return what is graded."""
        return self.whole.target

    def mask_integers(self, study_id: str) -> Integers | None:
        """Read which integers a study's mask holds."""
        return self.whole.mask_integers(self.checked(study_id))
