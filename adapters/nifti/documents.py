"""Small documents of a dataset: JSON as its reader wants it."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel

from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.documents import read_document

LARGEST_BYTES = 2**24
"""Of such a document; one that lists a hundred thousand files fits."""
Document = TypeVar("Document", bound=BaseModel)


def read_json(path: DatasetPath, form: type[Document]) -> Document:
    """Read a document, no more of it than it may have.

    Raises:
        InvalidInputError: It cannot be read, or is no such document.
    """
    try:
        if not path.is_file():  # opening a pipe would wait for ever
            raise InvalidInputError(f"{path}: there is no such file")
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise InvalidInputError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(content) > LARGEST_BYTES:
        raise InvalidInputError(f"{path}: wanted a document of at most {LARGEST_BYTES} bytes")
    text = content.removeprefix(b"\xef\xbb\xbf")
    return read_document(form.model_validate_json, text, name=str(path))
