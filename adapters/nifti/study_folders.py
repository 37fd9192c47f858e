"""Finding studies among files: which image is of which study and modality.

Both of BraTS's naming generations are known, `BraTS20_Training_001_{flair,t1,t1ce,t2,seg}` and
`BraTS-GLI-00000-000-{t2f,t1n,t1c,t2w,seg}`, `.nii` and `.nii.gz`, in folders of any name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.faults import FaultKind, FaultyStudyError
from gliobench.domain.study import Modality

_FOLDERS_BELOW_ROOT = 3  # as in root/TrainingData/HGG/<study>
_NIFTI = re.compile(r"(?P<stem>.+)\.nii(\.gz)?", re.IGNORECASE)
_NAMES = "|".join(name for m in Modality for name in (m.value, m.alias))
_IMAGE = re.compile(rf"((?P<prefix>.+)[-_.])?(?P<name>{_NAMES})", re.IGNORECASE)
# Study 355 of BraTS 2020 came with W39_1998.09.19_Segm.nii. An automatic mask (..._autoseg_simple)
# is no reference.
_MASK = re.compile(r"((?P<prefix>.+)[-_.])?seg(m|mentation)?", re.IGNORECASE)
_KNOWN_ID = re.compile(r"BraTS.*\d|TCGA-\w\w-\w{4}.*", re.IGNORECASE)


@dataclass(frozen=True)
class StudyFolder:
    """The files of one study, before any is opened.

    Args:
        id: From the files' names where they bear a BraTS or TCGA id, else the folder's name.
        folder: Where they lie.
        images: Candidates by modality; more than one is a fault.
        masks: Candidates for the experts' mask; more than one is a fault.
        has_misnamed_mask: The mask's name does not begin as the images' names do.
    """

    id: str
    folder: DatasetPath
    images: Mapping[Modality, list[DatasetPath]] = field(default_factory=dict)
    masks: list[DatasetPath] = field(default_factory=list)
    has_misnamed_mask: bool = False

    def image_paths(self) -> dict[Modality, DatasetPath]:
        """Give the one file of each modality that is there.

        Raises:
            FaultyStudyError: Two files claim the same modality.
        """
        return {m: _only(paths, f"{self.id} {m.value}") for m, paths in self.images.items()}

    def mask_path(self) -> DatasetPath | None:
        """Give the experts' mask, if there is one.

        Raises:
            FaultyStudyError: Two files claim to be it.
        """
        return _only(self.masks, f"{self.id} mask") if self.masks else None


def find_studies(root: DatasetPath) -> Iterator[StudyFolder]:
    """Find the studies in a folder and up to three levels below it, or that the folder itself is.

    Files are told by their names; none is opened.
    """
    return _find(root, _FOLDERS_BELOW_ROOT)


def _find(folder: DatasetPath, levels: int) -> Iterator[StudyFolder]:
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    yield from _studies_among(folder, [entry for entry in entries if _NIFTI.fullmatch(entry.name)])
    if levels:
        for entry in entries:
            if entry.is_dir():
                yield from _find(entry, levels - 1)


def _studies_among(folder: DatasetPath, files: list[DatasetPath]) -> Iterator[StudyFolder]:
    images, masks = _by_prefix(files)
    prefixes = sorted(images or masks)
    if not prefixes and _KNOWN_ID.fullmatch(folder.name) and not _has_folders(folder):
        yield StudyFolder(id=folder.name, folder=folder)
    for prefix in prefixes:
        own = masks.get(prefix, [])
        strays = [path for paths in masks.values() for path in paths] if len(prefixes) == 1 else []
        yield StudyFolder(
            id=_study_id(prefix, folder, is_alone=len(prefixes) == 1),
            folder=folder,
            images=images.get(prefix, {}),
            masks=own or strays,
            has_misnamed_mask=bool(strays and not own),
        )


def _by_prefix(
    files: list[DatasetPath],
) -> tuple[dict[str, dict[Modality, list[DatasetPath]]], dict[str, list[DatasetPath]]]:
    images: dict[str, dict[Modality, list[DatasetPath]]] = defaultdict(lambda: defaultdict(list))
    masks: dict[str, list[DatasetPath]] = defaultdict(list)
    for path in files:
        nifti = _NIFTI.fullmatch(path.name)
        stem = nifti["stem"] if nifti else path.name
        if image := _IMAGE.fullmatch(stem):
            images[image["prefix"] or ""][Modality.parse(image["name"])].append(path)
        elif mask := _MASK.fullmatch(stem):
            masks[mask["prefix"] or ""].append(path)
    return images, masks


def _study_id(prefix: str, folder: DatasetPath, *, is_alone: bool) -> str:
    if prefix and (not is_alone or _KNOWN_ID.fullmatch(prefix)):
        return prefix
    return folder.name


def _has_folders(folder: DatasetPath) -> bool:
    return any(entry.is_dir() for entry in folder.iterdir())


def _only(paths: list[DatasetPath], what: str) -> DatasetPath:
    if len(paths) > 1:
        names = ", ".join(path.name for path in paths)
        raise FaultyStudyError(
            FaultKind.AMBIGUOUS_FILE, f"{what}: {len(paths)} files ({names}): wanted one"
        )
    return paths[0]
