"""The rows of pieces of a dataset on disk, until its index is written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import final

import pyarrow.parquet as pq

from gliobench.adapters.parquet.index_rows import SCHEMA, index_table, indexed_study
from gliobench.adapters.parquet.tables import UNREADABLE, laid_out, stamp_of, write_table
from gliobench.application.ports.storage import Storage
from gliobench.application.ports.study_index import IndexedStudy, SavedPieces
from gliobench.domain.errors import GliobenchError, JobError

ROWS = 50
"""Of a group: so many of each piece are in memory when all pieces are joined."""
OLDEST_S = 24 * 3600.0
"""A piece that was listed earlier is listed again."""


@final
class ParquetPieces(SavedPieces):
    """Keeps each piece in a file.

    Args:
        storage: Where.
        now_s: Returns the time, in seconds since 1970.
    """

    def __init__(self, storage: Storage, *, now_s: Callable[[], float] = time.time) -> None:
        self._storage, self._now_s = storage, now_s

    def listed_at(self, piece: str) -> float | None:
        """Return when a piece was listed; one that is damaged was not."""
        try:
            at_s = float(stamp_of(self._storage, _name(piece), holds="piece of an index") or "0")
        except (GliobenchError, ValueError):
            return None
        return at_s if 0 <= self._now_s() - at_s < OLDEST_S else None

    def write(self, piece: str, studies: Sequence[IndexedStudy]) -> None:
        """Keep the rows of a piece."""
        parts = laid_out(studies, table=index_table, at_once=ROWS)
        write_table(
            self._storage, _name(piece), parts, schema=SCHEMA, stamp=str(int(self._now_s()))
        )

    def read(self, piece: str) -> Iterator[IndexedStudy]:
        """Return the rows of a piece; its file is not kept open, for there are many."""
        number, count = 0, 1
        while number < count:
            try:
                with (
                    self._storage.reading(_name(piece)) as file,
                    pq.ParquetFile(file, page_checksum_verification=True) as table,
                ):
                    count = table.num_row_groups
                    rows = table.read_row_group(number).to_pylist() if count else []
                studies = [indexed_study(row) for row in rows]
            except GliobenchError:
                raise
            except UNREADABLE as error:
                raise JobError(
                    f"{self._storage.url}: the rows of a piece cannot be read ({error}): delete the "
                    "folder, and list the dataset again"
                ) from error
            yield from studies
            number += 1


def _name(piece: str) -> str:
    return f"{piece}.parquet"
