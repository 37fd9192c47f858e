"""Where runs are kept."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from gliobench.adapters.parquet import ParquetRunPlace, ParquetRunStore
from gliobench.application.ports.run_place import RunPlace
from gliobench.application.ports.run_store import RunStore
from gliobench.application.ports.storage import Storage


def run_store(url: str, open_storage: Callable[[str], Storage]) -> RunStore:
    """Open the store of one run; raises what `storage` does."""
    return ParquetRunStore(open_storage(url))


def score_table(url: str, open_storage: Callable[[str], Storage]) -> pa.Table:
    """Read the scores of one run; raises what `storage` does, and JobError."""
    return ParquetRunStore(open_storage(url)).score_table()


def run_place(url: str, open_storage: Callable[[str], Storage]) -> RunPlace:
    """Open the place of an evaluation, where runs lie side by side; raises what `storage` does."""
    return ParquetRunPlace(
        open_storage(url), lambda name: open_storage(f"{url.rstrip('/')}/{name}")
    )
