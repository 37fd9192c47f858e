"""Datasets in object stores: listed once, each file fetched when it is opened."""

from __future__ import annotations

import errno
import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import cached_property
from hashlib import sha256
from io import BufferedReader
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar, final
from uuid import uuid4

from gliobench.adapters.storage.faults import with_retries
from gliobench.adapters.storage.file_cache import FileCache
from gliobench.adapters.storage.filesystems import RemoteFolder
from gliobench.adapters.storage.listed_files import changed
from gliobench.adapters.storage.versions import checksum_of, version_of
from gliobench.application.ports.dataset_path import FileVersion
from gliobench.domain.errors import InvalidInputError, NotFoundError, StoreError
from gliobench.domain.files.disk import is_of_the_name

T = TypeVar("T")


class _Entry(NamedTuple):
    """A file as it was listed; over HTTP a listing names files and no more: `size` is None."""

    size: int | None
    version: str
    checksum: str | None

    @classmethod
    def of(cls, listed: FileVersion) -> Self:
        """Return a file as an index lists it."""
        return cls(listed.size, listed.mark, listed.mark if listed.is_checksum else None)

    @property
    def is_versioned(self) -> bool:
        """Check whether more than its size is known."""
        return self.version != str(self.size)


class _ChangedError(StoreError):
    """A file has changed since it was listed."""


class RemoteTree:
    """A dataset under a URL.

    It is listed once, a thousand files a request, when first looked into; what is added later is
    not seen, and what is changed later is refused.

    Args:
        folder: Where.
        cache: Keeps what was fetched.
        patience_s: For so long a request is tried again.
        trust_checksums: Whether the store's checksums stand for the content of files.
        only: A folder in it, and how names in that begin: nothing else is listed.
    """

    def __init__(
        self,
        folder: RemoteFolder,
        cache: FileCache,
        *,
        patience_s: float,
        trust_checksums: bool,
        only: tuple[str, str] | None = None,
    ) -> None:
        self._only = only
        self._folder = folder
        self._cache = cache
        self._patience_s = patience_s
        self._trust_checksums = trust_checksums
        self._own = uuid4().hex
        self._options: dict[str, Any] = {
            "folder": folder,
            "cache": cache,
            "patience_s": patience_s,
            "trust_checksums": trust_checksums,
        }

    @property
    def root(self) -> str:
        """The folder of the dataset, as the filesystem names it."""
        return self._folder.root

    @property
    def in_pieces(self) -> FolderByFolder | None:
        """The same dataset, listed folder by folder; None where the store does not do that."""
        return None if self._folder.read_only else FolderByFolder(**self._options)

    def only(self, path: str, prefix: str) -> RemoteTree:
        """Return the same dataset with nothing in it but what begins so in a folder."""
        return RemoteTree(**self._options, only=(path, prefix))

    def place(self, path: str) -> str:
        """Name a path for messages."""
        start = f"{self._folder.root}/"
        if path.startswith(start):
            return self._folder.place(path.removeprefix(start))
        if path == self._folder.root:
            return self._folder.url
        return f"{self._folder.protocol}://{path.lstrip('/')}"

    def children(self, path: str) -> list[str]:
        """Name what lies directly in a folder."""
        return sorted(self._folders.get(path, ()))

    def is_folder(self, path: str) -> bool:
        """Check whether some file lies below."""
        return path in self._folders

    def entry(self, path: str) -> _Entry | None:
        """Return what is known of a file; None where there is none.

        A file outside of the dataset's folder is asked for by a request of its own, and is not
        there for whoever may not see it.
        """
        if path.startswith(f"{self._folder.root}/"):
            return self._files.get(path)
        try:
            info = self._try(lambda files: files.info(path), path, "looked for")
        except NotFoundError:
            return None
        except StoreError as error:
            if isinstance(error.__cause__, PermissionError):
                return None
            raise
        return self._entry(info) if info["type"] == "file" else None

    def checksum(self, path: str, listed: FileVersion | None = None) -> str | None:
        """Return the store's checksum of a file, if checksums are trusted."""
        if not self._trust_checksums:
            return None
        entry = _Entry.of(listed) if listed else self.entry(path)
        return entry.checksum if entry else None

    def version(self, path: str) -> FileVersion:
        """Return which version of a file was listed.

        Raises:
            FileNotFoundError: It is not there.
            StoreError: The store cannot be read.
        """
        entry = self.entry(path)
        if entry is None:
            raise _gone(self.place(path))
        whole = self._asked_for(path) if entry.size is None else entry
        return FileVersion(whole.size or 0, whole.version, whole.checksum is not None)

    def open(self, path: str, listed: FileVersion | None = None) -> BufferedReader:
        """Open a copy of a file.

        Args:
            path: The file.
            listed: Which version an index of the dataset knows; None for that of this tree.

        Raises:
            FileNotFoundError: It is not there, or has gone.
            FaultyStudyError: It has changed since it was listed in an index.
            StoreError: It cannot be fetched, or has changed since it was listed here.
        """
        try:
            return self._open(path, _Entry.of(listed) if listed else self.entry(path))
        except _ChangedError as error:
            if listed:
                raise changed(self.place(path)) from error
            raise

    def _open(self, path: str, entry: _Entry | None) -> BufferedReader:
        if entry is None:
            raise _gone(self.place(path))
        whole = self._asked_for(path) if entry.size is None else entry
        # Where a server reports sizes alone, a copy serves this dataset only: it might be stale.
        known = whole.version if whole.is_versioned else f"{whole.version} {self._own}"
        key = sha256(f"{self._folder.protocol}://{path} {known}".encode()).hexdigest()
        return self._cache.open(
            key, size=whole.size or 0, fetch=lambda copy: self._fetch(path, whole, copy)
        )

    def _asked_for(self, path: str) -> _Entry:
        """Ask for a file's size and version by a request of its own."""
        try:
            return self._entry(self._try(lambda files: files.info(path), path, "looked for"))
        except NotFoundError as error:
            raise _gone(self.place(path)) from error

    def _fetch(self, path: str, entry: _Entry, copy: Path) -> None:
        def fetch(files: Any) -> str:  # noqa: ANN401 -- fsspec is untyped
            try:
                files.get_file(path, str(copy))
            except OSError as error:
                if is_of_the_name(error):  # of this one file: the others can be fetched
                    reason = error.strerror or error
                    raise InvalidInputError(f"{self.place(path)} is no file: {reason}") from error
                raise
            return version_of(files.info(path))

        try:
            version = self._try(fetch, path, f"fetched into {copy.parent}")
        except NotFoundError as error:
            raise _gone(self.place(path)) from error
        if version != entry.version:
            raise _ChangedError(f"{self.place(path)} has changed since it was listed: start again")

    @cached_property
    def _files(self) -> Mapping[str, _Entry]:
        root = self._folder.root
        try:
            found = self._try(self._found, root, "listed")
        except NotFoundError:
            return {}
        return {
            path: self._entry(info)
            for path, info in found.items()
            if info["type"] == "file" and path.startswith(f"{root}/") and not path.endswith("/")
        }

    def _found(self, files: Any) -> Mapping[str, Mapping[str, Any]]:  # noqa: ANN401 -- untyped
        found: Mapping[str, Mapping[str, Any]]
        if self._only:
            path, prefix = self._only
            found = files.find(path, detail=True, prefix=prefix)  # which some stores ignore
            start = f"{path}/{prefix}"
            return {name: info for name, info in found.items() if name.startswith(start)}
        if not self._folder.read_only:
            found = files.find(self._folder.root, detail=True)
            return found
        # Over HTTP `find` leaves out the folders that it fails to read, and says nothing.
        folders = files.walk(self._folder.root, detail=True, on_error="raise")
        return {info["name"]: info for _, _, within in folders for info in within.values()}

    @cached_property
    def _folders(self) -> Mapping[str, set[str]]:
        folders: dict[str, set[str]] = defaultdict(set)
        for path in self._files:
            while path != self._folder.root:
                within, _, name = path.rpartition("/")
                known = name in folders[within]
                folders[within].add(name)
                if known:
                    break
                path = within  # noqa: PLW2901 -- upwards, folder by folder
        return dict(folders)

    def _entry(self, info: Mapping[str, Any]) -> _Entry:
        size = info.get("size")
        return _Entry(None if size is None else int(size), version_of(info), checksum_of(info))

    def _try(self, action: Callable[[Any], T], path: str, doing: str) -> T:
        return with_retries(
            lambda: action(self._folder.files),
            store=self._folder.url,
            place=self.place(path),
            doing=doing,
            patience_s=self._patience_s,
        )


@final
class FolderByFolder(RemoteTree):
    """Lists a folder without what lies below it, when it is first looked into."""

    def children(self, path: str) -> list[str]:
        """Name what lies directly in a folder."""
        return sorted(self._within(path))

    def names(self, path: str) -> list[str]:
        """Name what lies directly in a folder, sorted; a folder's name ends in `/`."""
        found = self._within(path).items()
        return sorted(name if entry else f"{name}/" for name, entry in found)

    def is_folder(self, path: str) -> bool:
        """Check whether some file lies below."""
        if path == self.root:
            return bool(self._within(path))
        within, _, name = path.rpartition("/")
        return self._within(within).get(name, _NO_FOLDER) is None

    def entry(self, path: str) -> _Entry | None:
        """Return what is known of a file; None where there is none."""
        if not path.startswith(f"{self.root}/"):
            return super().entry(path)
        within, _, name = path.rpartition("/")
        return self._within(within).get(name)

    def _within(self, path: str) -> Mapping[str, _Entry | None]:
        if path not in self._seen:
            self._seen[path] = self._listed(path)
        return self._seen[path]

    @cached_property
    def _seen(self) -> dict[str, Mapping[str, _Entry | None]]:
        return {}

    def _listed(self, path: str) -> Mapping[str, _Entry | None]:
        try:
            infos = self._try(lambda files: files.ls(path, detail=True), path, "listed")
        except NotFoundError:
            return {}
        return {
            info["name"].rstrip("/").rpartition("/")[2]: None
            if info["type"] == "directory"
            else self._entry(info)
            for info in infos
            if info["name"].rstrip("/") != path
        }


_NO_FOLDER = _Entry(None, "", None)


def _gone(place: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), place)
