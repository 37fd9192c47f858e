"""The port of the index of a dataset: all its studies, listed once and read a stretch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, Self, runtime_checkable

from gliobench.application.ports.dataset_path import DatasetPath, FileVersion
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.messages import shown
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.subjects import Subject

MASK, OTHER_MASK = "mask", "other_mask"
"""Roles of files that are no image."""


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """A file of a study, as it was listed.

    Args:
        path: Within the dataset, its parts separated by `/`.
        role: A modality's value, `MASK` or `OTHER_MASK`.
        version: Which version of it was there.
        channel: Which volume of the file is meant, and how many it has; None for the whole.

    Raises:
        InvalidInputError: The path leaves the dataset.
    """

    path: str
    role: str
    version: FileVersion
    channel: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        check_within(self.path)


def check_within(path: str) -> None:
    """Check that a path is of a file or folder of the dataset.

    Raises:
        InvalidInputError: It may lead out of it.
    """
    if "\0" in path or any(part in ("", ".", "..") for part in path.split("/")):
        raise InvalidInputError(f"path {shown(path)}: wanted one within the dataset's folder")


@dataclass(frozen=True, slots=True)
class IndexedStudy:
    """What a layout and the tables of a dataset say of a study, before a file is opened.

    Args:
        study_id: Its id.
        folder: Its folder within the dataset; empty for the dataset's own.
        files: Candidates for its images and masks.
        patient: The patient by the folders, if known.
        subject: Patient, grade and site, joined from the tables.
        twins: Other folders that hold a study of this id.
        mask_name: How a reference mask's name ends.
        is_named_by_folder: No file's name contains an id.
        has_misnamed_mask: The mask's name has another prefix than the images.
        has_odd_name: The name is not printable.
        is_two_valued: The mask is by its name the tumour and the rest.
        notes: What is odd about its rows of the tables and its other files, by kind.

    Raises:
        InvalidInputError: A folder lies outside of the dataset.
    """

    study_id: str
    folder: str
    files: tuple[IndexedFile, ...] = ()
    patient: str | None = None
    subject: Subject | None = None
    twins: tuple[str, ...] = ()
    mask_name: str = ""
    is_named_by_folder: bool = False
    has_misnamed_mask: bool = False
    has_odd_name: bool = False
    is_two_valued: bool = False
    notes: tuple[tuple[FaultKind, str], ...] = ()

    def __post_init__(self) -> None:
        for folder in filter(None, (self.folder, *self.twins)):
            check_within(folder)

    def joined(self, subject: Subject, notes: Iterable[Fault]) -> Self:
        """Return it with what the tables say of it."""
        of_tables = ((note.kind, note.detail) for note in notes)
        return replace(self, subject=subject, notes=(*self.notes, *of_tables))


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """What an index says of the dataset as a whole.

    Args:
        root: The dataset's folder or URL.
        labels: What the labels of its masks mean, declared or by its own tables.
        question: Why its own tables of labels are not understood; empty where they are, or are none.
    """

    root: str
    labels: DatasetLabels | None = None
    question: str = field(default="", compare=False)


@runtime_checkable
class IndexableSource(Protocol):
    """A source whose studies an index can list: files of a folder or of a store, by name."""

    def indexed(
        self, root: DatasetPath, version_of: Callable[[DatasetPath], FileVersion]
    ) -> Iterator[IndexedStudy]:
        """Return the row of every study, by id.

        Args:
            root: The dataset's folder.
            version_of: Looks which version of a file is there; raises OSError where it is not there.

        Raises:
            InvalidInputError: A file lies outside of the dataset, or is not there any more.
            StoreError: The source cannot be read now.
        """
        ...

    @property
    def labels(self) -> DatasetLabels | None:
        """The convention of the masks; None where it is not declared."""
        ...

    @property
    def question(self) -> str:
        """Why the dataset's own tables of labels are not understood; empty where they are."""
        ...


class SavedPieces(Protocol):
    """Keeps the rows of pieces of a dataset until all of them are listed.

    Contract:
        - A piece is there whole or not at all, whenever the process is killed.
        - Threads may write side by side.
    """

    def listed_at(self, piece: str) -> float | None:
        """Return when a piece was listed, in seconds since 1970; None where it was not, or long ago."""
        ...

    def write(self, piece: str, studies: Sequence[IndexedStudy]) -> None:
        """Keep the rows of a piece, in their order."""
        ...

    def read(self, piece: str) -> Iterator[IndexedStudy]:
        """Return the rows of a piece, a few in memory at a time."""
        ...


class StudyIndex(Protocol):
    """An index that was written.

    Contract:
        - Opening it and any answer about one study take memory and time that do not grow with the
          number of studies.
        - What cannot be read, or was damaged, raises JobError: no study is at fault.
    """

    @property
    def place(self) -> str:
        """Name it for messages."""
        ...

    @property
    def facts(self) -> IndexFacts:
        """Return what it says of the dataset."""
        ...

    def study_ids(self) -> Sequence[str]:
        """Name every study; a `Listing`."""
        ...

    def study(self, study_id: str) -> IndexedStudy | None:
        """Return a study as it was listed; None where there is none."""
        ...

    def studies(self) -> Iterator[IndexedStudy]:
        """Return all studies by id, a few in memory at a time."""
        ...
