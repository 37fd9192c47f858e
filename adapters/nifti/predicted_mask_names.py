"""Which file of a folder of predicted masks belongs to which study.

Read by name alone: `<id>.nii.gz`, `<id>_pred`, `<id>-seg` and alike, in the folder or in a folder of the
study, or by a pattern that the user gives. A name that is not understood is reported, never guessed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from gliobench.adapters.nifti.mask_names import is_of_something_else
from gliobench.adapters.nifti.study_folders import image_at
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import FaultError, InvalidInputError, NotFoundError
from gliobench.domain.messages import shown
from gliobench.domain.studies.study import Modality
from gliobench.domain.studies.study_ids import lost_zeros, study_id_of

STUDY_ID = "{study_id}"
"""Stands for a study's id in a pattern."""
_SUFFIX = re.compile(r"(?P<stem>.+)\.nii(\.gz)?", re.IGNORECASE | re.DOTALL)
_SEPARATOR = re.compile(r"[-_. ]")
_MODALITIES = "|".join(re.escape(name) for m in Modality for name in m.names)
_WORDS = (
    r"pred(s|icted|ictions?)?|seg(m|s|mentations?|mented)?|masks?|label(s|map)?|out(put)?|trans"
)
_OF_MASK = re.compile(rf"([-_. ]({_MODALITIES}))?([-_. ]({_WORDS})){{1,3}}", re.IGNORECASE)
"""What may follow a study's id: also MONAI's `_t1ce_seg`."""
_BARE = re.compile(rf"({_WORDS})([-_. ]({_WORDS})){{0,2}}", re.IGNORECASE)
"""What a mask in a study's own folder may be called."""
_IMAGE = re.compile(rf"[-_. ]({_MODALITIES})", re.IGNORECASE)
_NO_MASK = re.compile(
    r"(?<![a-z])(unc(ertainty)?|prob(s|ability|abilities)?|softmax|logits?|entropy|variance|conf(idence)?"
    r"|enhance|core|whole)(?![a-z])",
    re.IGNORECASE,
)
"""Maps beside masks: of uncertainty and of single regions, as BraTS's QU task wants them."""
_OF_BRATS = re.compile(r"BraTS-[A-Za-z]+(-[A-Za-z]+)?-(?P<tail>\d{5}-\d{3})")
_LISTED = 5


@dataclass(frozen=True)
class MaskFiles:
    """The files of a folder of predicted masks, before any is opened.

    Args:
        paths: By study id.
        no_masks: Names of maps of something else, such as uncertainty.
        strays: Names of files that belong to no study.
    """

    paths: Mapping[str, DatasetPath]
    no_masks: tuple[str, ...] = ()
    strays: tuple[str, ...] = ()

    @classmethod
    def find(
        cls,
        root: DatasetPath,
        study_ids: Collection[str] | None,
        *,
        pattern: str | None = None,
        beside_images: bool = False,
    ) -> MaskFiles:
        """Assign the files of a folder to studies.

        Args:
            root: The folder.
            study_ids: Every study that may have a mask; None for those that the names state.
            pattern: Path of a mask within the folder, such as `{study_id}_out.nii.gz`; None reads
                the usual names.
            beside_images: Whether images of the studies may lie there, too.

        Raises:
            NotFoundError: There is no such folder.
            InvalidInputError: It cannot be listed, it holds images, two files are of one study, a name lacks
                the zeros of a study's, or the pattern is none.
        """
        if not root.is_dir():
            raise NotFoundError(f"no folder of masks {root}")
        known = None if study_ids is None else frozenset(study_ids)
        claims = (
            _by_name(root, frozenset(ids_in(root)) if known is None else known)
            if pattern is None
            else _by_pattern(root, known, pattern)
        )
        found = cls._of(root, claims, beside_images=beside_images)
        stems = [_SUFFIX.sub(r"\g<stem>", PurePosixPath(name).name) for name in found.strays]
        if lost := lost_zeros(stems, (known or frozenset()).difference(found.paths)):
            raise InvalidInputError(
                f"{root}: {lost[0]} is no study, but may be {lost[1]}: wanted names with their zeros"
            )
        return found

    @classmethod
    def _of(cls, root: DatasetPath, claims: Iterator[_Claim], *, beside_images: bool) -> MaskFiles:
        paths: dict[str, _Claim] = {}
        others: dict[str, list[str]] = defaultdict(list)
        try:
            for claim in claims:
                if claim.kind != "mask":
                    others[claim.kind].append(claim.name)
                elif (first := paths.setdefault(claim.study_id, claim)) is not claim:
                    raise InvalidInputError(
                        f"{root}: two masks of study {claim.study_id}, {first.name} and "
                        f"{claim.name}: wanted one, or a pattern that names it"
                    )
        except OSError as error:
            raise InvalidInputError(f"{root}: cannot be listed: {error.strerror}") from error
        if others["image"] and not beside_images:
            raise InvalidInputError(
                f"{root}: holds images of studies, such as {others['image'][0]}: wanted a folder of "
                "predicted masks alone, or a pattern that names them"
            )
        return cls(
            {study_id: claim.path for study_id, claim in sorted(paths.items())},
            tuple(sorted(others["no mask"])),
            tuple(sorted(others["stray"])),
        )


def ids_in(root: DatasetPath) -> list[str]:
    """Name the studies that the masks of a folder are called after, where no dataset says it.

    A mask of the brain or of a part, beside that of the tumour, is none of another study.

    Raises:
        NotFoundError: There is no such folder.
        InvalidInputError: It cannot be listed.
    """
    if not root.is_dir():
        raise NotFoundError(f"no folder of masks {root}")
    try:
        files = list(_files(root))
    except OSError as error:
        raise InvalidInputError(f"{root}: cannot be listed: {error.strerror}") from error
    found = {name: file for file in files if (name := _id_in(file))}
    return sorted(name for name, file in found.items() if not _is_beside(file, found))


def _is_beside(file: _File, study_ids: Collection[str]) -> bool:
    """Return whether a file lies beside a study's mask and is of something else, such as the brain."""
    others = frozenset({*study_ids, file.folder} - {_id_in(file)})
    owner = _owner(file.stem, others)
    return bool(owner or file.folder in study_ids) and is_of_something_else(file.stem[len(owner) :])


def listed(names: Collection[str]) -> str:
    """List a few names, and how many there are."""
    few = ", ".join(sorted(names)[:_LISTED])
    return f"{len(names)} ({few}{', …' if len(names) > _LISTED else ''})"


@dataclass(frozen=True, slots=True)
class _File:
    """A NIfTI file: its name within the folder, its stem, and the folder of a study that it is in."""

    path: DatasetPath
    name: str
    stem: str
    folder: str = ""


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a file is: a mask of a study, an image, no mask, or a stray."""

    path: DatasetPath
    name: str
    kind: str
    study_id: str = ""


def _files(root: DatasetPath) -> Iterator[_File]:
    """List the NIfTI files of a folder and of the folders in it."""
    for entry in _entries(root):
        stem = _stem(entry)
        if not entry.is_dir():
            yield from [_File(entry, entry.name, stem)] if stem else []
        elif stem:
            yield _File(_inner(entry), entry.name, stem)
        else:
            for inner in _entries(entry):
                if stem := _stem(inner):
                    name = f"{entry.name}/{inner.name}"
                    path = _inner(inner) if inner.is_dir() else inner
                    yield _File(path, name, stem, study_id_of(entry.name))


def _entries(folder: DatasetPath) -> list[DatasetPath]:
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))


def _stem(path: DatasetPath) -> str:
    found = _SUFFIX.fullmatch(path.name)
    return study_id_of(found["stem"]) if found else ""


def _inner(folder: DatasetPath) -> DatasetPath:
    """Return the image in a folder that is named like one; the folder itself where it is ambiguous."""
    try:
        return image_at(folder)
    except FaultError:  # reported when the study is read
        return folder


def _by_name(root: DatasetPath, study_ids: frozenset[str]) -> Iterator[_Claim]:
    tails = _tails(study_ids)
    for file in _files(root):
        owner = _owner(file.stem, study_ids) or tails.get(file.stem, "")
        rest = file.stem[len(owner) :] if file.stem.startswith(owner) else ""
        if not owner and file.folder in study_ids and _BARE.fullmatch(file.stem):
            owner, rest = file.folder, ""
        yield _Claim(file.path, file.name, _kind(owner, rest), owner)


def _owner(stem: str, study_ids: frozenset[str]) -> str:
    """Return the longest id that a name is or begins with; empty where there is none."""
    ends = [len(stem), *(found.start() for found in reversed([*_SEPARATOR.finditer(stem)]))]
    return next((stem[:end] for end in ends if stem[:end] in study_ids), "")


def _tails(study_ids: frozenset[str]) -> dict[str, str]:
    """Return ids by the numbers that BraTS submissions are named after, where these are unique."""
    owners: dict[str, list[str]] = defaultdict(list)
    for study_id in study_ids:
        if found := _OF_BRATS.fullmatch(study_id):
            owners[found["tail"]].append(study_id)
    return {tail: ids[0] for tail, ids in owners.items() if len(ids) == 1}


def _kind(owner: str, rest: str) -> str:
    if owner and (not rest or _OF_MASK.fullmatch(rest)):
        return "mask"
    if owner and _NO_MASK.search(rest):
        return "no mask"
    return "image" if owner and _IMAGE.fullmatch(rest) else "stray"


def _id_in(file: _File) -> str:
    if _BARE.fullmatch(file.stem):
        return file.folder
    for at in (found.start() for found in _SEPARATOR.finditer(file.stem)):
        if _OF_MASK.fullmatch(file.stem[at:]):
            return file.stem[:at]
        if _IMAGE.fullmatch(file.stem[at:]) or _NO_MASK.search(file.stem[at:]):
            return ""
    return file.stem


def _by_pattern(
    root: DatasetPath, study_ids: frozenset[str] | None, pattern: str
) -> Iterator[_Claim]:
    path = PurePosixPath(pattern)
    before, *after = (re.escape(study_id_of(part)) for part in str(path).split(STUDY_ID))
    wrong = not after or "{" in pattern.replace(STUDY_ID, "") or not _SUFFIX.fullmatch(path.name)
    if wrong or path.is_absolute() or ".." in path.parts or "\\" in pattern or "\0" in pattern:
        raise InvalidInputError(
            f"pattern {shown(pattern)}: wanted a path within the folder of masks that ends in .nii or "
            f".nii.gz and names the study, such as {STUDY_ID}_out.nii.gz"
        )
    named = re.compile(f"{before}(?P<id>[^/]+){'(?P=id)'.join(after)}", re.DOTALL)
    for name, file in _at_depth(root, len(path.parts) - 1):
        found = named.fullmatch(name)
        if found and (study_ids is None or found["id"] in study_ids):
            yield _Claim(file, name, "mask", found["id"])
        else:
            yield _Claim(file, name, "stray")


def _at_depth(
    folder: DatasetPath, levels: int, above: str = ""
) -> Iterator[tuple[str, DatasetPath]]:
    """List the NIfTI files so many folders deep, with their names within the first folder."""
    for entry in _entries(folder):
        name = f"{above}{study_id_of(entry.name)}"
        if levels and entry.is_dir():
            yield from _at_depth(entry, levels - 1, f"{name}/")
        elif not levels and _stem(entry):
            yield name, _inner(entry) if entry.is_dir() else entry
