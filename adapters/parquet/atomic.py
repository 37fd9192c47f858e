"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gliobench.domain.errors import JobError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a name to write under, and put what was written in the place of `path` at the end.

    A process killed in between leaves a hidden `.tmp` file, which no reader looks at.

    Raises:
        JobError: The disk is full, or the folder cannot be written; `path` is as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise JobError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
