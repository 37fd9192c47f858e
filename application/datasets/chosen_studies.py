"""Some studies of a source: what a frozen cohort names, or one part of its split."""

from __future__ import annotations

from collections.abc import Collection
from typing import Self, final

from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import NotFoundError
from gliobench.domain.labels.proposal import DatasetLabels, Integers
from gliobench.domain.studies.faults import Fault
from gliobench.domain.studies.study import Grade, Modality, Origin, Reference, Study


@final
class ChosenStudies(StudySource):
    """Shows a source as if it held nothing else.

    Args:
        source: The whole.
        study_ids: What is chosen of it.

    Raises:
        NotFoundError: A chosen study is not in the source.
    """

    def __init__(self, source: StudySource, study_ids: Collection[str]) -> None:
        self._source = source
        self._study_ids = dict.fromkeys(sorted(study_ids))
        if missing := sorted(self._study_ids.keys() - source.study_ids()):
            raise NotFoundError(f"study {missing[0]} of the cohort is not in the dataset")

    @property
    def whole(self) -> StudySource:
        """Return the source that they are of."""
        return self._source

    def study_ids(self) -> list[str]:
        """Name every chosen study."""
        return list(self._study_ids)

    def study(self, study_id: str) -> Study:
        """Open a study."""
        return self._source.study(self._known(study_id))

    def origin(self, study_id: str) -> Origin:
        """Return a study's patient and acquisition site."""
        return self._source.origin(self._known(study_id))

    def grade(self, study_id: str) -> Grade | None:
        """Return the reference grade."""
        return self._source.grade(self._known(study_id))

    def reference(self, study_id: str) -> Reference:
        """Read what the experts say of a study."""
        return self._source.reference(self._known(study_id))

    def content_hash(self, study_id: str) -> str:
        """Hash the bytes that the study's volumes are read from (sha256, hex)."""
        return self._source.content_hash(self._known(study_id))

    def modalities(self) -> tuple[Modality, ...]:
        """Name what every study should have."""
        return self._source.modalities()

    @property
    def is_of_slices(self) -> bool:
        """Return whether every study is one slice."""
        return self._source.is_of_slices

    def notes(self, study_id: str) -> list[Fault]:
        """Return what is odd about a study's files and does no harm."""
        return self._source.notes(self._known(study_id))

    @property
    def labels(self) -> DatasetLabels | None:
        """The convention of the masks."""
        return self._source.labels

    def labelled(self, labels: DatasetLabels) -> Self:
        """Return the same studies with their masks read by a convention."""
        return type(self)(self._source.labelled(labels), self._study_ids)

    def mask_integers(self, study_id: str) -> Integers | None:
        """Read which integers a study's mask holds."""
        return self._source.mask_integers(self._known(study_id))

    def _known(self, study_id: str) -> str:
        if study_id not in self._study_ids:
            raise NotFoundError(f"study {study_id} is not in the cohort")
        return study_id
