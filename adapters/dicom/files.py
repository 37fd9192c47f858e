"""Files that may be DICOM, in a folder or in a zip; nothing is unpacked to the disk.

Names of files and folders below the given place may name patients: no message holds them.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from io import SEEK_END, BytesIO
from typing import IO

from gliobench.application.ports.dataset_path import DatasetPath, checksum_of
from gliobench.domain.errors import InvalidInputError, NotFoundError

LARGEST_FILE = 2**29
"""Bytes: four times a volume of 512 x 512 x 1024 voxels would not fit."""
_DEEPEST, _MOST_FILES = 16, 1_000_000
_LARGEST_ARCHIVE, _MOST_PACKED = 2**38, 400
"""Bytes of an archive's content, and how many times larger it may be than the archive."""
_MAGIC, _MAGIC_AT, _DEFLATED = b"DICM", 128, b"1.2.840.10008.1.2.1.99"
_BARE = (b"\x08\x00", b"\x02\x00")
"""Beginnings of files without a preamble."""


@dataclass(frozen=True, slots=True)
class DicomFile:
    """A file on a disk, in a store or in a zip.

    Args:
        place: The file itself, or the zip.
        folder: What it lies in, to be compared only.
        member: Its entry in the zip; None for a file.
        archive: The open zip; None for a file.
    """

    place: DatasetPath
    folder: str
    member: zipfile.ZipInfo | None = None
    archive: zipfile.ZipFile | None = field(default=None, compare=False, repr=False)

    @property
    def checksum(self) -> str | None:
        """What stands for the content unread; None where it must be read."""
        return None if self.member else checksum_of(self.place)

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Open the file to read its bytes; never more than `LARGEST_FILE` and what there is.

        Raises:
            InvalidInputError: It cannot be opened, is too large, or damaged; the message has no name.
        """
        try:
            with self._open() as file:
                yield _Bounded(file, self._size(file))  # type: ignore[misc]  # what pydicom uses of a file
        except (OSError, RuntimeError, NotImplementedError) as error:
            reason = getattr(error, "strerror", None) or "damaged, or encrypted"
            raise InvalidInputError(f"a file that cannot be read: {reason}") from error
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
            if isinstance(error, InvalidInputError):
                raise
            raise InvalidInputError("a file that is damaged in its archive") from error

    def _open(self) -> IO[bytes]:
        if self.archive is not None and self.member is not None:
            return self.archive.open(self.member)
        return self.place.open("rb")

    def _size(self, file: IO[bytes]) -> int:
        size = self.member.file_size if self.member else file.seek(0, SEEK_END)
        file.seek(0)
        if size > LARGEST_FILE:
            raise InvalidInputError(f"a file of more than {LARGEST_FILE} bytes")
        return size


class _Bounded:
    """Reads no more than there is, however much is asked for: lengths in files may be invented."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._size = file, size

    def read(self, size: int = -1) -> bytes:
        left = max(self._size - self._file.tell(), 0)
        return self._file.read(left if size < 0 else min(size, left))

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == 0 and offset > self._size:
            offset = self._size
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        """Leave closing to the owner of the file."""


def looks_like_dicom(start: bytes) -> bool:
    """Return whether a file begins as DICOM does, with a preamble or without."""
    return start[_MAGIC_AT : _MAGIC_AT + 4] == _MAGIC or start[:2] in _BARE


def check_inflated(content: bytes) -> None:
    """Check that a deflated dataset does not inflate beyond all bounds, which pydicom does not.

    Raises:
        InvalidInputError: It does, or it is damaged.
    """
    if _DEFLATED not in content[:2048]:
        return
    start = _MAGIC_AT + 16 + int.from_bytes(content[_MAGIC_AT + 12 : _MAGIC_AT + 16], "little")
    inflated = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        size = len(inflated.decompress(content[start:], LARGEST_FILE + 1))
    except zlib.error as error:
        raise InvalidInputError("a deflated file that is damaged") from error
    if size > LARGEST_FILE:
        raise InvalidInputError(f"a deflated file of more than {LARGEST_FILE} bytes")


def find_files(place: DatasetPath) -> Iterator[DicomFile]:
    """Find the files in a folder or a zip; of a DICOMDIR, those in its folder.

    Links that lead out of the folder or in a circle are not followed. A zip in a folder is not opened.

    Raises:
        NotFoundError: There is no such file or folder.
        InvalidInputError: The folder cannot be listed, or the zip is damaged or inflates without bounds.
    """
    if place.is_dir():
        yield from _in_folder(place)
    elif not place.is_file():
        raise NotFoundError(f"no file or folder {place}")
    elif is_zip(place):
        yield from _in_archive(place)
    elif place.name.upper() == "DICOMDIR":
        yield from _in_folder(place.parent)
    else:
        yield DicomFile(place, str(place.parent))


def is_zip(place: DatasetPath) -> bool:
    """Return whether a file begins as an archive does."""
    try:
        with place.open("rb") as file:
            return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    except OSError:
        return False


def _in_folder(root: DatasetPath) -> Iterator[DicomFile]:
    pending = [(root, 0)]
    count = 0
    while pending:
        folder, depth = pending.pop()
        for entry in _listed(folder, root):
            if entry.is_dir():
                if depth < _DEEPEST and not _is_link(entry):
                    pending.append((entry, depth + 1))
            elif entry.is_file():
                count += 1
                if count > _MOST_FILES:
                    raise InvalidInputError(f"{root}: more than {_MOST_FILES:,} files")
                yield DicomFile(entry, str(folder))


def _listed(folder: DatasetPath, root: DatasetPath) -> list[DatasetPath]:
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        if folder is root:
            raise InvalidInputError(f"{root}: cannot be listed: {error.strerror}") from error
        return []


def _is_link(entry: DatasetPath) -> bool:
    is_symlink = getattr(entry, "is_symlink", None)  # stores have none
    return is_symlink is not None and is_symlink()


class _Archive(zipfile.ZipFile):
    """Closes its file with itself, at the latest when no member is wanted any more."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        super().__init__(file)

    def close(self) -> None:
        super().close()
        self._file.close()


def _in_archive(place: DatasetPath) -> Iterator[DicomFile]:
    try:
        with place.open("rb") as file:
            size = file.seek(0, SEEK_END)
        archive = _Archive(place.open("rb"))
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InvalidInputError(f"{place}: a zip that cannot be read") from error
    members = [item for item in archive.infolist() if not item.is_dir()]
    whole = sum(item.file_size for item in members)
    if len(members) > _MOST_FILES or whole > min(_LARGEST_ARCHIVE, max(2**30, _MOST_PACKED * size)):
        raise InvalidInputError(
            f"{place}: a zip of {len(members):,} files and {whole:,} bytes, out of {size:,}: wanted "
            f"at most {_MOST_FILES:,} files, and {_MOST_PACKED} times its size"
        )
    for item in sorted(members, key=lambda item: item.filename):
        yield DicomFile(place, item.filename.rpartition("/")[0], item, archive)


def read_whole(file: DicomFile) -> BytesIO:
    """Read a whole file into memory.

    Raises:
        InvalidInputError: As `DicomFile.opened`, or it inflates beyond its bounds.
    """
    with file.opened() as opened:
        content = opened.read()
    check_inflated(content)
    return BytesIO(content)


def content_of(file: DicomFile) -> str:
    """Hash a file (sha256, hex), or return what stands for its content unread.

    Raises:
        InvalidInputError: As `DicomFile.opened`.
    """
    if (checksum := file.checksum) is not None:
        return checksum
    with file.opened() as opened:
        return sha256(opened.read()).hexdigest()
