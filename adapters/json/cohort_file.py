"""Files about cohorts: a frozen one, studies to leave out, and folds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, NonNegativeInt, TypeAdapter

from gliobench.application.datasets.frozen_cohort import content_hash
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.documents import read_document, read_file
from gliobench.domain.studies.cohort import Cohort

_FORM = TypeAdapter(Cohort)
T = TypeVar("T")
_REASONS: TypeAdapter[Mapping[str, str]] = TypeAdapter(Mapping[str, str])
_FOLDS: TypeAdapter[Mapping[str, int]] = TypeAdapter(Mapping[str, NonNegativeInt])


class _Sealed(BaseModel):
    """The file: a cohort, and the hash of all its values."""

    model_config = ConfigDict(extra="allow", strict=True)

    sha256: str


def read_cohort(content: bytes, *, file: str) -> Cohort:
    """Read a frozen cohort.

    The hash is of the values: indentation and the order of keys do not matter.

    Args:
        content: As `freeze` wrote it.
        file: Its name, for messages.

    Raises:
        InvalidInputError: It is no frozen cohort, or was changed after it was frozen.
    """
    return read_document(_opened, content, name=f"{file} is not a frozen cohort")


def _opened(content: bytes) -> Cohort:
    sealed = _Sealed.model_validate_json(content)
    values = sealed.model_extra or {}
    cohort = _FORM.validate_json(json.dumps(values), strict=True, extra="forbid")
    if (found := content_hash(values)) != sealed.sha256:
        raise InvalidInputError(
            f"cohort {cohort.name} was changed after it was frozen: its sha256 is {found}, wanted "
            f"{sealed.sha256}"
        )
    return cohort


def read_exclusions(path: Path) -> Mapping[str, str]:
    """Read why studies should be left out, by their ids, as `dataset verify --quarantine` wrote.

    Raises:
        InvalidInputError: The file cannot be read, or is no such list.
    """
    return _read(_REASONS, path, "is not a JSON object of reasons by study")


def read_folds(path: Path) -> Mapping[str, int]:
    """Read the folds of a training run, by patient.

    Raises:
        InvalidInputError: The file cannot be read, or is no such list.
    """
    return _read(_FOLDS, path, "is not a JSON object of folds by patient")


def _read(form: TypeAdapter[T], path: Path, wanted: str) -> T:
    return read_document(
        partial(form.validate_json, strict=True), read_file(path), name=f"{path} {wanted}"
    )
