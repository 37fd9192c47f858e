"""Translation of the operating system's errors on files into gliobench's."""

from __future__ import annotations

import errno

from gliobench.domain.errors import JobError, StoreError

_OF_THE_NAME = frozenset(
    {
        errno.EEXIST,
        errno.EILSEQ,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.ENODEV,
        errno.ENOTDIR,
        errno.ENXIO,
    }
)
"""Errors that mean that a file can never be written to a place."""


def is_of_the_name(error: BaseException) -> bool:
    """Return whether a file can never be written to the place."""
    return isinstance(error, OSError) and error.errno in _OF_THE_NAME


def not_written(place: object, error: OSError) -> JobError:
    """Translate an error of writing a file.

    Returns:
        A StoreError if space or a permission is missing, which may change; a JobError if the place
        itself is invalid.
    """
    reason = f"{place} cannot be written: {error.strerror or error}"
    return JobError(f"{reason}: choose another place") if _is_lasting(error) else StoreError(reason)


def failed(error: OSError) -> JobError:
    """Translate an error of the operating system on a file.

    Returns:
        A JobError if the file does not exist or cannot exist; otherwise a StoreError.
    """
    what = error.strerror or str(error)
    reason = f"{error.filename}: {what}" if error.filename else f"a file or stdout: {what}"
    return JobError(reason) if _is_lasting(error) else StoreError(reason)


def _is_lasting(error: OSError) -> bool:
    return is_of_the_name(error) or isinstance(error, FileNotFoundError)
