"""Agreement of masks: overlap, surface distance, volume."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, Spacing, extent


def dice(*, reference: BoolArray, prediction: BoolArray) -> float:
    """Measure overlap as twice the shared voxels over the voxels of both.

    Args:
        reference: bool, the experts' voxels.
        prediction: bool, same shape.

    Returns:
        In [0, 1]; 1.0 where both masks are empty, 0.0 where exactly one is.

    Raises:
        InvalidInputError: A mask is not bool, or the shapes differ.
    """
    _check(reference, prediction)
    both = int(reference.sum()) + int(prediction.sum())
    return 2 * int((reference & prediction).sum()) / both if both else 1.0


def iou(*, reference: BoolArray, prediction: BoolArray) -> float:
    """Measure overlap as the shared voxels over the voxels of either.

    Args:
        reference: bool, the experts' voxels.
        prediction: bool, same shape.

    Returns:
        In [0, 1]; 1.0 where both masks are empty, 0.0 where exactly one is.

    Raises:
        InvalidInputError: A mask is not bool, or the shapes differ.
    """
    _check(reference, prediction)
    either = int((reference | prediction).sum())
    return int((reference & prediction).sum()) / either if either else 1.0


def hd95_mm(*, reference: BoolArray, prediction: BoolArray, spacing_mm: Spacing) -> float:
    """Measure the 95th percentile of the distance between two surfaces.

    The surface of a mask is its voxels that share a face with the outside, the grid's edge
    included; distances run between voxel centres, and every surface voxel counts alike. MONAI
    measures the same. DeepMind's surface-distance weighs elements by their area, between voxels.

    Args:
        reference: (I, J, K) bool, the experts' voxels.
        prediction: (I, J, K) bool, same grid.
        spacing_mm: Voxel edges along (i, j, k).

    Returns:
        Millimetres, ≥ 0: the larger of the two directed percentiles, each interpolated linearly.
        `inf` where exactly one mask is empty; 0.0 where both are.

    Raises:
        InvalidInputError: A mask is not bool, the shapes differ, or a spacing is not positive.

    Source: Maier-Hein et al., "Metrics reloaded", Nat Methods 2024.
    """
    _check(reference, prediction, spacing_mm)
    if not reference.any() or not prediction.any():
        return 0.0 if reference.any() == prediction.any() else float("inf")
    directed = _surface_distances_mm(reference, prediction, spacing_mm)
    return max(float(np.percentile(distances, 95)) for distances in directed)


def nsd(
    *, reference: BoolArray, prediction: BoolArray, spacing_mm: Spacing, tolerance_mm: float
) -> float:
    """Measure the share of both surfaces that lies within a tolerance of the other.

    Surfaces are those of `hd95_mm`. MONAI's `compute_surface_dice` without subvoxels gives the
    same.

    Args:
        reference: (I, J, K) bool, the experts' voxels.
        prediction: (I, J, K) bool, same grid.
        spacing_mm: Voxel edges along (i, j, k).
        tolerance_mm: The distance, ≥ 0, up to which surfaces count as the same.

    Returns:
        In [0, 1]; 1.0 where both masks are empty, 0.0 where exactly one is.

    Raises:
        InvalidInputError: A mask is not bool, the shapes differ, a spacing is not positive, or
            the tolerance is negative.

    Source: Nikolov et al., J Med Internet Res 2021 (there by area; here by voxel).
    """
    _check(reference, prediction, spacing_mm)
    if not tolerance_mm >= 0:
        raise InvalidInputError(f"tolerance of {tolerance_mm} mm: wanted 0 or more")
    if not reference.any() or not prediction.any():
        return float(reference.any() == prediction.any())
    distances_mm = np.concatenate(_surface_distances_mm(reference, prediction, spacing_mm))
    return float(np.mean(distances_mm <= tolerance_mm))


def volume_error_mm3(*, reference: BoolArray, prediction: BoolArray, spacing_mm: Spacing) -> float:
    """Measure by how much a prediction is too large; negative where it is too small.

    Args:
        reference: (I, J, K) bool, the experts' voxels.
        prediction: (I, J, K) bool, same grid.
        spacing_mm: Voxel edges along (i, j, k), at right angles.

    Returns:
        Cubic millimetres; an empty mask has none.

    Raises:
        InvalidInputError: A mask is not bool, the shapes differ, or a spacing is not positive.
    """
    _check(reference, prediction, spacing_mm)
    surplus = int(prediction.sum()) - int(reference.sum())
    return surplus * spacing_mm[0] * spacing_mm[1] * spacing_mm[2]


def _surface_distances_mm(
    reference: BoolArray, prediction: BoolArray, spacing_mm: Spacing
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measure from each surface voxel of either mask to the nearest of the other.

    A tree of surface voxels gives what a Euclidean distance transform gives, in half the time.
    """
    block = extent(reference | prediction)
    surfaces_mm = [_surface(mask[block]) * spacing_mm for mask in (reference, prediction)]
    # 32 points a leaf: queries took a fifth less time than with 16, on a large tumour
    one, other = (KDTree(surface, leafsize=32) for surface in surfaces_mm)
    to_other, _ = other.query(surfaces_mm[0])
    to_one, _ = one.query(surfaces_mm[1])
    return to_other, to_one


def _surface(mask: BoolArray) -> NDArray[np.int64]:
    """List the voxels of a mask, (N, 3), that its erosion by 6 neighbours takes away."""
    padded = np.pad(mask, 1)
    inner = mask.copy()
    for axis in range(mask.ndim):
        for step in (-1, 1):
            inner &= np.roll(padded, step, axis=axis)[(slice(1, -1),) * mask.ndim]
    return np.argwhere(mask & ~inner)


def _check(reference: BoolArray, prediction: BoolArray, spacing_mm: Spacing | None = None) -> None:
    if reference.dtype != np.bool_ or prediction.dtype != np.bool_:
        raise InvalidInputError(f"masks are {reference.dtype} and {prediction.dtype}: wanted bool")
    if reference.shape != prediction.shape:
        raise InvalidInputError(
            f"reference has shape {reference.shape}, prediction {prediction.shape}: wanted the same"
        )
    if spacing_mm is not None and not (np.isfinite(spacing_mm).all() and min(spacing_mm) > 0):
        raise InvalidInputError(f"spacing {spacing_mm} mm: wanted three positive lengths")
