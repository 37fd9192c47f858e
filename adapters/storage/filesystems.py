"""fsspec's filesystems: one for each URL and process."""

from __future__ import annotations

import os
from typing import Any, final

import fsspec
import fsspec.config

from gliobench.domain.errors import InvalidInputError, JobError, MissingExtraError
from gliobench.domain.secrets import hidden

_EXTRAS = {
    "s3": "s3",
    "s3a": "s3",
    "gs": "gcs",
    "gcs": "gcs",
    "az": "azure",
    "abfs": "azure",
    "abfss": "azure",
    "http": "http",
    "https": "http",
}
_READ_ONLY = {"http", "https"}
_KNOWN = {*_EXTRAS, "memory"}
"""Kinds of stores that are opened; memory is that of this process, for tests. Every other one of
fsspec (ftp, sftp, a chain such as simplecache::…) would reach places that were not named."""
_OPTIONS: dict[str, dict[str, Any]] = {
    "s3": {
        # One file, one request: else every reading asks for the size first.
        "max_concurrency": 1,
        # What fails is tried again by `with_retries`, not a second time within each try.
        "config_kwargs": {
            "retries": {"total_max_attempts": 1},
            "connect_timeout": 10,
            "read_timeout": 30,
        },
    }
}
"""For each protocol; what the user sets in fsspec's own configuration goes before."""
_TRIES_OF_A_REQUEST = 2
"""Within s3fs: a listing of a thousand pages need not begin anew for one page."""


@final
class RemoteFolder:
    """A folder of a store and the filesystem that reaches it, in whatever process it is used.

    Connections and their threads do not outlive a fork; each process makes its own.

    Args:
        url: As fsspec reads it.

    Raises:
        InvalidInputError: The kind of store is not one that is opened, or the URL is malformed.
        MissingExtraError: The library of the store is not installed.
    """

    def __init__(self, url: str) -> None:
        self._opened_url = url.rstrip("/")
        self.url = hidden(self._opened_url)
        self.protocol = url.partition("://")[0]
        if self.protocol not in _KNOWN:
            raise InvalidInputError(
                f"{self.url}: {self.protocol}:// is not a supported kind of store: wanted a path, "
                "or file, s3, gs, az, abfs, http or https"
            )
        if self.protocol in _EXTRAS and not self.protocol.startswith("http") and hidden(url) != url:
            raise InvalidInputError(
                f"{self.url}: credentials do not belong into the URL of a bucket, and no query does: "
                "set them in the environment (docs/stores.md)"
            )
        self.read_only = self.protocol in _READ_ONLY
        self.puts_whole = True
        """Whether files appear whole; else they are written under another name first."""
        self._pid, self._files, self.root = self._open()

    @property
    def files(self) -> Any:  # noqa: ANN401 -- fsspec is untyped
        """The filesystem of this process."""
        if self._pid != os.getpid():
            self._pid, self._files, self.root = self._open()
        return self._files

    def path(self, name: str) -> str:
        """Name a file as the filesystem does."""
        return f"{self.root}/{name}".rstrip("/")

    def place(self, name: str) -> str:
        """Name a file for messages."""
        return f"{self.url}/{name}".rstrip("/")

    def __getstate__(self) -> str:
        return self._opened_url

    def __setstate__(self, url: str) -> None:
        self.__init__(url)  # a new process opens anew

    def _open(self) -> tuple[int, Any, str]:
        options = {
            **_OPTIONS.get(self.protocol.replace("s3a", "s3"), {}),
            **fsspec.config.conf.get(self.protocol, {}),
        }
        try:
            # Others write here, too: no listing is remembered.
            files, root = fsspec.url_to_fs(self._opened_url, use_listings_cache=False, **options)
        except ImportError as error:
            raise self._missing_library(error) from error
        except ValueError as error:
            raise InvalidInputError(f"{self.url}: {hidden(str(error))}") from error
        if hasattr(files, "retries"):
            files.retries = _TRIES_OF_A_REQUEST
        return os.getpid(), files, root.rstrip("/")

    def _missing_library(self, error: ImportError) -> Exception:
        if extra := _EXTRAS.get(self.protocol):
            return MissingExtraError(extra=extra, purpose=f"{self.protocol}://")
        return JobError(f"{self.url} cannot be reached: {hidden(str(error))}")
