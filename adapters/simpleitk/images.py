"""Images for SimpleITK: in its world, evened out, and shrunken."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk  # noqa: N813 -- as its users call it
from numpy.typing import NDArray

from gliobench.application.ports.registrar import Scan
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, Grid
from gliobench.domain.geometry.placed_slices import LPS_TO_RAS

FINEST_MM = 1.5
"""Least edge of the voxels that are compared."""
_KNOTS = 257
_FAINT = 0.35
"""Share of the mean brightness below which there is no head."""
_SAMPLED = 200_000
_BRIGHTEST = 1e30
_FEWEST = 4
"""Voxels along an axis that SimpleITK's recursive filters need."""
_COIL_MM, _COARSE_MM = 30.0, 6.0
"""Width of what a coil's sensitivity can be, and voxels that suffice to measure it."""


def image_of(voxels: NDArray[np.float32] | NDArray[np.uint8], grid: Grid) -> sitk.Image:
    """Place an array in the world of SimpleITK, which is LPS.

    Raises:
        InvalidInputError: The axes of the grid are not perpendicular.
    """
    lps = LPS_TO_RAS @ grid.affine
    directions = lps[:3, :3] / grid.spacing_mm
    if not np.allclose(directions.T @ directions, np.eye(3), atol=1e-3):
        raise InvalidInputError("an image on a sheared grid cannot be registered")
    image = sitk.GetImageFromArray(np.ascontiguousarray(voxels.transpose(2, 1, 0)))
    image.SetSpacing(grid.spacing_mm)
    image.SetOrigin(lps[:3, 3].tolist())
    image.SetDirection(directions.ravel().tolist())
    return image


def evened(scan: Scan) -> sitk.Image:
    """Return an image whose head is free of the coil's shading and has all intensities equally often.

    Values become ranks in [0, 1] among those of the head, so that no scalp or vessel, however bright,
    takes the bins of the brain. The background is 0. Voxels are no smaller than `FINEST_MM`.

    Raises:
        InvalidInputError: The image is empty, of one value, too bright, or too small to be blurred.
    """
    given = np.nan_to_num(scan.voxels.astype(np.float32))
    _check_measurable(given, scan.grid)
    image = shrunken(image_of(given, scan.grid), FINEST_MM)
    voxels = sitk.GetArrayFromImage(image)
    sample = voxels.ravel()[:: max(1, voxels.size // _SAMPLED)]
    low = float(np.percentile(sample, 1))
    shown = sample[sample > low]
    head = voxels > low + _FAINT * (float(shown.mean()) - low if shown.size else 0)
    if head.mean() < 1e-3:
        raise InvalidInputError("an image without a head cannot be registered")
    flat = np.where(head, voxels - low, 0).astype(np.float32)
    flat /= _shading(flat, head, image)
    values = flat[head]
    knots = np.quantile(values[:: max(1, values.size // _SAMPLED)], np.linspace(0, 1, _KNOTS))
    ranks = np.interp(flat, knots, np.linspace(0.05, 1, _KNOTS)).astype(np.float32)
    return _like(image, np.where(head, ranks, np.float32(0)))


def _check_measurable(voxels: NDArray[np.float32], grid: Grid) -> None:
    """Check that an image can be blurred along each axis, and that sums of its values are finite."""
    for length, edge_mm in zip(grid.shape, grid.spacing_mm, strict=True):
        if length * edge_mm < _FEWEST * max(edge_mm, _COARSE_MM):
            raise InvalidInputError(
                f"{length} voxels of {edge_mm:.3g} mm along an axis cannot be registered: wanted "
                f"{_FEWEST} voxels and {_FEWEST * _COARSE_MM:g} mm at least"
            )
    if (peak := float(np.abs(voxels).max())) > _BRIGHTEST:
        raise InvalidInputError(
            f"intensities up to {peak:.2g} cannot be registered: wanted at most {_BRIGHTEST:g}"
        )


def shrunken(image: sitk.Image, edge_mm: float) -> sitk.Image:
    """Blur and resample an image to voxels of this edge; axes that are coarser stay as they are."""
    spacing, size = np.array(image.GetSpacing()), np.array(image.GetSize())
    wanted = np.maximum(spacing, edge_mm)
    for axis in np.flatnonzero(wanted > 1.01 * spacing).tolist():
        sigma = 0.5 * float(np.sqrt(wanted[axis] ** 2 - spacing[axis] ** 2))
        image = sitk.RecursiveGaussian(image, sigma=sigma, direction=axis)
    count = np.maximum(1, np.round(size * spacing / wanted)).astype(int)
    edges = size * spacing / count
    directions = np.array(image.GetDirection()).reshape(3, 3)
    origin = np.array(image.GetOrigin()) + directions @ ((edges - spacing) / 2)
    return sitk.Resample(
        image,
        count.tolist(),
        sitk.Transform(),
        sitk.sitkLinear,
        origin.tolist(),
        edges.tolist(),
        image.GetDirection(),
        0.0,
        sitk.sitkFloat32,
    )


def mask_of(within: BoolArray, grid: Grid) -> sitk.Image:
    """Place a mask in the world of SimpleITK."""
    return image_of(within.astype(np.uint8), grid)


def _like(image: sitk.Image, voxels: NDArray[np.float32]) -> sitk.Image:
    """Place an array where an image lies."""
    placed = sitk.GetImageFromArray(voxels)
    placed.CopyInformation(image)
    return placed


def _shading(
    flat: NDArray[np.float32], head: NDArray[np.bool_], image: sitk.Image
) -> NDArray[np.float32]:
    """Measure the slow part of a head's brightness, relative to its mean."""
    total, count = (
        sitk.SmoothingRecursiveGaussian(shrunken(_like(image, values), _COARSE_MM), _COIL_MM)
        for values in (np.log1p(flat), head.astype(np.float32))
    )
    slow = sitk.Divide(total, sitk.Maximum(count, 0.05))
    field = sitk.GetArrayFromImage(
        sitk.Resample(slow, image, sitk.Transform(), sitk.sitkLinear, 0.0)
    )
    shading: NDArray[np.float32] = np.exp(field - field[head].mean()).astype(np.float32)
    return shading
