"""What a disk refuses, told and ended alike wherever something is written."""

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
"""No file can lie there, today or tomorrow."""


def is_of_the_name(error: BaseException) -> bool:
    """Tell whether no file can ever lie where one was wanted."""
    return isinstance(error, OSError) and error.errno in _OF_THE_NAME


def not_written(place: object, error: OSError) -> JobError:
    """Say that a file cannot be written.

    Returns:
        A StoreError where room or a permission is wanting, which may be there later; a JobError
        where the place itself is wrong.
    """
    reason = f"{place} cannot be written: {error.strerror or error}"
    return JobError(f"{reason}: choose another place") if _is_lasting(error) else StoreError(reason)


def failed(error: OSError) -> JobError:
    """Name the file that an operating system's error is about.

    Returns:
        A JobError where the file is not there or can never be; else a StoreError.
    """
    what = error.strerror or str(error)
    reason = f"{error.filename}: {what}" if error.filename else f"a file or stdout: {what}"
    return JobError(reason) if _is_lasting(error) else StoreError(reason)


def _is_lasting(error: OSError) -> bool:
    return is_of_the_name(error) or isinstance(error, FileNotFoundError)
