"""The rows of an index as a table, for any tool that reads Parquet; written in groups sorted by study id."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from hashlib import sha256
from heapq import nsmallest

import pyarrow as pa
import pyarrow.parquet as pq

from gliobench.adapters.parquet.tables import Row, laid_out
from gliobench.application.ports.dataset_path import FileVersion
from gliobench.application.ports.storage import Storage
from gliobench.application.ports.study_index import IndexedFile, IndexedStudy, IndexFacts
from gliobench.domain.evaluation.saved_case import lot
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
ROWS = 8192
"""Of a group: what is read for one study."""
DRAWN = 4096
"""Studies that are known to be drawn first; more are drawn by reading all ids."""
FACTS, DIGEST, LOTS = b"gliobench.index", b"gliobench.listing", b"gliobench.drawn"
"""Of the file's metadata."""
_REPEATED = ["grade", "site", "mask_name", "files.list.element.role"]
"""Columns of few values; a dictionary of the others would be written for nothing."""


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


def write_index(
    storage: Storage, name: str, studies: Iterable[IndexedStudy], facts: IndexFacts
) -> int:
    """Write an index, whole or not at all, `ROWS` studies of it in memory.

    Args:
        storage: Where.
        name: Of the file.
        studies: Sorted by id, each id once.
        facts: Of the dataset.

    Returns:
        The number of studies.

    Raises:
        JobError: The file cannot be written.
    """
    return write_tables(storage, name, laid_out(studies, table=index_table, at_once=ROWS), facts)


def write_tables(storage: Storage, name: str, tables: Iterable[pa.Table], facts: IndexFacts) -> int:
    """Write an index of tables as `index_table` lays them out; arguments as of `write_index`."""
    digest, drawn, count = sha256(), list[str](), 0
    with (
        storage.writing(name) as file,
        pq.ParquetWriter(
            file,
            SCHEMA,
            compression="zstd",
            write_page_checksum=True,
            write_statistics=["study_id"],
            use_dictionary=_REPEATED,
            data_page_size=2**17,
        ) as writer,
    ):
        for table in tables:
            ids = table["study_id"].to_pylist()
            digest.update("\n".join([*([""] if count else []), *ids]).encode())
            drawn = nsmallest(DRAWN, [*drawn, *ids], key=lot)
            count += len(ids)
            writer.write_table(table, row_group_size=len(table))
        labels = None if facts.labels is None else facts.labels.values()
        held = {**asdict(replace(facts, labels=None)), "labels": labels}
        writer.add_key_value_metadata(
            {FACTS: json.dumps(held), DIGEST: digest.hexdigest(), LOTS: json.dumps(drawn)}
        )
    return count
