"""Reorientation of volumes: the same voxels with swapped or reversed axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Box3D, Grid, Plane, ScalarT, Voxel


def canonical(grid: Grid) -> Grid:
    """Return the RAS+ grid of the same voxels: axis i runs closest to right, j to anterior, k to superior.

    An oblique grid stays oblique: nothing is interpolated. Axes are assigned as in nibabel's
    `as_closest_canonical`: shear is removed first, and if several axes compete for one direction, the
    one closest to any direction gets it. Half-way between two directions the choice is arbitrary; a
    grid that is already RAS+ is returned unchanged.
    """
    return _turned(grid, _turn_to_ras(grid))


def turned_like(grid: Grid, model: Grid) -> Grid:
    """Return the grid of the same voxels whose axes match those of another as closely as possible.

    Two files with nearly the same affine may fall on either side of 45 degrees, where `canonical`
    gives them different axes.
    """
    return _turned(grid, _nearest_turn(grid, model) or _turn_to_ras(grid))


def reorient(array: NDArray[ScalarT], *, source: Grid, target: Grid) -> NDArray[ScalarT]:
    """Convert an array from one grid to another of the same voxels.

    Args:
        array: (I, J, K) on `source`.
        source: The grid of the array.
        target: `source` with its axes swapped or reversed, e.g. `canonical(source)`.

    Returns:
        A view of `array` in the shape of `target`.

    Raises:
        InvalidInputError: The array does not fit `source`, or the grids have different voxels.
    """
    if array.shape != source.shape:
        raise InvalidInputError(f"array of shape {array.shape} is not on a grid of {source.shape}")
    turn = _turn_between(source, target)
    reversed_axes = tuple(axis for axis in range(3) if turn.reverses[axis])
    return np.flip(array.transpose(turn.axes), axis=reversed_axes)


def reorient_voxel(voxel: Voxel, *, source: Grid, target: Grid) -> Voxel:
    """Convert a continuous voxel coordinate from one grid to another of the same voxels.

    Raises:
        InvalidInputError: The grids have different voxels.
    """
    turn = _turn_between(source, target)
    i, j, k = (
        target.shape[axis] - 1 - voxel[turn.axes[axis]]
        if turn.reverses[axis]
        else voxel[turn.axes[axis]]
        for axis in range(3)
    )
    return i, j, k


def reorient_box(box: Box3D, *, source: Grid, target: Grid) -> Box3D:
    """Convert a box of voxels from one grid to another of the same voxels.

    Raises:
        InvalidInputError: The grids have different voxels, or the box extends beyond them.
    """
    last = tuple(stop - 1 for stop in box.stop)
    if any(index >= length for index, length in zip(last, source.shape, strict=True)):
        raise InvalidInputError(f"box up to {box.stop} reaches out of a grid of {source.shape}")
    one = reorient_voxel(box.start, source=source, target=target)
    other = reorient_voxel((last[0], last[1], last[2]), source=source, target=target)
    start_i, start_j, start_k = (int(min(ends)) for ends in zip(one, other, strict=True))
    stop_i, stop_j, stop_k = (int(max(ends)) + 1 for ends in zip(one, other, strict=True))
    return Box3D(start=(start_i, start_j, start_k), stop=(stop_i, stop_j, stop_k))


def reorient_plane(plane: Plane, *, source: Grid, target: Grid) -> tuple[int, int]:
    """Find a plane of one grid on another of the same voxels.

    Returns:
        The axis of `target` that the plane is perpendicular to, and its index along it.

    Raises:
        InvalidInputError: The grids have different voxels.
    """
    turn = _turn_between(source, target)
    axis = turn.axes.index(int(plane.axis))
    return axis, target.shape[axis] - 1 - plane.index if turn.reverses[axis] else plane.index


def axis_codes(grid: Grid) -> str:
    """Name the direction in which each axis of a grid runs, e.g. `LPS`: to left, posterior, superior.

    Of an oblique grid they are the closest directions.
    """
    turn = _turn_to_ras(grid)
    named = {
        axis: "RAS"[world] if not turn.reverses[world] else "LPI"[world]
        for world, axis in enumerate(turn.axes)
    }
    return "".join(named[axis] for axis in range(3))


@dataclass(frozen=True, slots=True)
class _Turn:
    """For each target axis: the corresponding source axis, and whether it is reversed."""

    axes: tuple[int, int, int]
    reverses: tuple[bool, bool, bool]


def _turned(grid: Grid, turn: _Turn) -> Grid:
    to_source = np.zeros((4, 4))
    to_source[3, 3] = 1.0
    for axis, (was, reverse) in enumerate(zip(turn.axes, turn.reverses, strict=True)):
        to_source[was, axis] = -1.0 if reverse else 1.0
        to_source[was, 3] = grid.shape[was] - 1 if reverse else 0.0
    i, j, k = (grid.shape[was] for was in turn.axes)
    return Grid(shape=(i, j, k), affine=grid.affine @ to_source)


def _turn_to_ras(grid: Grid) -> _Turn:
    left, _, right = np.linalg.svd(grid.affine[:3, :3] / grid.spacing_mm)
    direction = left @ right  # the rotation or mirroring nearest to the affine
    reach = np.abs(direction)
    was = {}
    for axis in np.argsort(-reach.max(axis=0), kind="stable").tolist():
        world = int(reach[:, axis].argmax())
        was[world] = axis
        reach[world] = -1.0
    axes = was[0], was[1], was[2]
    x, y, z = (bool(direction[world, axis] < 0) for world, axis in enumerate(axes))
    return _Turn(axes=axes, reverses=(x, y, z))


def _turn_between(source: Grid, target: Grid) -> _Turn:
    """Determine the reorientation, and accept it only if it maps one grid to the other."""
    turn = _nearest_turn(source, target)
    if turn is None or not _turned(source, turn).matches(target):
        raise InvalidInputError(
            f"grids of {source.shape} and {target.shape} voxels do not hold the same voxels"
        )
    return turn


def _nearest_turn(source: Grid, target: Grid) -> _Turn | None:
    """Match source axes to target axes; None where two match the same one."""
    steps = np.linalg.solve(target.affine[:3, :3], source.affine[:3, :3])
    i, j, k = np.abs(steps).argmax(axis=1).tolist()
    x, y, z = (bool(steps[axis, was] < 0) for axis, was in enumerate((i, j, k)))
    return _Turn(axes=(i, j, k), reverses=(x, y, z)) if {i, j, k} == {0, 1, 2} else None
