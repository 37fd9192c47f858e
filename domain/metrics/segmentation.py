"""Agreement of masks: overlap, surface distance, volume."""

from __future__ import annotations

import numpy as np

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, Spacing
from gliobench.domain.metrics.distances import larger_percentile_mm
from gliobench.domain.metrics.mask_pair import MaskPair


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
    both = int(np.count_nonzero(reference)) + int(np.count_nonzero(prediction))
    return 2 * int(np.count_nonzero(reference & prediction)) / both if both else 1.0


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
    either = int(np.count_nonzero(reference | prediction))
    return int(np.count_nonzero(reference & prediction)) / either if either else 1.0


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
    return hd95_of(MaskPair(reference, prediction, spacing_mm))


def hd95_of(pair: MaskPair) -> float:
    """Measure `hd95_mm` of masks whose distances serve other measures too."""
    one = pair.cropped
    if not one.n_reference or not one.n_prediction:
        return 0.0 if one.n_reference == one.n_prediction else float("inf")
    return larger_percentile_mm(one.border_distances, 95)


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
    return nsd_of(MaskPair(reference, prediction, spacing_mm), tolerance_mm=tolerance_mm)


def nsd_of(pair: MaskPair, *, tolerance_mm: float) -> float:
    """Measure `nsd` of masks whose distances serve other measures too."""
    if not tolerance_mm >= 0:
        raise InvalidInputError(f"tolerance of {tolerance_mm} mm: wanted 0 or more")
    one = pair.cropped
    if not one.n_reference or not one.n_prediction:
        return float(one.n_reference == one.n_prediction)
    near = sum(directed.within(tolerance_mm) for directed in one.border_distances)
    return near / sum(len(directed.at_least) for directed in one.border_distances)


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
    return volume_error_of(MaskPair(reference, prediction, spacing_mm))


def volume_error_of(pair: MaskPair) -> float:
    """Measure `volume_error_mm3` of masks whose voxels are counted once."""
    i, j, k = pair.spacing_mm
    return (pair.n_prediction - pair.n_reference) * i * j * k


def _check(reference: BoolArray, prediction: BoolArray) -> None:
    if reference.dtype != np.bool_ or prediction.dtype != np.bool_:
        raise InvalidInputError(f"masks are {reference.dtype} and {prediction.dtype}: wanted bool")
    if reference.shape != prediction.shape:
        raise InvalidInputError(
            f"reference has shape {reference.shape}, prediction {prediction.shape}: wanted the same"
        )
