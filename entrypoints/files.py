"""Files appear whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from gliobench.domain.files.disk import not_written

_INHERITED = os.umask(0o077)
os.umask(_INHERITED)
_OWNER_ALONE = 0o077


def keep_private(private: bool) -> None:
    """Have this process and those that it starts write files for their owner alone, or as umask says.

    Masks, pictures, reports and runs show patients.
    """
    os.umask(_INHERITED | _OWNER_ALONE if private else _INHERITED)


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
        raise not_written(path, error) from error
