"""Errors on their way from a worker to whoever waits for it."""

from __future__ import annotations

from traceback import format_exception

from gliobench.domain.errors import (
    BackendError,
    InvalidInputError,
    JobError,
    NotFoundError,
    StoreError,
)

KINDS = (StoreError, JobError, InvalidInputError, NotFoundError, BackendError)


def portable(error: BaseException) -> Exception:
    """Make of an error one that can be pickled: ours keeps its kind and text, a bug its traceback."""
    for kind in KINDS:
        if isinstance(error, kind):
            return kind(str(error))
    return RuntimeError("in a worker:\n" + "".join(format_exception(error)))
