"""Which storage a place needs."""

from __future__ import annotations

from pathlib import Path

from gliobench.adapters.fsspec.local_storage import LocalStorage
from gliobench.application.ports.storage import Storage

_LOCAL = ("file://", "local://")


def local_path(place: str) -> Path | None:
    """Give the path of a place on this machine; None for any other."""
    for scheme in _LOCAL:
        if place.startswith(scheme):
            return Path(place.removeprefix(scheme))
    return None if "://" in place else Path(place)


def open_storage(place: str, *, patience_s: float = 60.0) -> Storage:
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
    from gliobench.adapters.fsspec.filesystems import RemoteFolder
    from gliobench.adapters.fsspec.remote_storage import RemoteStorage

    return RemoteStorage(RemoteFolder(place), patience_s=patience_s)
