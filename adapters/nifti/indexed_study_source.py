"""Studies of a dataset that was listed in an index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import final

from gliobench.adapters.nifti.index_rows import OpenListed, folder_of
from gliobench.adapters.nifti.study_folders import StudyFolder
from gliobench.adapters.nifti.study_source import FoundStudies, NiftiStudySource
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.application.ports.study_index import IndexedStudy, StudyIndex
from gliobench.domain.errors import InvalidInputError, JobError, NotFoundError
from gliobench.domain.labels.proposal import DatasetLabels, UndeclaredLabelsError
from gliobench.domain.studies.faults import Fault
from gliobench.domain.studies.subjects import Subject

_STUDIES_AT_ONCE = 64


@final
class IndexedStudySource(NiftiStudySource):
    """Reads the studies of an index, whose layout and tables were read when it was made.

    Args:
        index: What was listed.
        root: The dataset's folder, wherever it lies now.
        open_listed: Opens a file of it.
    """

    def __init__(
        self,
        index: StudyIndex,
        root: DatasetPath,
        open_listed: OpenListed,
    ) -> None:
        self._index = index
        folders = _IndexedFolders(index, root, open_listed)
        super().__init__(FoundStudies(folders, labels=self._own_labels))

    def study_ids(self) -> Sequence[str]:
        """Name every study."""
        return self._index.study_ids()

    def notes_of_tables(self, study_id: str) -> list[Fault]:
        """Report what was odd about a study's rows of the tables when they were listed."""
        return [Fault(study_id, kind, detail) for kind, detail in self._row(study_id).notes]

    def subject(self, study_id: str) -> Subject:
        """Return what the tables said of a study."""
        return self._row(study_id).subject or Subject.named(study_id)

    def _row(self, study_id: str) -> IndexedStudy:
        row = self._index.study(study_id)
        if row is None:
            raise NotFoundError(f"no study {study_id!r} in {self._index.place}")
        return row

    def _own_labels(self) -> DatasetLabels | None:
        facts = self._index.facts
        if facts.labels is None and facts.question:
            raise UndeclaredLabelsError(facts.question)
        return facts.labels


class _IndexedFolders(Mapping[str, list[StudyFolder]]):
    """The files of studies by id, read when they are looked at."""

    def __init__(self, index: StudyIndex, root: DatasetPath, open_listed: OpenListed) -> None:
        self._index, self._root, self._open_listed = index, root, open_listed
        self._found = lru_cache(_STUDIES_AT_ONCE)(self._find)

    def __getitem__(self, study_id: str) -> list[StudyFolder]:
        if (found := self._found(study_id)) is None:
            raise KeyError(study_id)
        return found

    def __contains__(self, study_id: object) -> bool:
        return isinstance(study_id, str) and self._found(study_id) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._index.study_ids())

    def __len__(self) -> int:
        return len(self._index.study_ids())

    def _find(self, study_id: str) -> list[StudyFolder] | None:
        if (row := self._index.study(study_id)) is None:
            return None
        try:
            first = folder_of(row, self._root, self._open_listed)
        except InvalidInputError as error:
            raise JobError(f"{self._index.place}: study {study_id}: {error}") from error
        return [first, *(StudyFolder(study_id, self._root / twin) for twin in row.twins)]
