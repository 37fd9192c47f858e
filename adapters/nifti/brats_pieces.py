"""A dataset of BraTS's layout, listed piece by piece: side by side, and once although it is killed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from heapq import merge
from itertools import groupby
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from gliobench.adapters.nifti.brats_study_source import joined
from gliobench.adapters.nifti.image_names import (
    is_named_like_image,
    is_shown_name,
)
from gliobench.adapters.nifti.index_rows import IndexRows, VersionOf, folder_of
from gliobench.adapters.nifti.no_study import no_study_in
from gliobench.adapters.nifti.study_folders import (
    FOLDERS_BELOW_ROOT,
    StudyFolder,
    are_joined,
    find_within,
    kin_of,
)
from gliobench.adapters.nifti.study_names import named
from gliobench.adapters.nifti.study_source import listing
from gliobench.application.datasets.name_mapping import NameMapping
from gliobench.application.datasets.side_by_side import side_by_side
from gliobench.application.ports.dataset_path import DatasetPath, beginning, names_in
from gliobench.application.ports.study_index import MASK, OTHER_MASK, IndexedStudy, SavedPieces

FEW = 64
"""Folders: where there are fewer, those in them are pieces."""
MOST = 1000
"""Folders of a piece."""
Track: TypeAlias = Callable[[Sequence["Piece"]], Iterable["Piece"]]
"""Gives back the pieces one by one, and may show how far it is."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some folders, whose names begin alike and no others in their folder.

    Args:
        folder: What they are in.
        names: Theirs, each ending in `/`; none where `folder` itself is meant.
        levels: How many levels below are searched.
    """

    folder: DatasetPath
    names: tuple[str, ...]
    levels: int

    @property
    def key(self) -> str:
        """Distinguish it from pieces of other folders (sha256, hex)."""
        named = [str(self.folder), self.levels, *self.names]
        return sha256(json.dumps(named).encode()).hexdigest()

    def studies(self) -> Iterator[StudyFolder]:
        """Find the studies in the folders."""
        if not self.names:
            yield from find_within(self.folder, self.levels)
            return
        place = beginning(self.folder, _shared_start(self.names))
        for name in self.names:
            yield from find_within(place / name.rstrip("/"), self.levels)


@final
class BratsPieces:
    """Lists what `BratsStudySource` finds, with the rows of pieces on disk.

    Args:
        root: The dataset's folder.
        version_of: Looks which version of a file is there.
        saved: Keeps the rows of pieces.
        track: Wraps the pieces, e.g. in a progress bar.

    Attributes:
        taken_over: When pieces that were not listed again were listed, in seconds since 1970.
    """

    def __init__(
        self, root: DatasetPath, version_of: VersionOf, saved: SavedPieces, *, track: Track = iter
    ) -> None:
        self._root, self._saved, self._track = root, saved, track
        self._rows = IndexRows(root, version_of)
        self.taken_over: list[float] = []

    def indexed(self) -> Iterator[IndexedStudy]:
        """Return the row of every study, by id, joined with its table.

        Raises:
            NotFoundError: There is no such folder, or no study in it.
            InvalidInputError: A folder or the table cannot be read.
            StoreError: The store cannot be read.
        """
        with listing(self._root):
            pieces = list(pieces_of(self._root))
            work = side_by_side(self._list, self._track(pieces))
            found = [piece for piece in work if piece.studies or piece.has_bare]
            if not any(piece.studies for piece in found):
                raise no_study_in(self._root)
        names = NameMapping.near(
            self._folder(min(piece.first_folder for piece in found if piece.studies))
        )
        rows = merge(*(self._named(found)), key=_order)
        for study_id, same in groupby(rows, key=lambda row: row.study_id):
            first, *others = self._joined(list(same))
            row = replace(first, twins=tuple(other.folder for other in others))
            subject = names.subject(study_id, patient=row.patient)
            yield row.joined(subject, names.notes(study_id, row.patient))

    def _list(self, piece: Piece) -> _Listed:
        if (at_s := self._saved.listed_at(piece.key)) is not None:
            self.taken_over.append(at_s)
            return _Listed.of(piece.key, self._saved.read(piece.key))
        studies = (study for found in piece.studies() for study in named([found]))
        rows = sorted((self._rows.row(study) for study in studies), key=_order)
        self._saved.write(piece.key, rows)
        return _Listed.of(piece.key, rows)

    def _named(self, found: Sequence[_Listed]) -> Iterator[Iterator[IndexedStudy]]:
        """Return the rows of each piece, sorted, with ids that are unique among folders."""
        kin = frozenset[str]().union(*(piece.kin for piece in found))
        if not _clash(found):
            return (self._rows_of(piece, kin) for piece in found)
        folders = [
            StudyFolder(
                row.study_id, self._folder(_parts(row)), is_named_by_folder=row.is_named_by_folder
            )
            for piece in found
            for row in self._rows_of(piece, kin)
        ]
        final = {str(study.folder): study for study in named(folders) if study.is_named_by_folder}
        return (self._renamed(self._rows_of(piece, kin), final) for piece in found)

    def _rows_of(self, piece: _Listed, kin: frozenset[str]) -> Iterator[IndexedStudy]:
        """Read the rows of a piece, without bare folders that are called like no study."""
        rows = self._saved.read(piece.key)
        return (row for row in rows if not _is_bare(row) or kin_of(row.folder) in kin)

    def _renamed(
        self, found: Iterable[IndexedStudy], final: Mapping[str, StudyFolder]
    ) -> Iterator[IndexedStudy]:
        rows = []
        for row in found:
            study = final.get(str(self._folder(_parts(row)))) if row.is_named_by_folder else None
            rows.append(
                row
                if study is None
                else replace(
                    row, study_id=study.id, patient=study.patient, has_odd_name=study.has_odd_name
                )
            )
        yield from sorted(rows, key=_order)

    def _joined(self, rows: list[IndexedStudy]) -> list[IndexedStudy]:
        """Return one row for a study whose files lie in several folders that belong together."""
        if len(rows) == 1:
            return rows
        folders = [folder_of(row, self._root, lambda root, path, _: root / path) for row in rows]
        study, *others = joined(folders)
        if others:
            return rows
        pairs = [*zip(rows, folders, strict=True)]
        files = [
            file
            for row, folder in pairs
            for file in row.files
            if folder.images or file.role == MASK
        ]
        files.sort(key=lambda file: (file.role == OTHER_MASK, file.role == MASK))
        first = next(row for row, folder in pairs if folder.images)
        return [replace(first, files=tuple(files), has_misnamed_mask=study.has_misnamed_mask)]

    def _folder(self, parts: tuple[str, ...]) -> DatasetPath:
        place = self._root
        for part in parts:
            place /= part
        return place


@dataclass(frozen=True, slots=True)
class _Listed:
    """A piece that was listed: how many studies, the first folder, and hashes of their names.

    Bare folders count as none; `kin` is of the others.
    """

    key: str
    studies: int
    first_folder: tuple[str, ...]
    of_folders: NDArray[np.int64]
    of_files: NDArray[np.int64]
    kin: frozenset[str]
    has_bare: bool

    @classmethod
    def of(cls, key: str, rows: Iterable[IndexedStudy]) -> _Listed:
        names: dict[bool, list[int]] = defaultdict(list)
        folders, kin, has_bare = [], set(), False
        for row in rows:
            names[row.is_named_by_folder].append(hash(row.study_id))
            if _is_bare(row):
                has_bare = True
                continue
            folders.append(_parts(row))
            kin.add(kin_of(row.folder))
        of_folders, of_files = (np.array(names[which], np.int64) for which in (True, False))
        first = min(folders, default=())
        return cls(key, len(folders), first, of_folders, of_files, frozenset(kin), has_bare)


def pieces_of(root: DatasetPath) -> Iterator[Piece]:
    """Cut a dataset into pieces: level by level, until there are enough folders.

    Raises:
        OSError: A folder cannot be listed.
        StoreError: The store cannot be read.
    """
    level = [root]
    for levels in range(FOLDERS_BELOW_ROOT, -1, -1):
        below: list[tuple[DatasetPath, list[str]]] = []
        for folder in level:
            shown = [name for name in names_in(folder) if is_shown_name(name.rstrip("/"))]
            folders = [name for name in shown if name[-1] == "/" and not _is_image(name)]
            has_images = any(map(_is_image, shown))
            if are_joined([name[:-1] for name in folders], beside_images=has_images):
                yield Piece(folder, (), levels)
                continue
            below.append((folder, folders))
            if not folders or has_images:
                yield Piece(folder, (), 0)
        if not levels:
            return
        if sum(len(folders) for _, folders in below) >= FEW:
            for folder, folders in below:
                yield from (Piece(folder, tuple(names), levels - 1) for names in _grouped(folders))
            return
        level = [folder / name[:-1] for folder, folders in below for name in folders]


def _grouped(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Group sorted names so that each group has a beginning that no name outside of it has."""
    if len(names) <= MOST:
        if names:
            yield names
        return
    at = len(_shared_start(names))
    for _, some in groupby(names, key=lambda name: name[at]):
        yield from _grouped(list(some))


def _shared_start(names: Sequence[str]) -> str:
    """Return how all of some sorted names begin."""
    first, last = names[0], names[-1]
    pairs = enumerate(zip(first, last, strict=False))
    return first[: next((at for at, (one, other) in pairs if one != other), len(first))]


def _is_image(name: str) -> bool:
    """Return whether a file, or a folder that stands for one, may be of a study."""
    if name.endswith("/"):
        return is_named_like_image(name[:-1])
    return name.lower().endswith((".nii", ".nii.gz"))


def _clash(found: Sequence[_Listed]) -> bool:
    """Return whether a study that is named by its folder has the name of another one."""
    of_folders = np.concatenate([piece.of_folders for piece in found])
    of_files = np.concatenate([piece.of_files for piece in found])
    repeats = len(np.unique(of_folders)) < len(of_folders)
    return repeats or bool(np.isin(of_folders, of_files).any())


def _parts(row: IndexedStudy) -> tuple[str, ...]:
    return tuple(filter(None, row.folder.split("/")))


def _is_bare(row: IndexedStudy) -> bool:
    return row.is_named_by_folder and not row.files


def _order(row: IndexedStudy) -> tuple[str, tuple[str, ...]]:
    return row.study_id, _parts(row)
