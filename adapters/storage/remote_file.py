"""A file in a store, read range by range."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

RANGE_BYTES = 4 * 2**20
"""Of one request: some thousand rows of a table, or the whole of most files."""


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
