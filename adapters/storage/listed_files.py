"""Files of this machine that an index lists: one that has changed since is refused."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Literal, Self, final

from gliobench.application.ports.dataset_path import DatasetPath, FileVersion
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError


def version_of_facts(facts: os.stat_result) -> FileVersion:
    """Distinguish versions of a file by its size and the time of its last change."""
    return FileVersion(facts.st_size, str(facts.st_mtime_ns))


def changed(place: str) -> FaultyStudyError:
    """Return the fault of a study whose file is another than the listed one."""
    return FaultyStudyError(
        FaultKind.UNREADABLE,
        f"{place} has changed since it was listed: run gliobench dataset index again",
    )


@final
@dataclass(frozen=True, slots=True)
class ListedFile(DatasetPath):
    """Looks like the file's `Path`, but for what an index says of it.

    Args:
        path: The file.
        listed: Which version of it the index lists.
    """

    path: Path
    listed: FileVersion

    def __str__(self) -> str:
        return str(self.path)

    def __lt__(self, other: Self, /) -> bool:
        return self.path < other.path

    def __truediv__(self, name: str, /) -> Self:
        return type(self)(self.path / name, self.listed)

    @property
    def name(self) -> str:
        """The last part."""
        return self.path.name

    @property
    def parent(self) -> Self:
        """The folder that it is in."""
        return type(self)(self.path.parent, self.listed)

    @property
    def parents(self) -> Sequence[Self]:
        """The folders that it is in, the nearest first."""
        return [type(self)(folder, self.listed) for folder in self.path.parents]

    def iterdir(self) -> Iterator[Self]:
        """Return what lies in this folder."""
        return (type(self)(path, self.listed) for path in self.path.iterdir())

    def is_file(self) -> bool:
        """Check whether there is such a file."""
        return self.path.is_file()

    def is_dir(self) -> bool:
        """Check whether it is a folder."""
        return self.path.is_dir()

    def open(self, mode: Literal["rb"] = "rb") -> BufferedReader:
        """Open the file.

        Raises:
            FaultyStudyError: It has changed since it was listed.
        """
        file = self.path.open(mode)
        if version_of_facts(os.fstat(file.fileno())) != self.listed:
            file.close()
            raise changed(str(self.path))
        return file

    def read_bytes(self) -> bytes:
        """Read the file."""
        with self.open() as file:
            return file.read()
