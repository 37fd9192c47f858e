"""Files in an object store, or in whatever else fsspec reaches."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, final
from uuid import uuid4

from gliobench.adapters.storage.faults import with_retries
from gliobench.adapters.storage.filesystems import RemoteFolder
from gliobench.adapters.storage.versions import version_of
from gliobench.application.ports.storage import Storage
from gliobench.domain.errors import InvalidInputError, NotFoundError, StoreError

T = TypeVar("T")
if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
RANGE_BYTES = 4 * 2**20
"""Of one request: some thousand rows of a table, or the whole of most files."""


@final
class RemoteStorage(Storage):
    """Keeps files under a URL; what may pass is tried again, with longer and longer pauses.

    What `writing` writes lies on this machine until it is whole.

    Args:
        folder: Where.
        patience_s: For so long a request is tried again.
    """

    def __init__(self, folder: RemoteFolder, *, patience_s: float) -> None:
        self._folder = folder
        self._patience_s = patience_s

    @property
    def url(self) -> str:
        """Name the place."""
        return self._folder.url

    def read(self, name: str) -> bytes:
        """Read a file, by one request."""
        content: bytes = self._try(
            lambda files: files.cat_file(self._folder.path(name)), name, "read"
        )
        return content

    def write(self, name: str, content: bytes) -> str:
        """Write a file."""
        return self._put(name, lambda files, path: files.pipe_file(path, content))

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        """Open a file, of which only what is looked at is read."""
        size, version = self._facts(name)
        file = io.BufferedReader(
            RemoteFile(size, lambda start, stop: self._range(name, start, stop)), RANGE_BYTES
        )
        with file:
            try:
                yield file
            except Exception:
                self._check(name, version)
                raise
        self._check(name, version)

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """Open a file on this machine, and put it into its place at the end."""
        try:
            with tempfile.TemporaryDirectory(prefix="gliobench-") as folder:
                copy = Path(folder) / "copy"
                with copy.open("xb") as file:
                    yield file
                self._put(name, lambda files, path: files.put_file(str(copy), path))
        except OSError as error:
            raise StoreError(
                f"{self._folder.place(name)} cannot be written: its copy on this machine: "
                f"{error.strerror or error}: make room, or set TMPDIR"
            ) from error

    def names(self, folder: str = "") -> list[str]:
        """Name what lies in a folder, but for hidden files."""
        try:
            infos = self._try(
                lambda files: files.ls(self._folder.path(folder), detail=True), folder, "listed"
            )
        except NotFoundError:
            return []
        found = {_name(info) for info in infos if info["name"] != self._folder.path(folder)}
        return sorted(name for name in found if name[:1] not in {"", ".", "/"})

    def exists(self, name: str) -> bool:
        """Check whether there is such a file."""
        path = self._folder.path(name)
        try:
            info = self._try(lambda files: files.info(path), name, "looked for")
        except NotFoundError:
            return False
        return bool(info["type"] == "file")

    def _facts(self, name: str) -> tuple[int, str]:
        path = self._folder.path(name)
        info = self._try(lambda files: files.info(path), name, "read")
        return int(info["size"] or 0), version_of(info)

    def _range(self, name: str, start: int, stop: int) -> bytes:
        path = self._folder.path(name)
        content: bytes = self._try(
            lambda files: files.cat_file(path, start=start, end=stop), name, "read"
        )
        return content

    def _check(self, name: str, version: str) -> None:
        """Refuse what was put together of an old file and a new one."""
        if self._facts(name)[1] != version:
            place = self._folder.place(name)
            raise StoreError(f"{place} was replaced while it was read: try again")

    def _put(self, name: str, put: Callable[[Any, str], object]) -> str:
        if self._folder.read_only:
            raise InvalidInputError(
                f"{self._folder.place(name)} cannot be written: {self._folder.protocol}:// is only "
                "read: choose a folder or an object store"
            )
        path = self._folder.path(name)
        within, _, last = path.rpartition("/")

        def write(files: Any) -> None:  # noqa: ANN401 -- fsspec is untyped
            if self._folder.puts_whole:
                put(files, path)
                return
            unfinished = f"{within}/.{last[:100]}.{uuid4().hex}.tmp"
            files.makedirs(within, exist_ok=True)
            put(files, unfinished)
            files.mv(unfinished, path)

        try:
            self._try(write, name, "written")
        except NotFoundError as error:
            raise StoreError(
                f"{self._folder.place(name)} cannot be written: there is no such bucket"
            ) from error
        return self._folder.place(name)

    def _try(self, action: Callable[[Any], T], name: str, doing: str) -> T:
        return with_retries(
            lambda: action(self._folder.files),
            store=self.url,
            place=self._folder.place(name),
            doing=doing,
            patience_s=self._patience_s,
        )


def _name(info: dict[str, Any]) -> str:
    name: str = info["name"].rstrip("/").rpartition("/")[-1]
    return name + "/" if info["type"] == "directory" else name


@final
class RemoteFile(io.RawIOBase):
    """Reads what is looked at and no more; nothing lies on this machine.

    Args:
        size: Bytes of the file.
        read_range: Gives the bytes from the first index up to the second.
    """

    def __init__(self, size: int, read_range: Callable[[int, int], bytes]) -> None:
        super().__init__()
        self._size = size
        self._read_range = read_range
        self._at = 0

    def readable(self) -> bool:
        """Return True: it can be read."""
        return True

    def seekable(self) -> bool:
        """Return True: any position can be read."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a place, from the start, from here or from the end."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readall(self) -> bytes:
        """Read what is left; Python's own way would be a request for every 8 KiB."""
        return b"".join(iter(lambda: self.read(RANGE_BYTES) or b"", b""))

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read by one request as much as the buffer holds."""
        view = memoryview(buffer).cast("B")
        stop = min(self._at + len(view), self._size)
        if stop <= self._at:
            return 0
        content = self._read_range(self._at, stop)
        view[: len(content)] = content
        self._at += len(content)
        return len(content)
