"""The port of every file or folder that a dataset is read from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Literal, Protocol, Self, runtime_checkable


class DatasetPath(Protocol):
    """A file or folder to read, wherever it lies; pathlib's `Path` is one.

    Contract:
        - Methods do what `Path`'s of the same names do, and raise OSError as they do: for a file
          that has gone, FileNotFoundError.
        - A store that cannot be read raises StoreError: no study is at fault.
        - What `open` gives can be read and sought in, though the file be deleted meanwhile.
        - `str` names it for messages, without credentials.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 -- these are pathlib's
    @property
    def parent(self) -> Self: ...  # noqa: D102
    @property
    def parents(self) -> Sequence[Self]: ...  # noqa: D102
    def __truediv__(self, name: str, /) -> Self: ...
    def __lt__(self, other: Self, /) -> bool: ...
    def iterdir(self) -> Iterator[Self]: ...  # noqa: D102
    def is_file(self) -> bool: ...  # noqa: D102
    def is_dir(self) -> bool: ...  # noqa: D102
    def open(self, mode: Literal["rb"]) -> BufferedReader: ...  # noqa: D102
    def read_bytes(self) -> bytes: ...  # noqa: D102


@runtime_checkable
class Checksummed(Protocol):
    """A path of a store that may provide a checksum."""

    @property
    def checksum(self) -> str | None:
        """Return an identifier of the content without reading it; None where unavailable or not wanted."""
        ...


@dataclass(frozen=True, slots=True)
class FileVersion:
    """Which version of a file was listed.

    Args:
        size: Bytes.
        mark: What changes with the content: a store's checksum, else the time of the last change.
        is_checksum: Whether the mark is a checksum, which stands for the content.
    """

    size: int
    mark: str
    is_checksum: bool = False


def checksum_of(path: DatasetPath) -> str | None:
    """Return what stands for a file's content unread; None where it must be read."""
    return path.checksum if isinstance(path, Checksummed) else None


def resolved(place: DatasetPath | str) -> DatasetPath:
    """Return a path, of this machine where it is text, free of links and dots."""
    path = Path(place) if isinstance(place, str) else place
    return path.resolve() if isinstance(path, Path) else path


@runtime_checkable
class Piecewise(Protocol):
    """A folder of a store that need not be listed with all that lies below it."""

    def names(self) -> list[str]:
        """Name what lies directly in it, sorted; a folder's name ends in `/`."""
        ...

    def beginning(self, prefix: str) -> DatasetPath:
        """Return the folder as if it held nothing but names that begin so, to be listed at once."""
        ...


def names_in(folder: DatasetPath) -> list[str]:
    """Name what lies directly in a folder, sorted; a folder's name ends in `/`."""
    if isinstance(folder, Piecewise):
        return folder.names()
    return sorted(entry.name + "/" * entry.is_dir() for entry in folder.iterdir())


def beginning(folder: DatasetPath, prefix: str) -> DatasetPath:
    """Return a folder in which names that begin so are listed at once, where it is of a store."""
    return folder.beginning(prefix) if isinstance(folder, Piecewise) else folder
