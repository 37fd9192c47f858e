"""Copies of remote files on this machine, as many as fit."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import final
from uuid import uuid4

from gliobench.domain.errors import StoreError
from gliobench.domain.files.whole import ABANDONED_AFTER_S, ENDING


@final
@dataclass(frozen=True, slots=True)
class FileCache:
    """Keeps copies in a folder; the least recently used go first.

    Any number of threads and processes may share the folder: a copy appears whole, and one that is
    open can be read to its end though it be deleted. Two that want the same file at the same moment
    may both fetch it, and what is on its way comes on top of the limit.

    Args:
        folder: Made where it is not there; nothing else should be in it.
        limit: Bytes of all copies.
    """

    folder: Path
    limit: int

    def open(self, key: str, *, size: int, fetch: Callable[[Path], None]) -> BufferedReader:
        """Open a copy, fetched where it is not there.

        Args:
            key: Of this very version of the file; letters and digits.
            size: Its bytes.
            fetch: Writes the copy under a name; what it raises is raised.

        Raises:
            StoreError: The copy does not fit, or the folder cannot be written.
        """
        path = self.folder / key
        try:
            file = path.open("rb")
        except OSError:
            return self._fetched(path, size, fetch)
        with suppress(OSError):  # it may have been deleted since
            os.utime(path)
        return file

    def _fetched(self, path: Path, size: int, fetch: Callable[[Path], None]) -> BufferedReader:
        if size > self.limit:
            raise StoreError(
                f"cache {self.folder} holds {self.limit / 2**30:.2f} GiB, a file has "
                f"{size / 2**30:.2f}: set cache_gib"
            )
        unfinished = path.with_name(f"{path.name}.{uuid4().hex}{ENDING}")
        with self._writable():
            self.folder.mkdir(parents=True, exist_ok=True)
            self._make_room(size)
        try:
            fetch(unfinished)
            with self._writable():
                file = unfinished.open("rb")
                unfinished.replace(path)
        finally:
            with suppress(OSError):
                unfinished.unlink()
        return file

    @contextmanager
    def _writable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or error
            raise StoreError(
                f"cache {self.folder} cannot be written: {reason}: set cache_dir"
            ) from error

    def _make_room(self, size: int) -> None:
        copies = sorted(self._copies())
        room = self.limit - sum(one for _, one, _ in copies)
        for _, freed, path in copies:
            if room >= size:
                return
            with suppress(OSError):
                path.unlink()
            room += freed

    def _copies(self) -> Iterator[tuple[float, int, Path]]:
        """Return when each copy was last used, its bytes and its path; forgotten ones are deleted."""
        oldest = time.time() - ABANDONED_AFTER_S
        for path in self.folder.iterdir():
            with suppress(OSError):
                facts = path.stat()
                if path.suffix != ENDING:
                    yield facts.st_mtime, facts.st_size, path
                elif facts.st_mtime < oldest:
                    path.unlink()
