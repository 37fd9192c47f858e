"""Files that appear whole or not at all; what a killed writer left is removed by the next one."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from gliobench.domain.errors import StoreError
from gliobench.domain.files.disk import not_written

try:
    import fcntl
except ModuleNotFoundError:  # on Windows the age alone decides
    fcntl = None  # type: ignore[assignment]

ENDING = ".tmp"
ABANDONED_AFTER_S = 6 * 3600.0
"""Where locks do not work, as on some network filesystems, a file as old as this has no writer."""
_SETTLED_AFTER_S = 1.0
"""A file gets its lock a moment after it is made."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, replacing an older one; its folder is made where it is not there.

    Raises:
        JobError: It cannot be written; nothing of it is left behind.
    """
    sweep(path.parent, path.name)
    with writing_whole(path) as file:
        file.write(content)


@contextmanager
def writing_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a hidden file, which takes its name at the end and its content to the disk before.

    It is locked for as long as it is open and this process lives, so that `sweep` leaves it alone.

    Raises:
        JobError: It cannot be written; nothing of it is left behind.
    """
    copy = path.with_name(f".{path.name[:100]}.{uuid4().hex}{ENDING}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with copy.open("xb") as file:
            if fcntl is not None:
                with suppress(OSError):  # a filesystem without locks
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield file
            file.flush()
            os.fsync(file.fileno())
        copy.replace(path)
    except FileNotFoundError as error:
        raise StoreError(f"{path} cannot be written: its folder is gone") from error
    except OSError as error:
        raise not_written(path, error) from error
    finally:
        with suppress(OSError):
            copy.unlink()


def sweep(folder: Path, name: str = "") -> None:
    """Remove what writers that were killed have left in a folder.

    Args:
        folder: Where to look; others' hidden files may be in it.
        name: Of the file that they were writing; without it, all that is hidden and ends alike.
    """
    start = f".{name[:100]}." if name else "."
    with suppress(OSError), os.scandir(folder) as entries:
        left = [
            Path(entry.path)
            for entry in entries
            if entry.name.startswith(start) and entry.name.endswith(ENDING)
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
