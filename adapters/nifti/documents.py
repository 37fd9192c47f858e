"""Small documents of a dataset: JSON as its reader wants it."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel

from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.files.documents import read_document, read_file

LARGEST_BYTES = 2**24
"""Of such a document; one that lists a hundred thousand files fits."""
Document = TypeVar("Document", bound=BaseModel)


def read_json(path: DatasetPath, form: type[Document]) -> Document:
    """Read a document, no more of it than it may have.

    Raises:
        InvalidInputError: It cannot be read, or is no such document.
    """
    content = read_file(path, most_bytes=LARGEST_BYTES)
    text = content.removeprefix(b"\xef\xbb\xbf")
    return read_document(form.model_validate_json, text, name=str(path))
