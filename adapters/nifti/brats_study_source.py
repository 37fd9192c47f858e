"""Studies in a folder with BraTS's layout."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from copy import copy
from threading import Lock
from typing import Self, final

from gliobench.adapters.nifti.mask_file import read_integers, read_regions
from gliobench.adapters.nifti.name_mapping import NameMapping
from gliobench.adapters.nifti.study_folders import StudyFolder, find_studies, names_of
from gliobench.adapters.nifti.study_images import hash_images, open_study
from gliobench.adapters.nifti.study_names import named
from gliobench.application.datasets.dataset_labels import propose_labels
from gliobench.application.ports.dataset_path import DatasetPath, resolved
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import FaultError, InvalidInputError, NotFoundError
from gliobench.domain.labels.conventions import BUILT_IN, LabelConvention
from gliobench.domain.labels.proposal import DatasetLabels, Integers
from gliobench.domain.messages import printable
from gliobench.domain.studies.faults import Fault, FaultKind, FaultyStudyError
from gliobench.domain.studies.study import Grade, Origin, Reference, Study
from gliobench.domain.studies.subjects import Subject


@final
class BratsStudySource(StudySource):
    """Reads studies from a folder of studies, or from a folder that is one study.

    Args:
        root: Searched for studies up to three levels deep; see `study_folders` for names. Grades
            and sites come from a name_mapping.csv near the first study, see `NameMapping.near`.
        labels: The label convention. None infers it from all masks and names when the first mask is
            read as regions, and raises UndeclaredLabelsError where several are possible.

    Raises:
        NotFoundError: There is no such folder, or no study in it.
        InvalidInputError: The folder or its name_mapping.csv cannot be read.
    """

    def __init__(self, root: DatasetPath | str, labels: DatasetLabels | None = None) -> None:
        self._labels = labels
        self._settling = Lock()
        self._folders = _folders_by_id(resolved(root))
        first = next(iter(self._folders.values()))[0]
        self._names = NameMapping.near(first.folder)

    def study_ids(self) -> list[str]:
        """List the ids of all studies."""
        return sorted(self._folders)

    def study(self, study_id: str) -> Study:
        """Open a study."""
        origin = self.origin(study_id)
        return open_study(
            study_id,
            self._folder(study_id).image_paths(),
            patient_id=origin.patient_id,
            site=origin.site,
        )

    def origin(self, study_id: str) -> Origin:
        """Return a study's patient and acquisition site."""
        return self._subject(study_id).origin

    def grade(self, study_id: str) -> Grade | None:
        """Return the reference grade."""
        return self._subject(study_id).grade

    def reference(self, study_id: str) -> Reference:
        """Read the grade and the mask of the reference, where they exist."""
        grade = self._subject(study_id).grade
        try:
            grid = self.study(study_id).grid
        except InvalidInputError:
            # Without images there is no grid for a mask; the grade still counts the failure.
            return Reference(grade=grade)
        try:
            mask = self._folder(study_id).mask_path()
            regions = {} if mask is None else read_regions(mask, grid, self._convention())
        except FaultError as error:
            return Reference(grade=grade, fault=Fault.of_reference(study_id, error))
        return Reference(grade=grade, regions=regions)

    def content_hash(self, study_id: str) -> str:
        """Hash the study's image files."""
        return hash_images(self._folder(study_id).image_paths())

    def notes(self, study_id: str) -> list[Fault]:
        """Report escaped names, unused masks and repeated rows of the table."""
        found = self._folders.get(study_id, [])
        notes = [fault for item in found[:1] for fault in _odd_names(item)]
        if rows := self._names.repeated.get(study_id):
            detail = f"rows {rows[0]} and {rows[1]} of the name mapping say the same"
            notes.append(Fault(study_id, FaultKind.REPEATED_ROW, detail))
        return notes

    @property
    def labels(self) -> DatasetLabels | None:
        """The label convention of the masks, declared or inferred."""
        return self._labels

    def labelled(self, labels: DatasetLabels) -> Self:
        """Return the same studies with another label convention of their masks."""
        other = copy(self)
        other._labels = labels  # noqa: SLF001 -- its own kind
        return other

    def mask_integers(self, study_id: str) -> Integers | None:
        """Read the integers that occur in a study's mask."""
        mask = self._folder(study_id).mask_path()
        return None if mask is None else read_integers(mask)

    def _convention(self) -> LabelConvention:
        with self._settling:
            if self._labels is None:
                proposal = propose_labels(self)
                if proposal is None:  # no mask can be read; the reader of each one reports it
                    return BUILT_IN["tumour"]
                self._labels = proposal.labels()
            return self._labels.convention

    def _subject(self, study_id: str) -> Subject:
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
                f"study {study_id} is there twice: {first.folder} and {others[0].folder}",
            )
        return first


def _folders_by_id(root: DatasetPath) -> dict[str, list[StudyFolder]]:
    if not root.is_dir():
        raise NotFoundError(f"no folder {root}")
    folders = defaultdict(list)
    try:
        for folder in named(find_studies(root)):
            folders[folder.id].append(folder)
    except OSError as error:
        raise InvalidInputError(f"{root}: cannot be listed: {error.strerror}") from error
    if not folders:
        raise NotFoundError(f"no study in {root}: wanted files such as <study>_flair.nii.gz")
    return dict(folders)


def _odd_names(study: StudyFolder) -> Iterator[Fault]:
    if study.has_misnamed_mask:
        detail = f"{study.folder}: mask is named {names_of(study.masks)}"
        yield Fault(study.id, FaultKind.MISNAMED_MASK, printable(detail))
    elif study.other_masks and not study.masks:
        detail = (
            f"{study.folder}: {names_of(study.other_masks)}: not taken for the experts' mask, which "
            f"is called {study.id}_seg.nii.gz"
        )
        yield Fault(study.id, FaultKind.UNUSED_MASK, printable(detail))
    if study.has_odd_name:
        detail = "the name holds what cannot be shown, and is escaped"
        yield Fault(study.id, FaultKind.ODD_NAME, detail)
