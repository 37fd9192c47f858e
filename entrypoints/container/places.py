"""Places as on the command line: folders and files, of this machine or of a store."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from gliobench.application.ports.dataset_path import DatasetPath

OpenPath: TypeAlias = Callable[[str], DatasetPath]
"""Opens a folder."""


def split_place(place: str) -> tuple[str, str]:
    """Return the folder of a file, and its name in it."""
    name = place.rpartition("/")[-1]
    return place.removesuffix(name) or ".", name


def file_at(place: str, open_path: OpenPath) -> DatasetPath:
    """Return a file, which need not be there."""
    folder, slash, name = place.rpartition("/")
    return open_path(folder or slash or ".") / name
