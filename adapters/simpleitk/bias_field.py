"""The bias field of an image, by N4 (Tustison et al. 2010, 10.1109/TMI.2010.2046908)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import SimpleITK as sitk  # noqa: N813 -- as its users call it

from gliobench.adapters.simpleitk.images import image_of, mask_of
from gliobench.application.ports.bias_field import BiasFieldEstimator
from gliobench.application.ports.registrar import Scan
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.geometry.resampling import Float32Array

VERSION = 1
"""Increased whenever the same image gives another field than before."""
_MOST = 1.0
"""Of a logarithm: no field more than doubles or halves brightness by much."""


@dataclass(frozen=True, slots=True)
class _Round:
    """One fit of a field.

    Args:
        levels: How often the lattice of splines is made finer by half.
        iterations: At each level.
        usual: Least and largest quantile of the intensities that are fitted, in the image as it is so far.
    """

    levels: int
    iterations: int
    usual: tuple[float, float]


_ROUNDS = (_Round(2, 10, (0.02, 0.98)), _Round(3, 20, (0.05, 0.85)))
"""N4 would flatten a bright tumour as if a coil were near it, so the finer fit leaves the brightest out."""


@final
class N4BiasField(BiasFieldEstimator):
    """Fits the usual tissue alone, coarsely and then, among what is usual after that, more finely."""

    @property
    def fingerprint(self) -> str:
        """The version of the method, and SimpleITK's."""
        return f"n4 {VERSION}, SimpleITK {sitk.Version_VersionString()}"

    def log_field(self, scan: Scan, *, within: BoolArray) -> Float32Array:
        """Estimate the natural logarithm of the field, of mean 0 within a region."""
        field = np.zeros(scan.grid.shape, dtype=np.float32)
        for fit in _ROUNDS:
            even = scan.voxels / np.exp(field)
            usual = _between(even, within & (scan.voxels > 0), fit.usual)
            if not usual.any() or np.ptp(even[usual]) == 0:
                return np.zeros_like(field)
            field = _fitted(scan, usual, fit)
        field -= field[within].mean()
        return np.clip(field, -_MOST, _MOST)


def _between(voxels: FloatArray, within: BoolArray, quantiles: tuple[float, float]) -> BoolArray:
    """Return the part of a region whose intensities lie between two of its quantiles."""
    if not within.any():
        return within
    low, high = np.quantile(voxels[within], quantiles)
    return np.asarray(within & (voxels >= low) & (voxels <= high))


def _fitted(scan: Scan, usual: BoolArray, fit: _Round) -> Float32Array:
    # sums of several threads depend on which ends first
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    n4 = sitk.N4BiasFieldCorrectionImageFilter()
    n4.SetMaximumNumberOfIterations([fit.iterations] * fit.levels)
    n4.SetConvergenceThreshold(1e-4)
    image = image_of(scan.voxels.astype(np.float32), scan.grid)
    try:
        n4.Execute(image, mask_of(usual, scan.grid))
    except RuntimeError as error:
        raise InvalidInputError("its bias field cannot be estimated") from error
    log_field = sitk.GetArrayFromImage(n4.GetLogBiasFieldAsImage(image))
    return np.ascontiguousarray(log_field.transpose(2, 1, 0), dtype=np.float32)
