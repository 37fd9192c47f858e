"""Which version of a file a store holds, without reading it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

_CHECKSUMS = ("md5Hash", "content_md5", "ETag", "etag", "checksum")
"""What stores call it: of the content where they have one, else of the version."""
_TIMES = (
    "mtime",
    "LastModified",
    "last_modified",
    "updated",
    "created",
    "modified",
    "Last-Modified",
)


def checksum_of(info: Mapping[str, Any]) -> str | None:
    """Return what a store reports about a file's content; None where it reports nothing.

    Args:
        info: As fsspec gives it.
    """
    checksums = (info.get(name) for name in _CHECKSUMS)
    found = next((str(checksum).strip('"') for checksum in checksums if checksum), None)
    return f"{found}-{info.get('size')}" if found else None


def version_of(info: Mapping[str, Any]) -> str:
    """Distinguish versions of a file, by checksum or else by time and size."""
    times = [_moment(info[name]) for name in _TIMES if info.get(name)]
    return checksum_of(info) or " ".join([str(info.get("size")), *times])


def _moment(time: object) -> str:
    """Write a time in one way: some listings give dates where a file's own facts give seconds."""
    seconds = time.timestamp() if isinstance(time, datetime) else time
    return f"{seconds:.3f}" if isinstance(seconds, int | float) else str(seconds)
