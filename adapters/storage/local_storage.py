"""Files in a folder of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, final

from gliobench.adapters.storage.faults import store_error
from gliobench.application.ports.storage import Storage
from gliobench.domain.errors import JobError, NotFoundError
from gliobench.domain.files.whole import sweep, writing_whole

LARGEST_BYTES = 2**29
"""Of a file that is read whole: manifests, parts of predictions and masks are far smaller."""


@final
class LocalStorage(Storage):
    """Keeps files in a folder: each is written under a hidden name and then renamed.

    What a killed process left there under a hidden name is removed before the first writing.

    Args:
        folder: Made when something is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._swept: set[Path] = set()

    @property
    def url(self) -> str:
        """Name the folder."""
        return str(self._folder)

    def read(self, name: str) -> bytes:
        """Read a file."""
        with self.reading(name) as file:
            content = file.read(LARGEST_BYTES + 1)
        if len(content) > LARGEST_BYTES:
            raise JobError(f"{self._folder / name} is larger than {LARGEST_BYTES // 2**20} MiB")
        return content

    def write(self, name: str, content: bytes) -> str:
        """Write a file."""
        with self.writing(name) as file:
            file.write(content)
        return str(self._folder / name)

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        """Open a file to read."""
        path = self._folder / name
        try:
            file = path.open("rb")
        except FileNotFoundError as error:
            raise NotFoundError(f"no file {path}") from error
        except OSError as error:
            raise store_error(error, place=str(path), doing="read") from error
        with file:
            yield file

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """Open a hidden file, which takes its name at the end."""
        path = self._folder / name
        if path.parent not in self._swept:
            self._swept.add(path.parent)
            sweep(path.parent)
        with writing_whole(path) as file:
            yield file

    def names(self, folder: str = "") -> list[str]:
        """Name what lies in a folder, but for hidden files."""
        try:
            with os.scandir(self._folder / folder) as entries:
                return sorted(
                    entry.name + "/" * entry.is_dir()
                    for entry in entries
                    if not entry.name.startswith(".")
                )
        except FileNotFoundError:
            return []
        except OSError as error:
            raise store_error(error, place=str(self._folder / folder), doing="listed") from error

    def exists(self, name: str) -> bool:
        """Check whether there is such a file."""
        return (self._folder / name).is_file()
