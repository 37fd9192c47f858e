"""The folders of a BIDS dataset: subjects, sessions, `anat`, derivatives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from gliobench.adapters.nifti.bids.bids_names import SESSION, SUBJECT, BidsFile, Visit
from gliobench.adapters.nifti.documents import read_json
from gliobench.adapters.nifti.image_names import is_shown, nifti_stem
from gliobench.application.ports.dataset_path import DatasetPath

ANAT = "anat"
DERIVATIVES = "derivatives"
DESCRIPTION = "dataset_description.json"
_OF_SUBJECT = re.compile(r"sub-(?P<label>.+)", re.DOTALL)
_OF_SESSION = re.compile(r"ses-(?P<label>.+)", re.DOTALL)
_PATTERNS = {SUBJECT: _OF_SUBJECT, SESSION: _OF_SESSION}
_LOOKED_AT = 20
"""Subjects whose folders decide whether a folder is a BIDS dataset."""


def home_of(folder: DatasetPath) -> tuple[DatasetPath, dict[str, str]]:
    """Return the dataset that a folder is or belongs to, and which subject and session are meant."""
    scope: dict[str, str] = {}
    if folder.name == ANAT and folder.parent.name.startswith((f"{SUBJECT}-", f"{SESSION}-")):
        folder = folder.parent
    session = _OF_SESSION.fullmatch(folder.name)
    if session and _OF_SUBJECT.fullmatch(folder.parent.name):
        scope[SESSION], folder = session["label"], folder.parent
    if subject := _OF_SUBJECT.fullmatch(folder.name):
        scope[SUBJECT], folder = subject["label"], folder.parent
    return folder, scope


def holds_bids(folder: DatasetPath) -> bool:
    """Return whether a folder is a BIDS dataset, or one subject, session or `anat` of it.

    That is one with a dataset_description.json and subjects, with a folder `anat` of a subject, or with
    images that bear BIDS's names.
    """
    home, scope = home_of(folder)
    described = (home / DESCRIPTION).is_file()
    for number, (place, above) in enumerate(_places(home, scope)):
        if number > 4 * _LOOKED_AT:
            break
        is_of_subject = bool(above)
        if is_of_subject and (described or (place.name == ANAT and place.is_dir())):
            return True
        if any(_has_bids_name(file) for file in _files(place, above)):
            return True
    return False


def find_files(home: DatasetPath, scope: Mapping[str, str]) -> tuple[list[BidsFile], list[Visit]]:
    """List the NIfTI files of a dataset, and its visits: those of files and of folders `anat`.

    Args:
        home: The dataset, or a folder of derivatives.
        scope: Subject and session that are meant; empty for all.
    """
    files: list[BidsFile] = []
    visits: dict[Visit, None] = {}
    for place, above in _places(home, scope):
        found = [*_files(place, above)]
        files += found
        visits |= {file.visit: None for file in found if file.visit and file.modality}
        if place.name == ANAT and above and place.is_dir():
            visits[Visit(above[SUBJECT], above.get(SESSION, ""))] = None
    known = {visit.subject for visit in visits}
    for subject, _ in _labelled(home, SUBJECT, scope):
        visits |= {} if subject in known else {Visit(subject, scope.get(SESSION, "")): None}
    return files, [*visits]


def pipelines(home: DatasetPath) -> list[DatasetPath]:
    """List the folders of derivatives of a dataset, or beside it where it is one itself."""
    if home.parent.name == DERIVATIVES:
        return [found for found in _folders(home.parent) if found != home]
    above = home / DERIVATIVES
    return [above, *(found for found in _folders(above) if not _OF_SUBJECT.fullmatch(found.name))]


def programs_of(home: DatasetPath) -> str:
    """Return the names of the programs of a folder of derivatives, in words.

    Raises:
        InvalidInputError: Its dataset_description.json cannot be read.
    """
    path = home / DESCRIPTION
    made = read_json(path, _Description).GeneratedBy if path.is_file() else None
    names = (
        [item.get("Name") for item in made if isinstance(item, dict)]
        if isinstance(made, list)
        else []
    )
    folder = [home.name] if home.parent.name == DERIVATIVES else []
    return " ".join([*folder, *(name for name in names if isinstance(name, str))])


class _Description(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    GeneratedBy: Any = None


def _places(
    home: DatasetPath, scope: Mapping[str, str]
) -> Iterator[tuple[DatasetPath, dict[str, str]]]:
    """Yield the folders that images may lie in, with the subject and session that they are of."""
    if not scope:
        yield home, {}
    for subject, folder in _labelled(home, SUBJECT, scope):
        above = {SUBJECT: subject}
        if SESSION not in scope:
            yield from ((place, above) for place in (folder, folder / ANAT))
        for session, inner in _labelled(folder, SESSION, scope):
            of_session = {**above, SESSION: session}
            yield from ((place, of_session) for place in (inner, inner / ANAT))


def _labelled(
    folder: DatasetPath, key: str, scope: Mapping[str, str]
) -> Iterable[tuple[str, DatasetPath]]:
    """Yield the folders of subjects or sessions in a folder; the one that is meant need not be listed."""
    if key in scope:
        return [(scope[key], folder / f"{key}-{scope[key]}")]
    names = [(_PATTERNS[key].fullmatch(inner.name), inner) for inner in _folders(folder)]
    return [(name["label"], inner) for name, inner in names if name]


def _folders(folder: DatasetPath) -> list[DatasetPath]:
    if not folder.is_dir():
        return []
    return sorted(entry for entry in folder.iterdir() if is_shown(entry) and entry.is_dir())


def _files(folder: DatasetPath, above: Mapping[str, str]) -> Iterator[BidsFile]:
    if folder.is_dir():
        for entry in sorted(entry for entry in folder.iterdir() if is_shown(entry)):
            if stem := nifti_stem(entry):
                yield BidsFile.of(entry, stem, above)


def _has_bids_name(file: BidsFile) -> bool:
    """Return whether a file has a name that BIDS alone gives: `sub-01_T1w`, no `sub-01_t1`."""
    return SUBJECT in file.entities and file.suffix in ("T1w", "T2w", "FLAIR")
