"""Which version of a file a store holds, without reading it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

_CHECKSUMS = ("md5Hash", "content_md5", "ETag", "etag", "checksum")
"""What stores call it: of the content where they tell, else of the version."""
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
    """Give what a store tells of a file's content; None where it tells nothing.

    Args:
        info: As fsspec gives it.
    """
    told = (info.get(name) for name in _CHECKSUMS)
    found = next((str(one).strip('"') for one in told if one), None)
    return f"{found}-{info.get('size')}" if found else None


def version_of(info: Mapping[str, Any]) -> str:
    """Tell versions of a file apart, by checksum or else by time and size."""
    times = [_moment(info[name]) for name in _TIMES if info.get(name)]
    return checksum_of(info) or " ".join([str(info.get("size")), *times])


def _moment(told: object) -> str:
    """Tell a moment in one way: some listings give dates where a file's own facts give seconds."""
    seconds = told.timestamp() if isinstance(told, datetime) else told
    return f"{seconds:.3f}" if isinstance(seconds, int | float) else str(seconds)
