"""Bounded reading of plain or gzipped files, whose actual size may differ from the declared one.

zlib-ng inflates them in a third of the time that zlib takes, which is a sixth of a prediction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader

from zlib_ng import zlib_ng

from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import NotFoundError
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError

_GZIP_MAGIC = b"\x1f\x8b"
# Small, because the rest of a chunk is copied once per gzip member, and a file of empty members
# has thousands of them in a chunk.
_CHUNK = 64 * 1024


@contextmanager
def opened(path: DatasetPath) -> Iterator[BufferedReader]:
    """Open a file to read its bytes, and name it in all errors.

    Raises:
        NotFoundError: There is no such file.
        FaultyStudyError: It cannot be opened, read or decompressed.
    """
    try:
        if path.is_dir():
            raise FaultyStudyError(FaultKind.UNREADABLE, f"{path}: a folder without an image in it")
        if not path.is_file():  # opening a pipe would block
            raise NotFoundError(f"no file {path}")
        with path.open("rb") as file:
            yield file
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise FaultyStudyError(FaultKind.UNREADABLE, f"{path}: {reason}") from error
    except zlib_ng.error as error:  # type: ignore[misc]  # a class: its stub declares an instance
        raise FaultyStudyError(FaultKind.UNREADABLE, f"{path}: bad gzip: {error}") from error


def read_start(path: DatasetPath, size: int) -> bytes | bytearray:
    """Read the first `size` bytes of a file, decompressed if gzipped.

    Compression is detected by the first bytes, not by the name, because some mirrors have renamed files.

    Returns:
        `size` bytes, or fewer if the file is shorter.

    Raises:
        NotFoundError: There is no such file.
        FaultyStudyError: It cannot be opened, read or decompressed.
    """
    with opened(path) as file:
        content, _ = _read(file, size)
    return content


def read_whole(path: DatasetPath, size: int) -> bytes | bytearray:
    """Read a file of exactly `size` bytes, decompressed if gzipped.

    Raises:
        NotFoundError: There is no such file.
        FaultyStudyError: It cannot be opened, read or decompressed, or has another size.
    """
    with opened(path) as file:
        content, ended_well = _read(file, size + 1)
    if len(content) > size:
        raise FaultyStudyError(
            FaultKind.UNREADABLE, f"{path}: goes on after the {size} bytes that its header declares"
        )
    if len(content) < size or not ended_well:
        raise FaultyStudyError(
            FaultKind.TRUNCATED, f"{path}: truncated: {len(content)} of {size} bytes are there"
        )
    return content


def _read(file: BufferedReader, limit: int) -> tuple[bytes | bytearray, bool]:
    """Return up to `limit` bytes, and whether the last gzip member was complete."""
    if file.peek(2)[:2] != _GZIP_MAGIC:
        return file.read(limit), True
    return _inflated(file, limit)


def _inflated(file: BufferedReader, limit: int) -> tuple[bytearray, bool]:
    content = bytearray()
    member, between_members = _new_member(), False
    while len(content) < limit and (chunk := file.read(_CHUNK)):
        chunk = chunk.lstrip(b"\0") if between_members else chunk
        while chunk and len(content) < limit:
            content += member.decompress(chunk, limit - len(content))
            between_members, chunk = member.eof, member.unused_data
            if member.eof:  # pigz and bgzip write several members; tapes pad with zeros
                member, chunk = _new_member(), chunk.lstrip(b"\0")
    return content, between_members


def _new_member() -> zlib_ng._Decompress:
    return zlib_ng.decompressobj(wbits=zlib_ng.MAX_WBITS | 16)
