"""A place in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO, final

from gliobench.application.ports.storage import Storage
from gliobench.domain.errors import NotFoundError, StoreError


@final
class FakeStorage(Storage):
    """Keeps files in a dict; `full` makes every write fail as on a full disk."""

    def __init__(self, url: str = "fake://place", *, full: bool = False) -> None:
        self.files: dict[str, bytes] = {}
        self._url, self.full = url, full

    @property
    def url(self) -> str:
        return self._url

    def read(self, name: str) -> bytes:
        if name not in self.files:
            raise NotFoundError(f"no file {self._url}/{name}")
        return self.files[name]

    def write(self, name: str, content: bytes) -> str:
        if self.full:
            raise StoreError(f"{self._url}/{name} cannot be written: no space left on device")
        self.files[name] = bytes(content)
        return f"{self._url}/{name}"

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        yield BytesIO(self.read(name))

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        file = BytesIO()
        yield file
        self.write(name, file.getvalue())

    def names(self, folder: str = "") -> list[str]:
        start = f"{folder}/" if folder else ""
        below = [name.removeprefix(start) for name in self.files if name.startswith(start)]
        return sorted({first + slash for first, slash, _ in (one.partition("/") for one in below)})

    def exists(self, name: str) -> bool:
        return name in self.files
