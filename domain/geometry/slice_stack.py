"""Volumes from parallel slices that are placed one by one, as in DICOM."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import SAME_PLACE_VOX, Grid
from gliobench.domain.geometry.placed_slices import LPS_TO_RAS, PlacedSlices

_UNEVEN = 0.05
"""Share of the distance of slices by which it may vary, because positions are rounded."""
_ROUNDING_MM = 0.02


class MissingSliceError(InvalidInputError):
    """A slice is missing between others."""


@dataclass(frozen=True, slots=True)
class SliceStack:
    """Where slices lie in a volume.

    Args:
        grid: Its axes are the columns, the rows and the slices of the images.
        order: Index of the image of each slice.
        repeats: Indices of images at the place of another one: that one, and the repeated one.
    """

    grid: Grid
    order: tuple[int, ...]
    repeats: tuple[tuple[int, int], ...]


def stack_slices(slices: PlacedSlices) -> SliceStack:
    """Sort slices by their place and find the grid that they lie on.

    Raises:
        MissingSliceError: There is a gap between slices.
        InvalidInputError: There are fewer than two places, or the slices do not lie behind each other.
    """
    directions, spacing_mm = slices.directions, slices.spacing_mm
    normal = np.cross(directions[0], directions[1])
    places = _places(slices.positions_mm @ normal)
    order = [place[0] for place in places]
    ordered = slices.positions_mm[order]
    step = _step(ordered, normal)
    affine = np.eye(4)
    affine[:3, :3] = np.column_stack(
        [directions[0] * spacing_mm[1], directions[1] * spacing_mm[0], step]
    )
    affine[:3, 3] = ordered[0]
    rows, columns = slices.shape
    grid = Grid(shape=(columns, rows, len(order)), affine=LPS_TO_RAS @ affine)
    _check_straight(ordered, step, min(*spacing_mm, float(np.linalg.norm(step))))
    repeats = [(first, other) for first, *others in places for other in others]
    return SliceStack(grid, tuple(order), tuple(repeats))


def _places(heights: NDArray[np.float64]) -> list[list[int]]:
    """Group images by their height along the normal, in ascending order."""
    places: list[list[int]] = []
    last = -np.inf
    for index in np.argsort(heights, kind="stable").tolist():
        if heights[index] - last <= _ROUNDING_MM:
            places[-1].append(index)
        else:
            places.append([index])
            last = heights[index]
    if len(places) < 2:
        raise InvalidInputError(f"{len(places)} place of slices: wanted a volume")
    return places


def _step(ordered: NDArray[np.float64], normal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the vector from slice to slice."""
    steps = np.diff(ordered @ normal)
    usual = float(np.median(steps))
    allowed = max(_UNEVEN * usual, _ROUNDING_MM)
    if (wide := float(steps.max())) > usual + allowed:
        missing = round(wide / usual) - 1
        raise MissingSliceError(
            f"a gap of {wide:.4g} mm between slices {int(steps.argmax()) + 1} and "
            f"{int(steps.argmax()) + 2} of {len(ordered)}, where others are {usual:.4g} mm apart"
            + f": about {missing} missing"
            * (missing > 0)
        )
    if (narrow := float(steps.min())) < usual - allowed:
        raise InvalidInputError(
            f"slices {narrow:.4g} mm apart, where others are {usual:.4g} mm apart"
        )
    step: NDArray[np.float64] = (ordered[-1] - ordered[0]) / (len(ordered) - 1)
    return step


def _check_straight(
    ordered: NDArray[np.float64], step: NDArray[np.float64], smallest_mm: float
) -> None:
    on_line = ordered[0] + np.arange(len(ordered))[:, None] * step
    apart = float(np.linalg.norm(ordered - on_line, axis=1).max())
    if apart > SAME_PLACE_VOX * smallest_mm:
        raise InvalidInputError(
            f"slices are up to {apart:.3g} mm beside each other: wanted a straight stack"
        )
