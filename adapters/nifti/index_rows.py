"""The files of a study as an index keeps them, and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from gliobench.adapters.nifti.image_file import Channel
from gliobench.adapters.nifti.study_folders import StudyFolder
from gliobench.application.ports.dataset_path import DatasetPath, FileVersion
from gliobench.application.ports.study_index import MASK, OTHER_MASK, IndexedFile, IndexedStudy
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.faults import FaultKind
from gliobench.domain.studies.study import Modality

VersionOf: TypeAlias = Callable[[DatasetPath], FileVersion]
"""Returns which version of a file is there; raises OSError where it is not there."""
OpenListed: TypeAlias = Callable[[DatasetPath, str, FileVersion], DatasetPath]
"""Returns a file within a folder; one of another version raises FaultyStudyError when it is opened."""
_REMEDY = ", and the dataset to be listed again"


@dataclass(frozen=True, slots=True)
class IndexRows:
    """Turns the files of studies into rows."""

    root: DatasetPath
    version_of: VersionOf

    def row(self, study: StudyFolder, *twins: StudyFolder) -> IndexedStudy:
        """Return the row of a study, without what tables say of it.

        Args:
            study: Its files.
            twins: Other folders that hold a study of its id.

        Raises:
            InvalidInputError: A file lies outside of the dataset, or is not there any more.
            StoreError: The store cannot be read.
        """
        return IndexedStudy(
            study_id=study.id,
            folder=self._within(study.folder),
            files=tuple(self._files(study)),
            patient=study.patient,
            twins=tuple(self._within(twin.folder) for twin in twins),
            mask_name=study.mask_name,
            is_named_by_folder=study.is_named_by_folder,
            has_misnamed_mask=study.has_misnamed_mask,
            has_odd_name=study.has_odd_name,
            is_two_valued=study.is_two_valued,
            notes=((FaultKind.UNUSED_IMAGE, study.remark),) if study.remark else (),
        )

    def _files(self, study: StudyFolder) -> Iterator[IndexedFile]:
        for modality, paths in study.images.items():
            volume = study.channels.get(modality)
            channel = None if volume is None else (volume.index, volume.of)
            yield from (self._file(path, modality.value, channel) for path in paths)
        for role, masks in ((MASK, study.masks), (OTHER_MASK, study.other_masks)):
            yield from (self._file(path, role) for path in masks)

    def _file(
        self, path: DatasetPath, role: str, channel: tuple[int, int] | None = None
    ) -> IndexedFile:
        try:
            return IndexedFile(self._within(path), role, self.version_of(path), channel)
        except OSError as error:
            raise InvalidInputError(f"{path}: {error.strerror or error}: start again") from error

    def _within(self, path: DatasetPath) -> str:
        names: list[str] = []
        for place in (path, *path.parents):
            if str(place) == str(self.root):  # of whatever class
                return "/".join(reversed(names))
            names.append(place.name)
        raise InvalidInputError(
            f"{path} lies outside of {self.root}: list the whole dataset, of which that is a part"
        )


def folder_of(study: IndexedStudy, root: DatasetPath, open_listed: OpenListed) -> StudyFolder:
    """Return the files of a study of an index.

    Raises:
        InvalidInputError: A role of a file is no modality, and no mask.
    """
    paths: dict[str, list[DatasetPath]] = defaultdict(list)
    channels: dict[Modality, Channel] = {}
    for file in study.files:
        paths[file.role].append(open_listed(root, file.path, file.version))
        if file.channel:
            channels[Modality.parse(file.role)] = Channel(*file.channel)
    masks, others = (paths.pop(role, []) for role in (MASK, OTHER_MASK))
    return StudyFolder(
        id=study.study_id,
        folder=root / study.folder if study.folder else root,
        images={Modality.parse(role): its for role, its in paths.items()},
        masks=masks,
        has_misnamed_mask=study.has_misnamed_mask,
        other_masks=others,
        is_named_by_folder=study.is_named_by_folder,
        has_odd_name=study.has_odd_name,
        patient=study.patient,
        channels=channels,
        is_two_valued=study.is_two_valued,
        mask_name=study.mask_name,
        remedy=_REMEDY,
    )
