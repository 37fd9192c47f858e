"""Files in a folder of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, final
from uuid import uuid4

from gliobench.adapters.fsspec.faults import told
from gliobench.application.ports.storage import Storage
from gliobench.domain.errors import NotFoundError, StoreError


@final
class LocalStorage(Storage):
    """Keeps files in a folder: each is written under a hidden name and then renamed.

    Args:
        folder: Made when something is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def url(self) -> str:
        """Name the folder."""
        return str(self._folder)

    def read(self, name: str) -> bytes:
        """Read a file."""
        with self.reading(name) as file:
            return file.read()

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
            raise told(error, place=str(path), doing="read") from error
        with file:
            yield file

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """Open a hidden file, which takes its name at the end and its content to the disk before."""
        path = self._folder / name
        unfinished = path.with_name(f".{path.name[:100]}.{uuid4().hex}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with unfinished.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except FileNotFoundError as error:
            raise StoreError(f"{path} cannot be written: its folder is gone") from error
        except OSError as error:
            raise told(error, place=str(path), doing="written") from error
        finally:
            with suppress(OSError):
                unfinished.unlink()

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
            raise told(error, place=str(self._folder / folder), doing="listed") from error

    def exists(self, name: str) -> bool:
        """Tell whether there is such a file."""
        return (self._folder / name).is_file()
