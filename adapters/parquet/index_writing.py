"""Writes the index of a dataset: groups of rows sorted by study id, and what is said of them all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from hashlib import sha256
from heapq import nsmallest

import pyarrow as pa
import pyarrow.parquet as pq

from gliobench.adapters.parquet.index_rows import SCHEMA, index_table
from gliobench.adapters.parquet.tables import laid_out
from gliobench.application.ports.storage import Storage
from gliobench.application.ports.study_index import IndexedStudy, IndexFacts
from gliobench.domain.evaluation.saved_case import lot

ROWS = 8192
"""Of a group: what is read for one study."""
DRAWN = 4096
"""Studies that are known to be drawn first; more are drawn by reading all ids."""
FACTS, DIGEST, LOTS = b"gliobench.index", b"gliobench.listing", b"gliobench.drawn"
"""Of the file's metadata."""
_REPEATED = ["grade", "site", "mask_name", "files.list.element.role"]
"""Columns of few values; a dictionary of the others would be written for nothing."""


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
