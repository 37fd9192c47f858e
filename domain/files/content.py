"""Hashes of files and folders."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gliobench.domain.errors import BackendError

HASHED = ", sha256 "
"""In the provenance of predictions from a file, before its hash."""


def content_of(named: object) -> str:
    """Hash the file that a text names, or the files of a folder; empty where it names none.

    Raises:
        BackendError: It cannot be read.
    """
    path = Path(str(named)) if isinstance(named, str | Path) and str(named) else None
    try:
        if path is None or not path.exists():
            return ""
        files = (
            sorted(item for item in path.rglob("*") if item.is_file()) if path.is_dir() else [path]
        )
        return " ".join(f"{file.relative_to(path)} {digest_of(file)}" for file in files)
    except (OSError, ValueError) as error:
        raise BackendError(f"{named} cannot be read: {error}") from error


def digest_of(path: Path) -> str:
    """Hash the content of a file (sha256, hex)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
