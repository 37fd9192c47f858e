"""A file or folder of a dataset in an object store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BufferedReader
from typing import Literal, Self, final

from gliobench.adapters.storage.remote_tree import FolderByFolder, RemoteTree
from gliobench.application.ports.dataset_path import DatasetPath, FileVersion, Piecewise


@dataclass(frozen=True, slots=True)
class RemotePath(DatasetPath):
    """Looks like pathlib's `Path` to whoever reads a dataset.

    Args:
        path: As the filesystem names it: `bucket/cohort/study/study_t1.nii.gz`.
        tree: What it is in.
        listed: Which version of the file an index lists; None where none does.
    """

    path: str
    tree: RemoteTree = field(compare=False, repr=False)
    listed: FileVersion | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, tree: RemoteTree) -> Self:
        """Return the folder of the dataset."""
        return cls(tree.root, tree)

    def __str__(self) -> str:
        return self.tree.place(self.path)

    def __lt__(self, other: Self, /) -> bool:
        return self.path < other.path

    def __truediv__(self, name: str, /) -> Self:
        return type(self)(f"{self.path}/{name}", self.tree)

    @property
    def name(self) -> str:
        """The last part."""
        return self.path.rpartition("/")[-1]

    @property
    def parent(self) -> Self:
        """The folder that it is in."""
        above = self.path.rpartition("/")[0]
        is_host = not above or above.endswith("/")  # https://host keeps its slashes
        return self if is_host else type(self)(above, self.tree)

    @property
    def parents(self) -> Sequence[Self]:
        """The folders that it is in, the nearest first, up to the bucket."""
        above: list[Self] = [self]
        while (one := above[-1].parent) != above[-1]:
            above.append(one)
        return above[1:]

    @property
    def version(self) -> FileVersion:
        """Which version of the file is there; errors as of `RemoteTree.version`."""
        return self.tree.version(self.path)

    @property
    def checksum(self) -> str | None:
        """The store's checksum, if it has one and checksums are trusted."""
        return self.tree.checksum(self.path, self.listed)

    def in_pieces(self) -> RemotePath:
        """Return the same folder, listed without what lies below it, where the store does that."""
        tree = self.tree.in_pieces
        return self if tree is None else PiecewisePath(self.path, tree)

    def iterdir(self) -> Iterator[Self]:
        """Return what lies in this folder."""
        return (self / name for name in self.tree.children(self.path))

    def is_file(self) -> bool:
        """Check whether there is such a file."""
        return self.listed is not None or self.tree.entry(self.path) is not None

    def is_dir(self) -> bool:
        """Check whether some file lies below."""
        return self.listed is None and self.tree.is_folder(self.path)

    def open(self, mode: Literal["rb"] = "rb") -> BufferedReader:  # noqa: ARG002 -- pathlib's
        """Open a copy, fetched unless it is there."""
        return self.tree.open(self.path, self.listed)

    def read_bytes(self) -> bytes:
        """Read the file."""
        with self.open() as file:
            return file.read()


@final
@dataclass(frozen=True, slots=True)
class PiecewisePath(RemotePath, Piecewise):
    """A folder that is listed piece by piece."""

    tree: FolderByFolder = field(compare=False, repr=False)

    def names(self) -> list[str]:
        """Name what lies directly in it."""
        return self.tree.names(self.path)

    def beginning(self, prefix: str) -> RemotePath:
        """Return the folder with nothing in it but names that begin so."""
        return RemotePath(self.path, self.tree.only(self.path, prefix))
