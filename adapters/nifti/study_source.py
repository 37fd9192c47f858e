"""Studies in NIfTI files, however they are laid out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from threading import Lock
from typing import Self

from gliobench.adapters.nifti.image_file import ImageFile
from gliobench.adapters.nifti.index_rows import IndexRows, VersionOf
from gliobench.adapters.nifti.mask_file import read_integers, read_regions, read_two_valued
from gliobench.adapters.nifti.study_folders import StudyFolder, names_of
from gliobench.adapters.nifti.study_images import hash_images, open_study
from gliobench.application.datasets.dataset_labels import propose_labels
from gliobench.application.datasets.name_mapping import NameMapping
from gliobench.application.datasets.side_by_side import side_by_side
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.application.ports.study_index import IndexedStudy
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import FaultError, InvalidInputError, NotFoundError
from gliobench.domain.geometry.grids import BoolArray, Grid
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.proposal import DatasetLabels, Integers, UndeclaredLabelsError
from gliobench.domain.labels.regions import Region
from gliobench.domain.messages import printable
from gliobench.domain.studies.faults import Fault, FaultKind, FaultyStudyError
from gliobench.domain.studies.study import Grade, Origin, Reference, Study
from gliobench.domain.studies.subjects import Subject


def _no_labels() -> DatasetLabels | None:
    return None


@dataclass(frozen=True)
class FoundStudies:
    """What a layout says of a dataset, before any image is opened.

    Args:
        folders: The files of each study by its id; several of one id are a fault.
        names: Grades, patients and sites by table.
        labels: Returns what the labels mean by the dataset's own tables, None if it has none;
            raises UndeclaredLabelsError if they are not understood.
    """

    folders: Mapping[str, list[StudyFolder]]
    names: NameMapping = field(default_factory=NameMapping)
    labels: Callable[[], DatasetLabels | None] = _no_labels

    @classmethod
    def of(
        cls,
        folders: Iterable[StudyFolder],
        *,
        names: NameMapping | None = None,
        labels: Callable[[], DatasetLabels | None] = _no_labels,
    ) -> Self:
        """Collect studies; without a table of subjects it is searched for near the first one."""
        by_id = defaultdict(list)
        for folder in folders:
            by_id[folder.id].append(folder)
        if names is None and by_id:
            names = NameMapping.near(next(iter(by_id.values()))[0].folder)
        return cls(dict(by_id), names or NameMapping(), labels)


@contextmanager
def listing(root: DatasetPath) -> Iterator[None]:
    """List a folder, which is there, and name it in errors.

    Raises:
        NotFoundError: There is no such folder.
        InvalidInputError: It, or one in it, cannot be listed.
    """
    if not root.is_dir():  # asked first: the address of a web server is a file, too
        if root.is_file():
            raise NotFoundError(
                f"{root} is a file: wanted a folder, or its images by --t1c, --t2f …"
            )
        raise NotFoundError(f"no folder {root}")
    try:
        yield
    except OSError as error:
        raise InvalidInputError(f"{root}: cannot be listed: {error.strerror}") from error


class NiftiStudySource(StudySource):
    """Reads studies of one layout.

    Where `labelled` declares no label convention, it is that of the dataset's own tables, or inferred from
    all masks and names when the first mask is read as regions, which raises UndeclaredLabelsError where
    several are possible.
    """

    def __init__(self, found: FoundStudies) -> None:
        self._found = found
        self._folders, self._names = found.folders, found.names
        self._labels: DatasetLabels | None = None
        self._settling = Lock()

    def study_ids(self) -> Sequence[str]:
        """List the ids of all studies."""
        return sorted(self._folders)

    def study(self, study_id: str) -> Study:
        """Open a study."""
        origin, folder = self.origin(study_id), self._folder(study_id)
        return open_study(
            study_id,
            folder.image_paths(),
            patient_id=origin.patient_id,
            site=origin.site,
            channels=folder.channels,
        )

    def origin(self, study_id: str) -> Origin:
        """Return a study's patient and acquisition site."""
        return self.subject(study_id).origin

    def grade(self, study_id: str) -> Grade | None:
        """Return the reference grade."""
        return self.subject(study_id).grade

    def reference(self, study_id: str) -> Reference:
        """Read the grade and the mask of the reference, where they exist.

        Where no image can be opened, both still count the failure: the mask is read on its own grid.
        """
        grade = self.subject(study_id).grade
        try:
            grid = self.study(study_id).grid
        except FaultError:
            if study_id not in self._folders:
                raise
            return self._reference_alone(study_id, grade)
        try:
            regions = self._regions(self._folder(study_id), grid)
        except FaultError as error:
            return Reference(grade=grade, fault=Fault.of_reference(study_id, error))
        return Reference(grade=grade, regions=regions)

    def _reference_alone(self, study_id: str, grade: Grade | None) -> Reference:
        try:
            folder = self._folder(study_id)
            mask = folder.mask_path()
            grid = None if mask is None else ImageFile.open(mask).grid
            regions = {} if grid is None else self._regions(folder, grid)
        except FaultError:  # the study's own fault is reported
            return Reference(grade=grade)
        return Reference(grade=grade, regions=regions, grid=grid)

    def content_hash(self, study_id: str) -> str:
        """Hash the study's image files."""
        folder = self._folder(study_id)
        return hash_images(folder.image_paths(), folder.channels)

    def notes(self, study_id: str) -> list[Fault]:
        """Report escaped names, unused masks and images, and repeated rows and strange grades of the table."""
        found = self._folders.get(study_id, [])
        odd = [fault for item in found[:1] for fault in _odd_names(item)]
        return odd + self.notes_of_tables(study_id) if found else odd

    def notes_of_tables(self, study_id: str) -> list[Fault]:
        """Report repeated rows and strange grades of the table, of a study that is there."""
        return self._names.notes(study_id, self._folders[study_id][0].patient)

    def indexed(self, root: DatasetPath, version_of: VersionOf) -> Iterator[IndexedStudy]:
        """Return the rows of an index of all studies, by id.

        Args:
            root: The dataset's folder.
            version_of: Looks which version of a file is there.

        Raises:
            InvalidInputError: A file lies outside of the dataset, or is not there any more.
            StoreError: The store cannot be read.
        """
        rows = IndexRows(root, version_of)
        for row in side_by_side(
            lambda study_id: rows.row(*self._folders[study_id]), self.study_ids()
        ):
            notes = self.notes_of_tables(row.study_id)
            yield row.joined(self.subject(row.study_id), notes)

    @property
    def question(self) -> str:
        """Why the dataset's own tables of labels are not understood; empty where they are."""
        try:
            self._found.labels()
        except UndeclaredLabelsError as error:
            return str(error)
        return ""

    @property
    def labels(self) -> DatasetLabels | None:
        """The label convention of the masks, declared, stated or inferred."""
        if self._labels is None:
            try:
                return self._found.labels()
            except UndeclaredLabelsError:  # raised where a mask is read
                return None
        return self._labels

    def labelled(self, labels: DatasetLabels) -> Self:
        """Return the same studies with another label convention of their masks."""
        other = copy(self)
        other._labels = labels  # noqa: SLF001 -- its own kind
        return other

    def mask_integers(self, study_id: str) -> Integers | None:
        """Read the integers that occur in a study's mask."""
        folder = self._folder(study_id)
        mask = folder.mask_path()
        if mask is None or folder.is_two_valued:
            return None
        if self._labels is None:
            self._found.labels()
        return read_integers(mask)

    def _regions(self, folder: StudyFolder, grid: Grid) -> dict[Region, BoolArray]:
        mask = folder.mask_path()
        if mask is None:
            return {}
        if folder.is_two_valued:
            return {Region.WT: read_two_valued(mask, grid)}
        return read_regions(mask, grid, self._convention())

    def _convention(self) -> LabelConvention:
        with self._settling:
            self._labels = self._labels or self._found.labels()
            if self._labels is None:
                proposal = propose_labels(self)
                if proposal is None:  # no mask can be read; the reader of each one reports it
                    return BUILT_IN["tumour"]
                self._labels = proposal.labels()
            return self._labels.convention

    def subject(self, study_id: str) -> Subject:
        """Return what tables and folders say of a study."""
        if study_id not in self._folders:
            raise NotFoundError(f"no study {study_id!r} in this folder")
        return self._names.subject(study_id, patient=self._folders[study_id][0].patient)

    def _folder(self, study_id: str) -> StudyFolder:
        if study_id not in self._folders:
            raise NotFoundError(f"no study {study_id!r} in this folder")
        first, *others = self._folders[study_id]
        if others:
            raise FaultyStudyError(
                FaultKind.DUPLICATE_ID,
                f"study {study_id} is there twice: {first.folder} and {others[0].folder}: open a folder "
                "that holds it once",
            )
        return first


def _odd_names(study: StudyFolder) -> Iterator[Fault]:
    if study.has_misnamed_mask:
        detail = f"{study.folder}: mask is named {names_of(study.masks)}"
        yield Fault(study.id, FaultKind.MISNAMED_MASK, printable(detail))
    elif study.other_masks and not study.masks:
        detail = (
            f"{study.folder}: {names_of(study.other_masks)}: not taken for the experts' mask, which "
            f"is called {study.id}{study.mask_name}"
        )
        yield Fault(study.id, FaultKind.UNUSED_MASK, printable(detail))
    if study.remark:
        yield Fault(study.id, FaultKind.UNUSED_IMAGE, study.remark)
    if study.has_odd_name:
        detail = "the name holds what cannot be shown, and is escaped"
        yield Fault(study.id, FaultKind.ODD_NAME, detail)
