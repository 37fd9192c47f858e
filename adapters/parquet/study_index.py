"""The index of a dataset in one file, sorted by study id; a reader takes the rows that it needs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from heapq import nsmallest
from io import SEEK_END
from itertools import accumulate, pairwise
from threading import Lock
from typing import Any, BinaryIO, final, overload

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from gliobench.adapters.parquet.index_rows import DIGEST, FACTS, LOTS, SCHEMA, indexed_study
from gliobench.adapters.parquet.tables import UNREADABLE
from gliobench.application.ports.storage import Storage
from gliobench.application.ports.study_index import IndexedStudy, IndexFacts, StudyIndex
from gliobench.application.ports.study_source import Listing
from gliobench.domain.errors import GliobenchError, InvalidInputError, JobError
from gliobench.domain.evaluation.saved_case import lot
from gliobench.domain.files.documents import read_document

MOST_ROWS, MOST_BYTES = 2**16, 2**28
"""Of a group that is read."""
MOST_FOOTER_BYTES = 2**25
"""Which take a dozen times as much memory; ten million studies have some MiB."""
GROUPS_AT_ONCE = 2
_FORM, _IDS = TypeAdapter(IndexFacts), TypeAdapter(list[str])
_AGAIN = "list the dataset again by gliobench dataset index"


@final
class ParquetStudyIndex(StudyIndex):
    """Reads an index.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: It is no index.
        JobError: It cannot be read.
    """

    def __init__(self, storage: Storage, name: str) -> None:
        self._storage, self._name = storage, name
        with self._reading() as file:
            self._footer = pq.read_metadata(_with_small_footer(file, self.place))
            self._is_index()
            held = self._footer.metadata
            self._facts = read_document(_FORM.validate_json, held[FACTS], name=self.place)
            self._drawn = read_document(_IDS.validate_json, held[LOTS], name=self.place)
            self._digest = held[DIGEST].decode()
            groups = [self._footer.row_group(at) for at in range(self._footer.num_row_groups)]
            self._check_sizes(groups)
            bounds = [group.column(0).statistics for group in groups]
            self._first, self._last = [item.min for item in bounds], [item.max for item in bounds]
            self._starts = [0, *accumulate(group.num_rows for group in groups)]
            if any(last >= first for last, first in zip(self._last, self._first[1:], strict=False)):
                raise InvalidInputError(self._unsorted)
        self._lock = Lock()
        self._group = lru_cache(GROUPS_AT_ONCE)(self._read_group)

    @property
    def place(self) -> str:
        """Name the file."""
        return f"{self._storage.url}/{self._name}"

    @property
    def facts(self) -> IndexFacts:
        """Return what it says of the dataset."""
        return self._facts

    def study_ids(self) -> IndexedIds:
        """Name every study."""
        return IndexedIds(self, digest=self._digest, drawn=self._drawn)

    def study(self, study_id: str) -> IndexedStudy | None:
        """Return a study as it was listed; None where there is none."""
        number = bisect_right(self._first, study_id) - 1
        if number < 0:
            return None
        table, rows = self._group(number)
        at = rows.get(study_id)
        return None if at is None else self._study(table, at, self._starts[number] + at)

    def studies(self) -> Iterator[IndexedStudy]:
        """Return all studies by id."""
        for number, start in enumerate(self._starts[:-1]):
            table, _ = self._read_group(number)
            yield from (self._study(table, at, start + at) for at in range(len(table)))

    def count(self) -> int:
        """Count the studies."""
        return int(self._starts[-1])

    def ids_between(self, start: int, stop: int) -> Iterator[str]:
        """Return the ids of a stretch of studies, those of a group in memory at a time."""
        first = bisect_right(self._starts, start) - 1
        for number in range(first, len(self._starts) - 1):
            begin = self._starts[number]
            if begin >= stop:
                break
            ids = self._sorted(self._rows_of(number, ["study_id"]), number)
            yield from ids[max(0, start - begin) : stop - begin]

    def _study(self, table: pa.Table, at: int, number: int) -> IndexedStudy:
        try:
            return indexed_study(table.slice(at, 1).to_pylist()[0])
        except UNREADABLE as error:
            raise JobError(f"{self.place}: study {number}: {error}: {_AGAIN}") from error

    def _read_group(self, number: int) -> tuple[pa.Table, dict[str, int]]:
        table = self._rows_of(number, None)
        ids = self._sorted(table, number)
        return table, {study_id: at for at, study_id in enumerate(ids)}

    def _rows_of(self, number: int, columns: list[str] | None) -> pa.Table:
        with (
            self._lock,
            _frugally(),
            self._reading() as file,
            pq.ParquetFile(
                file,
                metadata=self._footer,
                page_checksum_verification=True,
                pre_buffer=False,
                buffer_size=2**16,
            ) as table,
        ):
            batches = table.iter_batches(
                1024, row_groups=[number], columns=columns, use_threads=False
            )
            return pa.Table.from_batches(list(batches))

    def _sorted(self, table: pa.Table, number: int) -> list[str]:
        ids: list[str] = table["study_id"].to_pylist()
        bounds = self._first[number], self._last[number]
        if None in ids or (ids[0], ids[-1]) != bounds or not _increase(ids):
            raise JobError(self._unsorted)
        return ids

    def _is_index(self) -> None:
        held = self._footer.metadata or {}
        if not {FACTS, DIGEST, LOTS} <= held.keys():
            raise InvalidInputError(
                f"{self.place} is no index of a dataset: wanted a file of gliobench dataset index"
            )
        if not self._footer.schema.to_arrow_schema().equals(SCHEMA):
            raise InvalidInputError(f"{self.place} has not the columns of an index: {_AGAIN}")

    def _check_sizes(self, groups: Sequence[Any]) -> None:
        sizes = [group.num_rows for group in groups]
        if not groups or any(
            not 0 < group.num_rows <= MOST_ROWS or group.total_byte_size > MOST_BYTES
            for group in groups
        ):
            raise InvalidInputError(
                f"{self.place}: groups of up to {max(sizes, default=0)} studies: wanted 1 to "
                f"{MOST_ROWS}: {_AGAIN}"
            )

    @property
    def _unsorted(self) -> str:
        return f"{self.place}: its study ids are not sorted: {_AGAIN}"

    @contextmanager
    def _reading(self) -> Iterator[BinaryIO]:
        try:
            with self._storage.reading(self._name) as file:
                yield file
        except GliobenchError:
            raise
        except UNREADABLE as error:
            reason = " ".join(str(error).split())
            raise JobError(f"{self.place} is no readable index ({reason}): {_AGAIN}") from error


@final
class IndexedIds(Sequence[str], Listing):
    """The ids of an index, in order.

    Args:
        index: Theirs.
        digest: As `listing_hash` of them all.
        drawn: Those that are drawn first.
    """

    def __init__(self, index: ParquetStudyIndex, *, digest: str, drawn: list[str]) -> None:
        self._index, self._digest, self._drawn = index, digest, drawn

    @property
    def digest(self) -> str:
        """Return the hash of all ids."""
        return self._digest

    def drawn(self, count: int) -> list[str]:
        """Choose studies by lot; more than are known by reading all ids."""
        if count <= len(self._drawn) or len(self._drawn) == len(self):
            return self._drawn[:count]
        return nsmallest(count, self, key=lot)

    def __len__(self) -> int:
        return self._index.count()

    def __iter__(self) -> Iterator[str]:
        return self._index.ids_between(0, len(self))

    def __contains__(self, study_id: object) -> bool:
        return isinstance(study_id, str) and self._index.study(study_id) is not None

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        places = range(len(self))[at]
        if isinstance(places, int):
            return next(self._index.ids_between(places, places + 1))
        found = list(self._index.ids_between(min(places), max(places) + 1)) if places else []
        return found[:: places.step]


@contextmanager
def _frugally() -> Iterator[None]:
    """Take memory from the system: Arrow's own pools keep tens of MiB of what a small group took."""
    before = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(before)


def _with_small_footer(file: BinaryIO, place: str) -> BinaryIO:
    file.seek(-8, SEEK_END)  # its length, and the mark of a Parquet file
    size = int.from_bytes(file.read(4), "little")
    if size > MOST_FOOTER_BYTES:
        raise InvalidInputError(
            f"{place} is no readable index (a footer of {size} bytes, wanted at most "
            f"{MOST_FOOTER_BYTES}): {_AGAIN}"
        )
    file.seek(0)
    return file


def _increase(ids: Sequence[str]) -> bool:
    return all(one < other for one, other in pairwise(ids))
