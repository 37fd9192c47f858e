"""The studies of a source, with the classes of a user's table in the place of their grades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import final

from gliobench.application.datasets.studies_of import StudiesOf
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.grading_target import GradingTarget, TargetPrior
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Grade, Reference


@final
class TargetedStudies(StudiesOf):
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
        super().__init__(source)
        self._target = target
        self._classes = {name: classes[name] for name in source.study_ids() if name in classes}
        if not self._classes:
            raise InvalidInputError(f"no study of the dataset has a known {target.name}")

    @property
    def prior(self) -> TargetPrior:
        """What is graded, and how common the positive class is in these studies."""
        positive = sum(grade is Grade.HGG for grade in self._classes.values())
        patients = (self.whole.origin(study_id).patient_id for study_id in self._classes)
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
        return replace(self.whole.reference(study_id), grade=self._classes.get(study_id))
