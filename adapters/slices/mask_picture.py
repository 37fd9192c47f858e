"""The reference mask of a slice in a PNG file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliobench.adapters.slices.picture_file import read_channels
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError

_LABELS_UP_TO = 10
"""Grey levels up to this are labels, not artefacts of lossy compression."""
_BETWEEN = (0.1, 0.9)
"""Share of the maximum: levels outside are neither background nor tumour. JPEG artefacts are smaller."""
_MOST_BETWEEN = 0.1
"""Share of the pixels: the blurred outline of a tumour has fewer, an image of a head more."""


@dataclass(frozen=True, slots=True)
class MaskPicture:
    """A mask as it was read.

    Args:
        tumour: (rows, columns) bool.
        note: How it was thresholded, in one line; empty if it has two values.
    """

    tumour: BoolArray
    note: str = ""


def read_mask(path: DatasetPath) -> MaskPicture:
    """Read a mask: the higher of two values is the tumour; there is none where all are 0.

    A mask after JPEG compression or interpolation is thresholded at half of its maximum, with a note.

    Raises:
        FaultyStudyError: It cannot be read, or is not a mask: an image, a map of several labels or a
            picture in colours.
    """
    values = _one_channel(path)
    levels = np.unique(values)
    if levels.size > 2:
        _check_is_mask(path, values, levels)
        half = levels[-1] / 2
        note = f"{path}: {levels.size} grey levels, cut at half of the maximum, {half:g}"
        return MaskPicture(values > half, note)
    note = f"{path}: the lower of its two values is {levels[0]:g}, not 0" if levels[0] else ""
    return MaskPicture((values == levels[-1]) & (values > 0), note)


def _one_channel(path: DatasetPath) -> NDArray[np.float32]:
    """Return the picture as grey levels; colours and transparency are used only if they form the mask.

    Returns:
        (rows, columns) float32, ≥ 0.
    """
    colours, opacity = read_channels(path)
    if opacity.min() < opacity.max():
        is_one_colour = bool((colours == colours[0, 0]).all())
        if is_one_colour or not colours[opacity > 0].any():
            return opacity
        colours = colours * (opacity / opacity.max())[..., None]
    channels = [colours[..., at] for at in range(colours.shape[-1])]
    used = [channel for channel in channels if channel.any()] or channels
    if all(np.array_equal(channel, used[0]) for channel in used):
        return used[0]
    codes = np.rint(colours) @ np.array([2**16, 2**8, 1], dtype=np.float32)
    if np.unique(codes).size > 2 or codes.all():
        raise _no_mask(path, "holds several colours")
    return np.asarray(colours.max(axis=-1))


def _check_is_mask(
    path: DatasetPath, values: NDArray[np.float32], levels: NDArray[np.float32]
) -> None:
    low, high = (part * levels[-1] for part in _BETWEEN)
    between = (values > low) & (values < high)
    if levels[-1] <= _LABELS_UP_TO or _has_patch(values, between):
        shown = ", ".join(f"{level:g}" for level in levels[:8])
        raise _no_mask(path, f"holds several labels, grey levels {shown}")
    if between.mean() > _MOST_BETWEEN:
        raise _no_mask(path, f"is an image: {between.mean():.0%} of its pixels are between")


def _has_patch(values: NDArray[np.float32], where: BoolArray) -> bool:
    """Return whether a square of 3 x 3 pixels is constant, which a blurred outline never is."""
    if min(values.shape) < 3:
        return False
    squares = np.lib.stride_tricks.sliding_window_view(values, (3, 3))
    same = squares.min(axis=(2, 3)) == squares.max(axis=(2, 3))
    return bool((same & where[1:-1, 1:-1]).any())


def _no_mask(path: DatasetPath, why: str) -> FaultyStudyError:
    return FaultyStudyError(
        FaultKind.UNKNOWN_LABEL, f"{path}: {why}: wanted a mask of two values, 0 and the tumour's"
    )
