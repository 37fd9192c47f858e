"""One picture in a PNG file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError

MAX_EDGE = 4096
"""Maximum edge of a picture in pixels: a file may declare more than fits into memory."""
GREY = ("1", "L", "I;16")
"""Pillow's modes with one integer channel: 1, 8 and 16 bits."""
_COLOURED = ("LA", "P", "PA", "RGB", "RGBA")


def picture_shape(path: DatasetPath) -> tuple[int, int]:
    """Read a grey picture's rows and columns from its header.

    Raises:
        FaultyStudyError: The file is missing, not a grey PNG, or too large.
    """
    with _opened(path) as image:
        return image.height, image.width


def read_picture(path: DatasetPath) -> NDArray[np.float32]:
    """Read a picture.

    Returns:
        (rows, columns) float32, grey levels as stored.

    Raises:
        FaultyStudyError: The file is missing, not a grey PNG, too large, or damaged.
    """
    with _opened(path) as image:
        try:
            return np.asarray(image).astype(np.float32)
        except (OSError, SyntaxError) as error:  # Pillow's errors on damaged PNGs
            raise FaultyStudyError(FaultKind.TRUNCATED, f"{path}: {error}") from error


def read_channels(path: DatasetPath) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Read a picture that may have colours and transparency.

    Returns:
        (rows, columns, 1 or 3) float32, grey levels or red, green and blue; and (rows, columns)
        float32, the opacity.

    Raises:
        FaultyStudyError: The file is missing, not a PNG, too large, or damaged.
    """
    with _opened(path, (*GREY, *_COLOURED)) as image:
        try:
            shown = image if image.mode in GREY else image.convert("RGBA")
            values = np.atleast_3d(np.asarray(shown).astype(np.float32))
        except (OSError, SyntaxError, ValueError) as error:
            raise FaultyStudyError(FaultKind.TRUNCATED, f"{path}: {error}") from error
    if values.shape[-1] == 1:
        return values, np.ones(values.shape[:2], dtype=np.float32)
    return values[..., :3], values[..., 3]


def picture_bytes(path: DatasetPath) -> bytes:
    """Read the file's bytes.

    Raises:
        FaultyStudyError: The file is missing or cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise FaultyStudyError(FaultKind.UNREADABLE, f"{path}: {error.strerror}") from error


@contextmanager
def _opened(path: DatasetPath, modes: tuple[str, ...] = GREY) -> Iterator[Image.Image]:
    try:
        with path.open("rb") as file, Image.open(file, formats=["PNG"]) as image:
            _check(path, image, modes)
            yield image
    except FaultyStudyError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise FaultyStudyError(FaultKind.UNREADABLE, f"{path}: no PNG: {error}") from error


def _check(path: DatasetPath, image: Image.Image, modes: tuple[str, ...]) -> None:
    if image.mode not in modes or max(image.size) > MAX_EDGE:
        raise FaultyStudyError(
            FaultKind.UNREADABLE,
            f"{path}: {image.width} x {image.height} pixels of mode {image.mode}: "
            f"wanted grey, up to {MAX_EDGE} a side",
        )
