"""Where files are kept: folders and object stores."""

from __future__ import annotations

from gliobench.adapters import storage as files
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.application.ports.storage import Storage
from gliobench.entrypoints.settings import Settings


def storage(url: str, settings: Settings) -> Storage:
    """Open a place that keeps files: a folder, or a URL that fsspec knows, e.g. `s3://bucket/run`.

    Raises:
        InvalidInputError: No such kind of store is known, or the URL is malformed.
        MissingExtraError: The library of the store is not installed.
    """
    return files.open_storage(url, patience_s=settings.store_patience_s)


def dataset_path(dataset: str, settings: Settings) -> DatasetPath:
    """Open a folder, or a URL whose files are fetched when they are looked at.

    Raises:
        NotFoundError: The folder is not there.
        InvalidInputError: No such kind of store is known.
        MissingExtraError: The library of the store is not installed.
    """
    return files.open_dataset(
        dataset,
        cache=settings.cache_dir,
        cache_bytes=int(settings.cache_gib * 2**30),
        patience_s=settings.store_patience_s,
        trust_checksums=settings.trust_checksums,
    )
