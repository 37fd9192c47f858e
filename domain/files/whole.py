"""Files on their way to a name: whose writer lives is left alone, what a dead one left is removed."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

try:
    import fcntl
except ModuleNotFoundError:  # Windows: there age alone decides
    fcntl = None  # type: ignore[assignment]

ENDING = ".tmp"
ABANDONED_AFTER_S = 6 * 3600.0
"""Where no lock can tell, on some network filesystems, a file as old as this has no writer."""
_SETTLED_AFTER_S = 1.0
"""A file gets its lock a moment after it is made."""


def unfinished(path: Path) -> Path:
    """Name a hidden file beside another."""
    return path.with_name(f".{path.name[:100]}.{uuid4().hex}{ENDING}")


def hold(file: BinaryIO) -> None:
    """Mark a file as being written, for as long as it is open and this process lives."""
    if fcntl is not None:
        with suppress(OSError):  # a filesystem without locks
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def sweep(folder: Path) -> None:
    """Remove what writers that died have left in a folder."""
    with suppress(OSError), os.scandir(folder) as entries:
        left = [
            Path(one.path) for one in entries if one.name[0] == "." and one.name.endswith(ENDING)
        ]
        for path in left:
            with suppress(OSError):
                if _is_abandoned(path):
                    path.unlink()


def _is_abandoned(path: Path) -> bool:
    age_s = time.time() - path.stat().st_mtime
    if age_s > ABANDONED_AFTER_S:
        return True
    if fcntl is None or age_s < _SETTLED_AFTER_S:
        return False
    with path.open("r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # it is being written, or there are no locks here
            return False
    return True
