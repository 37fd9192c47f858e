"""Runs side by side in a folder or an object store."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

from gliobench.adapters.parquet.run_store import ParquetRunStore
from gliobench.application.ports.run_place import RunPlace
from gliobench.application.ports.run_store import RunStore
from gliobench.application.ports.storage import Storage


@final
class ParquetRunPlace(RunPlace):
    """Keeps each run in a folder under its name.

    Args:
        storage: Of the place.
        open_storage: Opens a folder within it, by its name.
    """

    def __init__(self, storage: Storage, open_storage: Callable[[str], Storage]) -> None:
        self._storage = storage
        self._open_storage = open_storage

    def folders(self, within: str = "") -> list[str]:
        """Name the folders in a folder."""
        return [name[:-1] for name in self._storage.names(within) if name.endswith("/")]

    def store(self, name: str) -> RunStore:
        """Open the store of a run."""
        return ParquetRunStore(self._open_storage(name))
