"""Discovery of studies: assignment of image files to studies and modalities.

Both of BraTS's naming generations are supported, `BraTS20_Training_001_{flair,t1,t1ce,t2,seg}` and
`BraTS-GLI-00000-000-{t2f,t1n,t1c,t2w,seg}`, `.nii` and `.nii.gz`, in folders of any name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gliobench.adapters.nifti.described_names import is_of_another_kind
from gliobench.adapters.nifti.image_file import Channel
from gliobench.adapters.nifti.image_names import (
    NamedFile,
    are_of_sequences,
    by_prefix,
    ends_in_sequence,
    is_named_like_image,
    is_shown,
    nifti_stem,
)
from gliobench.adapters.nifti.image_variants import plain_prefix
from gliobench.adapters.nifti.mask_folders import with_masks_of_folders
from gliobench.adapters.nifti.mask_names import (
    MaskClaim,
    begins_with,
    is_of_masks,
    is_of_programs,
    is_of_something_else,
    mask_claim,
)
from gliobench.adapters.nifti.sequence_folders import images_in, in_folders_of_sequences
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.messages import printable
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.patients import is_sure
from gliobench.domain.studies.study import Modality

FOLDERS_BELOW_ROOT = 3  # as in root/TrainingData/HGG/<study>
_MOST_JOINED = 1000
"""Folders beside each other of which one may hold the masks of others."""
_NUMBER = re.compile(r"\d+")
_OF_A_NAME = re.IGNORECASE | re.DOTALL  # a name may contain a line end
_MASK = re.compile(r"((?P<prefix>.+?)[-_. ])?seg(m|mentations?)?", _OF_A_NAME)
_NAMED = 5  # number of files listed in a message
_KNOWN_ID = re.compile(r"BraTS.*\d|TCGA-\w\w-\w{4}.*", _OF_A_NAME)


@dataclass(frozen=True)
class StudyFolder:
    """The files of one study, before any is opened.

    Args:
        id: From file names with an id of a known collection, otherwise the folder's name;
            `study_names` makes it unique.
        folder: The study's folder.
        images: Candidates by modality; more than one is a fault.
        masks: Candidates for the reference mask; more than one is a fault.
        has_misnamed_mask: The mask's name has another prefix than the images.
        other_masks: Masks that are not the reference, by their names.
        is_named_by_folder: The file names contain no id.
        has_odd_name: The name is not printable.
        patient: The patient by the folders, if known.
        channels: Which volume of its file each modality is, where files have several.
        is_two_valued: Whether the mask is by its name the tumour and the rest, whatever the dataset's
            labels are.
        unread: Names of other images, where the study lacks a sequence that one of them may be.
        mask_name: How a reference mask's name ends.
        remedy: What to do about two files that claim to be the same.
    """

    id: str
    folder: DatasetPath
    images: Mapping[Modality, list[DatasetPath]] = field(default_factory=dict)
    masks: list[DatasetPath] = field(default_factory=list)
    has_misnamed_mask: bool = False
    other_masks: list[DatasetPath] = field(default_factory=list)
    is_named_by_folder: bool = False
    has_odd_name: bool = False
    patient: str | None = None
    channels: Mapping[Modality, Channel] = field(default_factory=dict)
    is_two_valued: bool = False
    unread: tuple[str, ...] = ()
    mask_name: str = "_seg.nii.gz"
    remedy: str = ""

    @property
    def is_bare(self) -> bool:
        """Whether it is a folder without an image or a mask, which may be no study."""
        return self.is_named_by_folder and not (self.images or self.masks or self.other_masks)

    @property
    def remark(self) -> str:
        """What its other images are, of which one may be a sequence that it lacks; empty without any."""
        if not self.unread:
            return ""
        lacking = ", ".join(modality.value for modality in Modality if modality not in self.images)
        names = ", ".join(self.unread[:_NAMED]) + ", …" * (len(self.unread) > _NAMED)
        return printable(f"{names}: called after no known sequence, and {lacking} is not there")

    def image_paths(self) -> dict[Modality, DatasetPath]:
        """Return the file of each available modality.

        Raises:
            FaultyStudyError: Two files claim the same modality.
        """
        return {
            m: _only(paths, f"{self.id} {m.value}", self.remedy) for m, paths in self.images.items()
        }

    def mask_path(self) -> DatasetPath | None:
        """Return the reference mask, if there is one.

        Raises:
            FaultyStudyError: Two files claim to be it.
        """
        return _only(self.masks, f"{self.id} mask", self.remedy) if self.masks else None


def find_studies(root: DatasetPath) -> Iterator[StudyFolder]:
    """Find the studies in a folder and up to three levels below it, or the study that it is itself.

    Files are classified by name; none is opened. Some may be bare, see `without_strays`.
    """
    return find_within(root, FOLDERS_BELOW_ROOT)


def without_strays(studies: Iterable[StudyFolder]) -> list[StudyFolder]:
    """Leave out bare folders, but those that are called like one beside them that is a study.

    Their images may be in another format, or not there yet: they are studies that cannot be opened.
    """
    found = list(studies)
    kin = {kin_of(str(item.folder)) for item in found if not item.is_bare}
    return [item for item in found if not item.is_bare or kin_of(str(item.folder)) in kin]


def kin_of(folder: str) -> str:
    """Return what a folder shares with those beside it that differ in numbers only."""
    parent, slash, name = folder.rpartition("/")
    return f"{parent}{slash}{_NUMBER.sub('#', name)}"


def are_joined(folders: Sequence[str], *, beside_images: bool) -> bool:
    """Return whether folders of one folder may hold parts of one study, so that they are searched together.

    Args:
        folders: Their names.
        beside_images: Whether there are images beside them.
    """
    if are_of_sequences(folders):
        return True
    has_masks = any(is_of_masks(name) or is_of_programs(name) for name in folders)
    return 0 < len(folders) <= _MOST_JOINED and (has_masks or beside_images)


def image_at(path: DatasetPath) -> DatasetPath:
    """Return the image of a path: the file itself, or the single image in a folder of that name.

    Raises:
        FaultyStudyError: There are several.
    """
    return _only(images_in(path) or [path], str(path)) if path.is_dir() else path


def names_of(paths: Sequence[DatasetPath]) -> str:
    """List the names of a few files."""
    more = ", …" if len(paths) > _NAMED else ""
    return ", ".join(path.name for path in paths[:_NAMED]) + more


def find_within(folder: DatasetPath, levels: int) -> Iterator[StudyFolder]:
    """Find the studies in a folder and so many levels below it."""
    files: list[NamedFile] = []
    folders: list[DatasetPath] = []
    for entry in sorted(entry for entry in folder.iterdir() if is_shown(entry)):
        stem = nifti_stem(entry)
        if not entry.is_dir():
            files += [NamedFile(stem, [entry])] if stem else []
        elif is_named_like_image(entry.name):
            files.append(NamedFile(stem, images_in(entry) or [entry]))
        else:
            folders.append(entry)
    of_sequences = in_folders_of_sequences(folders)
    files += [file for found in of_sequences.values() for file in found]
    folders = [entry for entry in folders if entry not in of_sequences]
    own = [*_studies_among(folder, files, has_folders=bool(folders))]
    below = {entry: [*find_within(entry, levels - 1)] for entry in folders if levels}
    yield from with_masks_of_folders(folder, own, below)


def _studies_among(
    folder: DatasetPath, files: list[NamedFile], *, has_folders: bool
) -> Iterator[StudyFolder]:
    images, others = by_prefix(files)
    prefixes = sorted(images or _prefixes_of_masks(others))
    owned = _by_owner(others, prefixes)
    if not prefixes and not has_folders:
        if _KNOWN_ID.fullmatch(folder.name):
            yield StudyFolder(id=folder.name, folder=folder)
        elif not others and _NUMBER.search(folder.name):
            yield StudyFolder(id=folder.name, folder=folder, is_named_by_folder=True)
    for prefix in prefixes:
        study_id = _study_id(prefix, folder, [*images.get(prefix, ())], is_alone=len(prefixes) == 1)
        claims = _claims(owned.get(prefix, []), {prefix, plain_prefix(prefix) or prefix, study_id})
        is_whole = len(images.get(prefix, ())) == len(Modality)
        yield StudyFolder(
            id=study_id,
            folder=folder,
            images=images.get(prefix, {}),
            masks=claims[MaskClaim.OWN] or claims[MaskClaim.MISNAMED],
            has_misnamed_mask=not claims[MaskClaim.OWN] and bool(claims[MaskClaim.MISNAMED]),
            other_masks=claims[MaskClaim.NONE],
            unread=() if is_whole else tuple(_unread(claims[None])),
            is_named_by_folder=study_id != prefix,
        )


def _prefixes_of_masks(files: list[NamedFile]) -> set[str]:
    """Find the studies of a folder with masks but no image."""
    masks = (_MASK.fullmatch(file.stem) for file in files)
    prefixes = {mask["prefix"] or "" for mask in masks if mask}
    return {prefix for prefix in prefixes if not is_of_something_else(prefix)}


def _by_owner(files: list[NamedFile], prefixes: list[str]) -> dict[str, list[NamedFile]]:
    """Assign each file to the study whose prefix it has; a single study gets all files."""
    if len(prefixes) == 1:
        return {prefixes[0]: files}
    owned: dict[str, list[NamedFile]] = defaultdict(list)
    plain = {plain_prefix(prefix): prefix for prefix in prefixes}
    owner_of = plain | {prefix: prefix for prefix in prefixes}
    for file in files:
        owners = [name for name in owner_of if name and begins_with(file.stem, name)]
        if owners:
            owned[owner_of[max(owners, key=len)]].append(file)
    return owned


def _claims(
    files: list[NamedFile], owners: Collection[str]
) -> dict[MaskClaim | None, list[DatasetPath]]:
    """Sort the masks of a study by how well their names identify the reference; None is of other files."""
    claims: dict[MaskClaim | None, list[DatasetPath]] = {claim: [] for claim in (*MaskClaim, None)}
    for file in files:
        claims[mask_claim(file.stem, owners)] += file.paths
    return claims


def _unread(others: Iterable[DatasetPath]) -> Iterator[str]:
    """Name the images of which one may be a sequence."""
    for path in others:
        stem = nifti_stem(path)
        if stem and not is_of_another_kind(stem):
            yield path.name


def _study_id(
    prefix: str, folder: DatasetPath, sequences: Sequence[Modality], *, is_alone: bool
) -> str:
    if prefix and (not is_alone or _KNOWN_ID.fullmatch(prefix) or is_sure(prefix)):
        return prefix
    if sequences:
        is_of_many = ends_in_sequence(folder.name, sequences)
    else:
        is_of_many = is_of_masks(folder.name) or is_of_programs(folder.name)
    return prefix if prefix and is_of_many else folder.name


def _only(paths: list[DatasetPath], what: str, remedy: str = "") -> DatasetPath:
    if len(paths) > 1:
        raise FaultyStudyError(
            FaultKind.AMBIGUOUS_FILE,
            f"{what}: {len(paths)} files ({names_of(paths)}): wanted one{remedy}",
        )
    return paths[0]
