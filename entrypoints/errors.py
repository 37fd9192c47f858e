"""How an error reaches the user: one line, and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from gliobench.domain.errors import GliobenchError


@contextmanager
def reported_errors() -> Iterator[None]:
    """Turn an error of ours into one line on stderr and exit code 1; a bug keeps its traceback."""
    try:
        yield
    except GliobenchError as error:
        sys.stderr.write(f"error: {' '.join(str(error).split())}\n")
        raise SystemExit(1) from error
