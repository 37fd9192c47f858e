"""Paths and URLs that callers in Python give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike, fsdecode
from pathlib import Path
from typing import TypeAlias

from gliobench.domain.errors import InvalidInputError

Place: TypeAlias = str | PathLike[str]
Files: TypeAlias = Place | Mapping[str, Place]
"""A folder or URL, or files by modality."""
Runs: TypeAlias = Place | Sequence[Place] | Mapping[str, Place]
"""Folders or URLs of runs, or those of `Report.runs`."""


def as_text(place: Place) -> str:
    """Return a path or URL as text.

    Raises:
        InvalidInputError: It is neither, such as an image that was loaded by another library.
    """
    try:
        return fsdecode(place)
    except TypeError as error:
        raise InvalidInputError(f"{type(place).__name__}: wanted a path or a URL") from error


def as_texts(places: Runs) -> list[str]:
    """Return one or several paths or URLs as texts; errors as of `as_text`."""
    if isinstance(places, Mapping):
        return as_texts(list(places.values()))
    return [
        as_text(place) for place in ([places] if isinstance(places, str | PathLike) else places)
    ]


def with_texts(value: object) -> object:
    """Return a setting with texts in the place of paths, also of those in its tables."""
    if isinstance(value, Mapping):
        return {name: with_texts(item) for name, item in value.items()}
    return as_text(value) if isinstance(value, PathLike) else value


def whole(files: Files) -> Files:
    """Return places that another working folder finds, too."""
    if isinstance(files, Mapping):
        return {name: Path(as_text(file)).absolute() for name, file in files.items()}
    return path.absolute() if (path := Path(as_text(files))).exists() else files
