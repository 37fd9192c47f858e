"""Where a command may write: looked at before anything is read or computed."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TypeVar

from gliobench.domain.errors import GliobenchError, InvalidInputError
from gliobench.domain.files.disk import not_written
from gliobench.domain.messages import shown

PlaceT = TypeVar("PlaceT", str, str | None)


def output_folder(place: PlaceT) -> PlaceT:
    """Check the folder or URL that a command writes to; it need not be there yet.

    Raises:
        InvalidInputError: It is empty, or the root of the file system.
        JobError: A file is in its way.
        StoreError: It cannot be written.
    """
    return _checked(place, folder=True)


def local_folder(place: PlaceT) -> PlaceT:
    """Check the folder that a command writes to, which must be of this machine.

    Raises:
        InvalidInputError: It is a URL, is empty, or the root of the file system.
        JobError: A file is in its way.
        StoreError: It cannot be written.
    """
    return _checked(place, folder=True, local=True)


def output_file(place: PlaceT) -> PlaceT:
    """Check the file of this machine that a command writes; it need not be there yet.

    Raises:
        InvalidInputError: It is a URL, is empty, the root of the file system, or a device.
        JobError: A folder is there, or a file is in its way.
        StoreError: It cannot be written.
    """
    return _checked(place, folder=False, local=True)


def output_file_or_url(place: str) -> str:
    """Check the file or URL that a command writes; errors as of `output_file`, but for a URL."""
    return _checked(place, folder=False)


def _checked(place: PlaceT, *, folder: bool, local: bool = False) -> PlaceT:
    if place is None or ("://" in place.removeprefix("file://") and not local):
        return place
    wanted = {True: "a folder", False: "a file"}[folder] + (
        " of this machine" if local else " or a URL"
    )
    if local and "://" in place:
        raise InvalidInputError(f"output {shown(place)}: wanted {wanted}")
    if not place.strip():  # to Path it would be the working folder
        raise InvalidInputError(f"output {shown(place)}: wanted {wanted}")
    path = Path(place.removeprefix("file://"))
    try:
        _check_path(path, folder=folder)
    except GliobenchError:
        raise
    except OSError as error:
        raise not_written(path, error) from error
    except (ValueError, RuntimeError) as error:  # a NUL; a loop of links, before Python 3.13
        raise InvalidInputError(f"output {shown(place)}: {error}: wanted {wanted}") from error
    return place


def _check_path(path: Path, *, folder: bool) -> None:
    whole = path.resolve()
    if whole == Path(whole.anchor):
        raise InvalidInputError(
            f"output {path}: the root of the file system: wanted a folder in it"
        )
    if whole.exists() and whole.is_dir() is not folder:
        raise OSError(*_fault(errno.ENOTDIR if folder else errno.EISDIR))
    if whole.exists() and not folder and not whole.is_file():  # it would be replaced by a file
        raise InvalidInputError(f"output {path}: a device or a pipe is there: wanted a file")
    there = next(item for item in (whole, *whole.parents) if os.path.lexists(item))
    if there != whole and not there.is_dir():
        raise OSError(*_fault(errno.ENOTDIR))
    if not os.access(there, os.W_OK):
        raise OSError(*_fault(_why_not(there)))


def _why_not(path: Path) -> int:
    read_only = bool(os.statvfs(path).f_flag & getattr(os, "ST_RDONLY", 0))
    return errno.EROFS if read_only else errno.EACCES


def _fault(number: int) -> tuple[int, str]:
    return number, os.strerror(number)
