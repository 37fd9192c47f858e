"""The port of every place that keeps files: a folder, or a prefix of an object store."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol


class Storage(Protocol):
    """Keeps files by name.

    A name is relative to the place, its parts are separated by `/`: `predictions/part-1.parquet`.

    Contract:
        - A file is written whole or not at all: whoever reads meets the old one or the new one,
          and a process killed at any moment leaves no name that `names` gives.
        - What was written is there at once, for every process.
        - Threads may share a Storage; a forked or pickled one works in its new process.
        - What was never written raises NotFoundError. A place that cannot be read or written
          raises StoreError, or another JobError where no file can ever lie there, in one line that
          names it and contains no secret.
    """

    @property
    def url(self) -> str:
        """Name the place for messages and reports; credentials are left out."""
        ...

    def read(self, name: str) -> bytes:
        """Read a file that memory holds."""
        ...

    def write(self, name: str, content: bytes) -> str:
        """Write a file, in the place of an earlier one.

        Returns:
            Where it is, for messages.
        """
        ...

    def reading(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open a file of any size to read and seek in it."""
        ...

    def writing(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open a file of any size to write; it is there at the end of the `with`, without error."""
        ...

    def names(self, folder: str = "") -> list[str]:
        """Name what lies directly in a folder, sorted; a folder's name ends in `/`.

        Returns:
            Names within the folder; none where there is no such folder.
        """
        ...

    def exists(self, name: str) -> bool:
        """Return whether there is such a file."""
        ...
