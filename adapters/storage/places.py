"""What a place is opened with: a path of this machine, or a URL."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gliobench.adapters.storage.local_storage import LocalStorage
from gliobench.application.ports.dataset_path import DatasetPath, FileVersion
from gliobench.application.ports.storage import Storage

PATIENCE_S = 60.0
"""For so long what may pass is tried again."""
_LOCAL = ("file://", "local://")


def local_path(place: str) -> Path | None:
    """Return the path of a place on this machine; None for any other."""
    for scheme in _LOCAL:
        if place.startswith(scheme):
            return Path(place.removeprefix(scheme))
    return None if "://" in place else Path(place)


def open_storage(place: str, *, patience_s: float = PATIENCE_S) -> Storage:
    """Open the storage of a folder, made when something is written there.

    Args:
        place: A path, or a URL that fsspec knows: `s3://bucket/run`.
        patience_s: For so long what may pass is tried again.

    Raises:
        InvalidInputError: No such kind of store is known, or the URL is malformed.
        MissingExtraError: The library of the store is not installed.
    """
    path = local_path(place)
    if path is not None:
        return LocalStorage(path)
    from gliobench.adapters.storage.filesystems import RemoteFolder
    from gliobench.adapters.storage.remote_storage import RemoteStorage

    return RemoteStorage(RemoteFolder(place), patience_s=patience_s)


def file_version(path: DatasetPath) -> FileVersion:
    """Return which version of a dataset's file is there.

    Raises:
        OSError: It is not there.
        StoreError: The store cannot be read.
    """
    if isinstance(path, Path):
        from gliobench.adapters.storage.listed_files import version_of_facts

        return version_of_facts(path.stat())
    return path.version  # type: ignore[attr-defined,no-any-return]  # of a store


def in_pieces(folder: DatasetPath) -> DatasetPath:
    """Return a folder that is listed without what lies below it, where its store does that."""
    return folder if isinstance(folder, Path) else folder.in_pieces()  # type: ignore[attr-defined]  # of a store


def listed_file(root: DatasetPath, path: str, version: FileVersion) -> DatasetPath:
    """Return a file that an index lists; one of another version raises FaultyStudyError when opened."""
    if isinstance(root, Path):
        from gliobench.adapters.storage.listed_files import ListedFile

        return ListedFile(root / path, version)
    return replace(root / path, listed=version)  # type: ignore[type-var]  # of a store


def open_dataset(
    place: str,
    *,
    cache: Path,
    cache_bytes: int,
    patience_s: float = PATIENCE_S,
    trust_checksums: bool = True,
) -> DatasetPath:
    """Open the folder of a dataset; files of a remote one are fetched when they are opened.

    Args:
        place: A path, or a URL that fsspec knows: `s3://bucket/cohort`.
        cache: Folder that keeps what was fetched.
        cache_bytes: How much of it; the least recently used goes first.
        patience_s: For so long what may pass is tried again.
        trust_checksums: Whether the store's checksums stand for the content of files.

    Raises:
        InvalidInputError: No such kind of store is known, or the URL is malformed.
        MissingExtraError: The library of the store is not installed.
    """
    path = local_path(place)
    if path is not None:
        return path
    from gliobench.adapters.storage.file_cache import FileCache
    from gliobench.adapters.storage.filesystems import RemoteFolder
    from gliobench.adapters.storage.remote_path import RemotePath
    from gliobench.adapters.storage.remote_tree import RemoteTree

    tree = RemoteTree(
        RemoteFolder(place),
        FileCache(cache, cache_bytes),
        patience_s=patience_s,
        trust_checksums=trust_checksums,
    )
    return RemotePath.of(tree)
