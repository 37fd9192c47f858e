"""The studies of a source, with the classes of a user's table in the place of their grades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Self, final

from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.proposal import DatasetLabels, Integers
from gliobench.domain.studies.faults import Fault
from gliobench.domain.studies.grading_target import GradingTarget, TargetPrior
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Grade, Modality, Origin, Reference, Study


@final
class TargetedStudies(StudySource):
    """Shows a source with other reference classes; nothing else of it changes.

    Args:
        source: The studies as they are.
        target: What is graded.
        classes: By study id, `Grade.HGG` for the positive class; a study that is absent has no
            reference.

    Raises:
        InvalidInputError: No study has a class.
    """

    def __init__(
        self, source: StudySource, target: GradingTarget, classes: Mapping[str, Grade]
    ) -> None:
        self._source = source
        self._target = target
        self._classes = {name: classes[name] for name in source.study_ids() if name in classes}
        if not self._classes:
            raise InvalidInputError(f"no study of the dataset has a known {target.name}")

    @property
    def whole(self) -> StudySource:
        """Return the studies as they are."""
        return self._source

    @property
    def prior(self) -> TargetPrior:
        """What is graded, and how common the positive class is in these studies."""
        positive = sum(grade is Grade.HGG for grade in self._classes.values())
        patients = (self._source.origin(study_id).patient_id for study_id in self._classes)
        return TargetPrior(
            self._target, positive / len(self._classes), frozenset(map(patient_hash, patients))
        )

    @property
    def target(self) -> GradingTarget:
        """What is graded."""
        return self._target

    def grade(self, study_id: str) -> Grade | None:
        """Return the class of a study."""
        return self._classes.get(study_id)

    def reference(self, study_id: str) -> Reference:
        """Read what the experts say of a study, with its class as the grade."""
        return replace(self._source.reference(study_id), grade=self._classes.get(study_id))

    def study_ids(self) -> Sequence[str]:
        """Name every study."""
        return self._source.study_ids()

    def study(self, study_id: str) -> Study:
        """Open a study."""
        return self._source.study(study_id)

    def origin(self, study_id: str) -> Origin:
        """Return a study's patient and acquisition site."""
        return self._source.origin(study_id)

    def content_hash(self, study_id: str) -> str:
        """Hash the bytes that the study's volumes are read from (sha256, hex)."""
        return self._source.content_hash(study_id)

    def modalities(self) -> tuple[Modality, ...]:
        """Name what every study should have."""
        return self._source.modalities()

    @property
    def is_of_slices(self) -> bool:
        """Return whether every study is one slice."""
        return self._source.is_of_slices

    def notes(self, study_id: str) -> list[Fault]:
        """Return what is odd about a study's files and does no harm."""
        return self._source.notes(study_id)

    @property
    def labels(self) -> DatasetLabels | None:
        """The convention of the masks."""
        return self._source.labels

    def labelled(self, labels: DatasetLabels) -> Self:
        """Return the same studies with their masks read by a convention."""
        return type(self)(self._source.labelled(labels), self._target, self._classes)

    def mask_integers(self, study_id: str) -> Integers | None:
        """Read which integers a study's mask holds."""
        return self._source.mask_integers(study_id)
