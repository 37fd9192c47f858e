"""Files appear whole or not at all."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from gliobench.domain.errors import JobError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, replacing an older one; its folder is made where it is not there.

    Raises:
        JobError: It cannot be written; nothing of it is left behind.
    """
    unfinished = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise JobError(f"cannot write {path}: {error.strerror or error}") from error
