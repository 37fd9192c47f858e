import errno
import os

import pytest

from gliobench.domain.errors import JobError, StoreError
from gliobench.domain.files.disk import failed, not_written


def _error(number: int, name: str | None = None) -> OSError:
    return OSError(number, os.strerror(number), name)


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EPERM, errno.EDQUOT, errno.EIO]
)
def test_a_disk_that_is_full_or_closed_may_take_the_file_later(number: int) -> None:
    assert isinstance(not_written("run", _error(number)), StoreError)
    assert isinstance(failed(_error(number, "run")), StoreError)


@pytest.mark.parametrize("number", [errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP])
def test_where_no_file_can_lie_another_place_is_wanted(number: int) -> None:
    error = not_written("run", _error(number))

    assert not isinstance(error, StoreError)
    assert str(error) == f"run cannot be written: {os.strerror(number)}: choose another place"


def test_a_file_that_is_not_there_will_not_be_there_later() -> None:
    error = failed(_error(errno.ENOENT, "a.json"))

    assert type(error) is JobError
    assert str(error) == "a.json: No such file or directory"
