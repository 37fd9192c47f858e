"""Small files that say one thing of each study or patient."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from pydantic import NonNegativeInt, TypeAdapter

from gliobench.domain.files.documents import read_document, read_file

T = TypeVar("T")

_REASONS: TypeAdapter[Mapping[str, str]] = TypeAdapter(Mapping[str, str])
_FOLDS: TypeAdapter[Mapping[str, int]] = TypeAdapter(Mapping[str, NonNegativeInt])


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
