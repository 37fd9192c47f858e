"""Datasets of DICOM files: how they are recognised, and what they are read with."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from gliobench.application.datasets.dicom_series import DicomContent
from gliobench.application.datasets.read_table import read_table
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import InvalidInputError, JobError
from gliobench.domain.files.tables import column_key
from gliobench.domain.messages import shown
from gliobench.domain.studies.mask_choice import CHOICE
from gliobench.domain.studies.pseudonyms import Pseudonyms
from gliobench.domain.studies.study import Modality
from gliobench.entrypoints.settings import Settings

T = TypeVar("T")
_NIFTI, _DICOM = (".nii", ".nii.gz"), (".dcm", ".ima", "dicomdir")
_NO_IMAGES = (".csv", ".tsv", ".json", ".txt", ".md", ".png", ".jpg", ".pdf", ".toml", ".yaml")
_LOOKED_AT, _DEEPEST = 500, 16
_ZIP, _MAGIC, _BARE = b"PK\x03\x04", b"DICM", (b"\x08\x00", b"\x02\x00")
NO_MODALITY = "exclude"
"""In place of a modality, for a series that is not used."""


def holds_dicom(place: DatasetPath) -> bool:
    """Return whether a place is a zip, a DICOMDIR or a DICOM file, or a folder of them without NIfTI."""
    if place.is_file():
        return _is_dicom(place) or _start(place)[:4] == _ZIP
    for _, file in zip(range(_LOOKED_AT), _files(place, _DEEPEST), strict=False):
        if file.name.lower().endswith(_NIFTI):
            return False
        if _is_dicom(file):
            return True
    return False


def _files(folder: DatasetPath, deeper: int) -> Iterator[DatasetPath]:
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError:
        return
    folders = []
    for entry in entries:
        if entry.is_dir():
            folders.append(entry)
        elif entry.is_file():
            yield entry
    for entry in folders if deeper else ():
        yield from _files(entry, deeper - 1)


def _is_dicom(file: DatasetPath) -> bool:
    name = file.name.lower()
    if name.endswith(_DICOM):
        return True
    if name.endswith((*_NIFTI, *_NO_IMAGES)):
        return False
    start = _start(file)
    return start[128:132] == _MAGIC or start[:2] in _BARE


def _start(file: DatasetPath) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(132)
    except OSError:
        return b""


def dicom_source(
    place: DatasetPath, *, settings: Settings, build: Callable[..., StudySource]
) -> StudySource:
    """Read DICOM files as the settings say.

    Raises:
        InvalidInputError: The key is too short, or a declaration cannot be read.
        JobError: A key is needed and cannot be made.
        GliobenchError: As the source.
    """
    declared: dict[str, str] = {}
    wanted = set()
    for item in settings.dicom.series:
        given = dict(_declarations(item))
        declared |= given
        wanted |= set(given) if "=" in item else set()
    masks = frozenset(series for series, named in declared.items() if named == CHOICE)
    return build(
        place,
        pseudonyms(settings),
        declared={
            series: None if named == NO_MODALITY else Modality(named)
            for series, named in declared.items()
            if series not in masks
        },
        masks=masks,
        wanted=frozenset(wanted),
        burned_in=settings.dicom.allow_burned_in,
    )


def segmentations(
    place: DatasetPath, *, settings: Settings, build: Callable[..., T], **options: object
) -> T:
    """Read a folder of DICOM segmentations; other options are those of `build`.

    Raises:
        GliobenchError: As `pseudonyms` and `build`.
    """
    return build(place, pseudonyms(settings), **options)


def dicom_content(
    name: str,
    *,
    open_path: Callable[[str], DatasetPath],
    source: Callable[[DatasetPath], StudySource],
) -> DicomContent:
    """List the series of a dataset of DICOM files.

    Raises:
        GliobenchError: As `dicom_source`.
    """
    content: DicomContent = source(open_path(name)).content()  # type: ignore[attr-defined]  # of DICOM
    return content


def _declarations(item: str) -> Iterable[tuple[str, str]]:
    """Read `MODALITY=SERIES`, or the rows of a file; messages do not repeat a UID.

    Yields:
        The series, and the name of a modality, `CHOICE` or `NO_MODALITY`.
    """
    modality, equals, series = item.partition("=")
    if equals:
        if not series.strip():
            raise InvalidInputError("--series: wanted MODALITY=SERIES, exclude=SERIES or a file")
        yield series.strip(), _modality(modality.strip(), "--series")
        return
    columns, rows = read_table(Path(item))
    if not {"series", "modality"} <= set(columns):
        raise InvalidInputError(f"{item}: row 1: wanted columns series and modality")
    for row in rows:
        named, said = row.first(column_key("series")), row.first(column_key("modality"))
        if named and said:
            yield named, _modality(said, row.at)


def _modality(name: str, at: str) -> str:
    if name.lower() in (NO_MODALITY, CHOICE):
        return name.lower()
    try:
        return str(Modality.parse(name).value)
    except InvalidInputError as error:
        known = ", ".join(m.value for m in Modality)
        raise InvalidInputError(
            f"{at}: modality {shown(name)}: wanted one of {known}, {CHOICE} or {NO_MODALITY}"
        ) from error


def pseudonyms(settings: Settings) -> Pseudonyms:
    """Return the pseudonyms by the user's key.

    Raises:
        InvalidInputError: The key is too short, or several machines need a common one.
        JobError: A key cannot be made.
    """
    return Pseudonyms(_key(settings))


def _key(settings: Settings) -> str:
    if settings.dicom.pseudonym_key is not None:
        return settings.dicom.pseudonym_key.get_secret_value()
    if settings.shards is not None or settings.executor == "ray":
        raise InvalidInputError(
            f"DICOM studies on several machines need one key for their pseudonyms: {_ADVICE}"
        )
    return _saved_key()


_ADVICE = "set GLIOBENCH_DICOM__PSEUDONYM_KEY to 16 characters or more, and keep it secret"


def _saved_key() -> str:
    """Return this user's key, made at the first use."""
    try:
        home = os.environ.get("XDG_DATA_HOME")
        folder = (Path(home) if home else Path.home() / ".local" / "share") / "gliobench"
        path = folder / "pseudonym.key"
        if not path.is_file():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_once(path, secrets.token_hex(32))
        return path.read_text(encoding="ascii").strip()
    except (OSError, RuntimeError, ValueError) as error:  # no home, as in containers
        raise JobError(f"the key of pseudonyms cannot be kept: {_ADVICE}") from error


def _write_once(path: Path, text: str) -> None:
    """Write a file for its owner alone; the first of several processes wins."""
    number, name = tempfile.mkstemp(dir=path.parent)  # readable by the owner alone
    try:
        with os.fdopen(number, "w", encoding="ascii") as file:
            file.write(text)
        if not path.exists():
            Path(path).hardlink_to(name)
    except FileExistsError:
        pass
    finally:
        Path(name).unlink()
