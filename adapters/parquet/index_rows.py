"""The rows of an index as a table, for any tool that reads Parquet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict

import pyarrow as pa

from gliobench.adapters.parquet.tables import Row
from gliobench.application.ports.dataset_path import FileVersion
from gliobench.application.ports.study_index import IndexedFile, IndexedStudy
from gliobench.domain.studies.faults import FaultKind
from gliobench.domain.studies.study import Grade
from gliobench.domain.studies.subjects import Subject

_TEXT = pa.string()
_FILE = pa.struct(
    [
        ("path", _TEXT),
        ("role", _TEXT),
        ("size", pa.int64()),
        ("mark", _TEXT),
        ("is_checksum", pa.bool_()),
        ("channel", _TEXT),
    ]
)
FLAGS = ("is_named_by_folder", "has_misnamed_mask", "has_odd_name", "is_two_valued")
SCHEMA = pa.schema(
    [
        *((name, _TEXT) for name in ("study_id", "patient_id", "grade", "site", "folder")),
        ("patient", _TEXT),
        ("mask_name", _TEXT),
        ("files", pa.list_(_FILE)),
        *((name, pa.list_(_TEXT)) for name in ("flags", "twins", "notes")),
    ]
)
"""Few columns: each takes memory for every group of rows, whichever groups are read."""
_ESCAPED = re.compile(rb"\\(\\|x[0-9a-f]{2})")


def index_table(studies: Sequence[IndexedStudy]) -> pa.Table:
    """Lay studies out, sorted as given."""
    return pa.Table.from_pylist([_row(study) for study in studies], schema=SCHEMA)


def indexed_study(row: Row) -> IndexedStudy:
    """Read a study back.

    Raises:
        LookupError, ValueError, TypeError: It is no row of `index_table`.
    """
    patient_id, grade = row["patient_id"], row["grade"]
    return IndexedStudy(
        study_id=row["study_id"],
        folder=_path(row["folder"]),
        files=tuple(map(_file, row["files"])),
        patient=row["patient"],
        subject=None
        if patient_id is None
        else Subject(patient_id, Grade(grade) if grade else None, row["site"]),
        twins=tuple(map(_path, row["twins"])),
        mask_name=row["mask_name"],
        notes=tuple(map(_note, row["notes"])),
        **{flag: flag in row["flags"] for flag in FLAGS},
    )


def _row(study: IndexedStudy) -> Row:
    subject = study.subject
    return {
        "study_id": study.study_id,
        "patient_id": subject.patient_id if subject else None,
        "grade": subject.grade.value if subject and subject.grade else None,
        "site": subject.site if subject else None,
        "folder": _text(study.folder),
        "patient": study.patient,
        "mask_name": study.mask_name,
        "files": [_file_row(file) for file in study.files],
        "flags": [flag for flag in FLAGS if getattr(study, flag)],
        "twins": [_text(twin) for twin in study.twins],
        "notes": [f"{kind.value}: {detail}" for kind, detail in study.notes],
    }


def _file_row(file: IndexedFile) -> Row:
    channel = "{}/{}".format(*file.channel) if file.channel else None
    return {"path": _text(file.path), "role": file.role, **asdict(file.version), "channel": channel}


def _file(row: Row) -> IndexedFile:
    version = FileVersion(int(row["size"]), str(row["mark"]), bool(row["is_checksum"]))
    return IndexedFile(_path(row["path"]), row["role"], version, _channel(row["channel"]))


def _channel(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    at, of = map(int, text.split("/"))
    if not 0 <= at < of:
        raise ValueError(f"channel {text}")
    return at, of


def _note(text: str) -> tuple[FaultKind, str]:
    kind, _, detail = text.partition(": ")
    return FaultKind(kind), detail


def _text(path: str) -> str:
    """Write a path, whose names need not be UTF-8, as text: other bytes are escaped."""
    return (
        path.replace("\\", "\\\\")
        .encode("utf-8", "surrogateescape")
        .decode("utf-8", "backslashreplace")
    )


def _path(text: str) -> str:
    def byte(found: re.Match[bytes]) -> bytes:
        return b"\\" if found[1] == b"\\" else bytes.fromhex(found[1][1:].decode())

    return _ESCAPED.sub(byte, text.encode()).decode("utf-8", "surrogateescape")
