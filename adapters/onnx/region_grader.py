"""A region grader in a folder of weights."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from pathlib import Path

from pydantic import TypeAdapter

from gliobench.domain.errors import BackendError
from gliobench.domain.files.documents import read_document, read_file
from gliobench.domain.networks.region_grader import RegionGrader

_FORM = TypeAdapter(RegionGrader)


def read_region_grader(path: Path) -> tuple[RegionGrader, str]:
    """Read a grader as `RegionGrader.to_json` wrote it, and hash its file.

    Raises:
        BackendError: The file cannot be read, is no region grader, or is one of another version.
    """
    content = read_file(path, name=f"weights {path}", raises=BackendError)
    grader = read_document(
        partial(_FORM.validate_json, strict=True),
        content,
        name=f"{path}: region grader cannot be read",
        raises=BackendError,
    )
    return grader, sha256(content).hexdigest()
