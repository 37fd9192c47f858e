"""The port of everything that estimates the bias field of an image."""

from __future__ import annotations

from typing import Protocol

from gliobench.application.ports.registrar import Scan
from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.geometry.resampling import Float32Array


class BiasFieldEstimator(Protocol):
    """Estimates how coils shade an image: the slow factor by which they make it brighter here than there.

    Contract:
        - Deterministic: the same image gives the same field, bit for bit.
        - What is brighter or darker than its surroundings, such as a tumour, stays so.
        - An image of one value, or without a voxel above 0, has no field: 0.
    """

    @property
    def fingerprint(self) -> str:
        """What decides its fields besides the images: its kind and version."""
        ...

    def log_field(self, scan: Scan, *, within: BoolArray) -> Float32Array:
        """Estimate the natural logarithm of the field, of mean 0 within a region.

        Args:
            scan: An image of a head, on coarse voxels.
            within: (I, J, K) bool on its grid, the brain; not empty.

        Returns:
            (I, J, K) float32. An image divided by its exponential is free of the field.

        Raises:
            InvalidInputError: The field cannot be estimated.
        """
        ...
