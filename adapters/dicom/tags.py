"""Values of DICOM tags."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Callable, Sequence
from typing import TypeVar

from pydicom import Dataset, config

from gliobench.domain.errors import InvalidInputError

T = TypeVar("T")
_LONGEST_TEXT = 1024
_LOGGER = logging.getLogger("pydicom")


def grouped(
    dataset: Dataset,
    groups: Sequence[Dataset],
    path: tuple[str, str],
    read: Callable[[Dataset, str], T | None],
) -> T | None:
    """Look a value up in a frame's own groups, then in the shared ones, then in the file."""
    sequence, name = path
    for group in groups:
        item = first_item(group, sequence)
        if item is not None and (value := read(item, name)) not in (None, ""):
            return value
    return read(dataset, name) or None


def first_item(dataset: Dataset | None, sequence: str) -> Dataset | None:
    """Return the first item of a sequence; None where it is absent or empty."""
    items = None if dataset is None else dataset.get(sequence)
    return items[0] if items else None


def text_of(dataset: Dataset, name: str) -> str:
    """Return a value as text, several of them with backslashes between; empty where it is absent."""
    value = dataset.get(name)
    if value is None:
        return ""
    parts = value if not isinstance(value, str) and isinstance(value, Sequence) else [value]
    return "\\".join(map(str, parts))[:_LONGEST_TEXT].strip("\0 ")


def values_in(text: str) -> tuple[str, ...]:
    """Split a text into its values, in capitals."""
    return tuple(part.strip().upper() for part in text.split("\\") if part.strip())


def number_of(dataset: Dataset, name: str) -> float | None:
    """Return the first number of a tag; None where it is absent."""
    values = floats_of(dataset, name)
    return values[0] if values else None


def floats_of(dataset: Dataset, name: str) -> tuple[float, ...] | None:
    """Return the numbers of a tag; None where it is absent.

    Raises:
        InvalidInputError: One is not finite.
    """
    value = dataset.get(name)
    if value is None or value == "":
        return None
    parts = value if not isinstance(value, str) and hasattr(value, "__iter__") else [value]
    numbers = tuple(float(part) for part in parts)
    if not all(map(math.isfinite, numbers)):
        raise InvalidInputError(f"an image whose {name} is not finite")
    return numbers or None


def silence_pydicom() -> None:
    """Have pydicom neither warn nor log, whatever filters others have set since."""
    warnings.filterwarnings("ignore", module=r"pydicom\.")
    config.settings.reading_validation_mode = config.IGNORE
    _LOGGER.propagate = False
    _LOGGER.setLevel(logging.CRITICAL + 1)
