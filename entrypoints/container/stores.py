"""Where runs are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gliobench.application.ports.run_place import RunPlace
    from gliobench.application.ports.run_store import RunStore
    from gliobench.application.ports.storage import Storage
    from gliobench.entrypoints.settings import Settings


def storage(url: str, settings: Settings) -> Storage:
    """Open a place that keeps files: a folder, or a URL that fsspec knows, e.g. `s3://bucket/run`.

    Raises:
        InvalidInputError: No such kind of store is known, or the URL is malformed.
        MissingExtraError: The library of the store is not installed.
    """
    from gliobench.adapters.storage import open_storage

    return open_storage(url, patience_s=settings.store_patience_s)


def run_store(url: str, open_storage: Callable[[str], Storage]) -> RunStore:
    """Open the store of one run; raises what `storage` does."""
    from gliobench.adapters.parquet import ParquetRunStore

    return ParquetRunStore(open_storage(url))


def run_place(url: str, open_storage: Callable[[str], Storage]) -> RunPlace:
    """Open the place of an evaluation, where runs lie side by side; raises what `storage` does."""
    from gliobench.adapters.parquet import ParquetRunPlace

    return ParquetRunPlace(
        open_storage(url), lambda name: open_storage(f"{url.rstrip('/')}/{name}")
    )
