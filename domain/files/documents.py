"""Validated reading of documents: manifests, settings and other structured files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from io import BufferedReader
from typing import Any, Literal, Protocol, TypeVar

from gliobench.domain.errors import GliobenchError, InvalidInputError
from gliobench.domain.messages import did_you_mean, shown

T = TypeVar("T")

LARGEST_BYTES = 2**28
"""Maximum size of a document; a manifest with three million patients fits."""


class Readable(Protocol):
    """A file of this machine or of a store; pathlib's `Path` is one."""

    def is_file(self) -> bool: ...  # noqa: D102 -- these are pathlib's
    def open(self, mode: Literal["rb"]) -> BufferedReader: ...  # noqa: D102


def read_file(
    path: Readable,
    *,
    name: str = "",
    most_bytes: int = LARGEST_BYTES,
    raises: type[GliobenchError] = InvalidInputError,
) -> bytes:
    """Read a file, no more of it than it may have.

    Args:
        path: Of the file.
        name: What messages call it; its path, where there is none.
        most_bytes: That it may have.
        raises: The class of the error to raise.

    Raises:
        GliobenchError: `raises`, if there is no such file, or it is too large or cannot be read.
    """
    name = name or str(path)
    try:
        if not path.is_file():  # opening a pipe would wait for ever
            raise raises(f"{name}: cannot be read: there is no such file")
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise raises(f"{name}: cannot be read: {error.strerror or error}") from error
    if len(content) > most_bytes:
        raise raises(f"{name}: wanted at most {most_bytes} bytes")
    return content


def read_document(
    parse: Callable[[bytes], T],
    content: bytes,
    *,
    name: str,
    raises: type[GliobenchError] = InvalidInputError,
) -> T:
    """Read a document, or report the first invalid field in one line.

    Args:
        parse: Validates the content; raises a ValueError, which may list its faults by `errors` as
            pydantic's does.
        content: The content of the file.
        name: Kind and location of the document, for messages.
        raises: The class of the error to raise.

    Raises:
        GliobenchError: `raises`, if the document is too large or invalid.
    """
    if len(content) > LARGEST_BYTES:
        raise raises(f"{name}: {len(content)} bytes: wanted at most {LARGEST_BYTES}")
    try:
        return parse(content)
    except ValueError as error:
        raise raises(f"{name}: {first_fault(error)}") from error


def first_fault(error: ValueError) -> str:
    """Describe the first fault of a document: the field, the actual and the expected value."""
    faults: list[Mapping[str, Any]] = getattr(error, "errors", lambda **_: [])(include_url=False)
    if not faults:
        return str(error)
    fault = faults[0]
    field = ".".join(str(part) for part in fault["loc"])
    what: str = fault["msg"].removeprefix("Value error, ")
    match fault["type"]:
        case "json_invalid":
            return what
        case "missing" | "missing_argument":
            return f"{field} is missing"
        case "extra_forbidden" | "unexpected_keyword_argument":
            return f"{field}: there is no such field in this version"
    return f"{field}: got {shown(fault['input'])}: {what}" if field else what


def read_options(
    parse: Callable[[Mapping[str, object]], T],
    options: Mapping[str, object],
    *,
    table: str,
    known: Iterable[str],
) -> T:
    """Read a table of options, or report the first wrong one in one line.

    Args:
        parse: Validates them, as pydantic's `model_validate`.
        options: By name.
        table: Its name, for messages.
        known: The options that there are.

    Raises:
        InvalidInputError: There is no such option, or it has a wrong value.
    """
    try:
        return parse(dict(options))
    except ValueError as error:
        raise InvalidInputError(_option_fault(error, table, list(known))) from error


def _option_fault(error: ValueError, table: str, known: list[str]) -> str:
    errors: Any = getattr(error, "errors", None)
    fault: Mapping[str, Any] = errors(include_url=False)[0]
    option = ".".join([table, *map(str, fault["loc"])])
    match fault["type"]:
        case "missing":
            return f"{option}: is missing"
        case "extra_forbidden":
            meant = did_you_mean(str(fault["loc"][-1]), known)
            return f"{option}: there is no such option: wanted one of {', '.join(known)}{meant}"
    return f"{option}: got {shown(fault['input'])}: {fault['msg'].removeprefix('Value error, ')}"
