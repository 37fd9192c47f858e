"""A frozen cohort's file."""

from __future__ import annotations

import json

from pydantic import BaseModel, ConfigDict, TypeAdapter

from gliobench.application.datasets.frozen_cohort import content_hash
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.documents import read_document
from gliobench.domain.studies.cohort import Cohort

_FORM = TypeAdapter(Cohort)


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
