"""Tables of a run: written and read a few rows at a time, however long they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeAlias, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from gliobench.application.ports.storage import Storage
from gliobench.domain.errors import GliobenchError, JobError

T = TypeVar("T")
Row: TypeAlias = dict[str, Any]

STAMP = b"gliobench.stamp"
UNREADABLE = (
    pa.ArrowException,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
)
"""What is raised of a table that a disk or a person has damaged, or that is another."""


def write_table(
    storage: Storage,
    name: str,
    parts: Iterable[pa.Table],
    *,
    schema: pa.Schema,
    compression: str = "snappy",
    stamp: str = "",
) -> None:
    """Write a table, whole or not at all, one part of it in memory.

    Args:
        storage: Where.
        name: Of the file.
        parts: One after the other; each is a group of rows.
        schema: Theirs.
        compression: Of the columns.
        stamp: Returned by `stamp_of`.

    Raises:
        JobError: The file cannot be written.
    """
    stamped = schema.with_metadata({STAMP: stamp.encode()})
    with (
        storage.writing(name) as file,
        pq.ParquetWriter(
            file, stamped, compression=compression, write_page_checksum=True
        ) as writer,
    ):
        for part in parts:
            writer.write_table(part)


def laid_out(
    items: Iterable[T], *, table: Callable[[list[T]], pa.Table], at_once: int
) -> Iterator[pa.Table]:
    """Lay items out, `at_once` of them a part."""
    left = iter(items)
    while batch := list(islice(left, at_once)):
        yield table(batch)


def of_one_length(
    batches: Iterable[pa.RecordBatch], *, schema: pa.Schema, at_once: int
) -> Iterator[pa.Table]:
    """Put rows together into parts of `at_once`, the last one shorter."""
    held = schema.empty_table()
    for batch in batches:
        held = pa.concat_tables([held, pa.Table.from_batches([batch], schema)])
        while len(held) >= at_once:
            yield held[:at_once]
            held = held[at_once:]
    if len(held):
        yield held


def read_table(
    storage: Storage, name: str, *, item: Callable[[Row], T], at_once: int, holds: str
) -> Iterator[T]:
    """Read a table, `at_once` rows of it in memory.

    Args:
        storage: Where.
        name: Of the file.
        item: Reads a row.
        at_once: Rows.
        holds: What the table is of, for messages.

    Raises:
        NotFoundError: There is no such file.
        JobError: It cannot be read, or is no such table.
    """
    batches = read_batches(
        storage,
        name,
        read=lambda batch: [item(row) for row in batch.to_pylist()],
        at_once=at_once,
        holds=holds,
    )
    for items in batches:
        yield from items


def read_batches(
    storage: Storage,
    name: str,
    *,
    read: Callable[[pa.RecordBatch], T],
    at_once: int,
    holds: str,
    columns: list[str] | None = None,
) -> Iterator[T]:
    """Read a table, a batch of `at_once` rows after the other.

    Args:
        storage: Where.
        name: Of the file.
        read: Reads a batch.
        at_once: Rows.
        holds: What the table is of, for messages.
        columns: The only ones that are read; None for all.

    Raises:
        NotFoundError: There is no such file.
        JobError: It cannot be read, or is no such table.
    """
    try:
        with (
            storage.reading(name) as file,
            # not the whole file beforehand
            pq.ParquetFile(file, page_checksum_verification=True, pre_buffer=False) as table,
        ):
            for batch in table.iter_batches(batch_size=at_once, columns=columns):
                yield read(batch)
    except UNREADABLE as error:
        raise _unreadable(storage, name, holds, error) from error


def stamp_of(storage: Storage, name: str, *, holds: str) -> str | None:
    """Return the stamp of a table; None where it is older than stamps.

    Raises:
        NotFoundError: There is no such file.
        JobError: It cannot be read, or is no such table.
    """
    try:
        with storage.reading(name) as file:
            stamp = (pq.read_schema(file).metadata or {}).get(STAMP)
    except GliobenchError:
        raise
    except UNREADABLE as error:
        raise _unreadable(storage, name, holds, error) from error
    return None if stamp is None else str(stamp.decode())


def _unreadable(storage: Storage, name: str, holds: str, error: Exception) -> JobError:
    reason = " ".join(str(error).split())
    return JobError(
        f"{storage.url}/{name} holds no readable {holds} ({reason}): evaluate the run again"
    )
