"""Files of JSON that a user names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gliobench.domain.studies.cohort import Cohort


def read_cohort(content: bytes, *, file: str) -> Cohort:
    """Read a frozen cohort.

    Raises:
        InvalidInputError: It is no frozen cohort, or was changed after it was frozen.
    """
    from gliobench.adapters.json import read_cohort as read

    return read(content, file=file)


def read_exclusions(path: Path) -> Mapping[str, str]:
    """Read why studies should be left out, by their ids.

    Raises:
        InvalidInputError: The file cannot be read, or is no such list.
    """
    from gliobench.adapters.json import read_exclusions as read

    return read(path)


def read_folds(path: Path) -> Mapping[str, int]:
    """Read the folds of a training run, by patient.

    Raises:
        InvalidInputError: The file cannot be read, or is no such list.
    """
    from gliobench.adapters.json import read_folds as read

    return read(path)
