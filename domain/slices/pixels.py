"""Conversion of intensities to pixels: greyscale window, and resampling without aliasing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import FloatArray

WINDOW_PERCENTILES = (0.5, 99.5)
"""Percentiles of the brain's voxels; outliers (TCIA10_637 reaches 32767) do not affect the picture."""


@dataclass(frozen=True, slots=True)
class GreyWindow:
    """The intensities shown as black and white; the background is always black."""

    black: float
    white: float

    @classmethod
    def of(cls, volume: FloatArray) -> GreyWindow:
        """Measure the non-zero voxels.

        Raises:
            InvalidInputError: The volume is zero everywhere, or not finite.
        """
        voxels = volume.ravel(order="K")  # in memory order: several times faster
        brain = voxels[voxels != 0]
        if brain.size == 0:
            raise InvalidInputError("volume is zero everywhere: there is no brain to draw")
        black, white = np.percentile(brain, WINDOW_PERCENTILES)
        if not np.isfinite((black, white)).all():
            raise InvalidInputError(f"volume has a window of {black} to {white}: wanted numbers")
        return cls(float(black), float(white))

    def apply(self, pixels: FloatArray) -> NDArray[np.float64]:
        """Return grey levels in [0, 1]; a brain with a single value is white."""
        width = self.white - self.black
        if width > 0:
            grey = np.clip((pixels.astype(np.float64) - self.black) / width, 0, 1)
        else:
            grey = np.ones(pixels.shape)
        return np.where(pixels != 0, grey, 0)


def tent_weights(length: int, at: NDArray[np.float64], *, step: float) -> NDArray[np.float64]:
    """Return the weights of a triangular kernel, as wide as the larger of both spacings.

    For finer samples this is linear interpolation; for coarser ones it prevents aliasing.

    Args:
        length: Samples, at 0, 1, …; zero outside.
        at: (N,) coordinates of the new samples.
        step: Distance between two of them, > 0.

    Returns:
        (N, length) float64. A row sums to one where the kernel lies within the samples.
    """
    reach = max(1.0, step)
    beyond = int(np.ceil(reach))
    lattice = np.floor(at)[:, None] + np.arange(-beyond, beyond + 2)
    heights = np.maximum(0, reach - np.abs(at[:, None] - lattice)).sum(axis=1, keepdims=True)
    weights = np.maximum(0, reach - np.abs(at[:, None] - np.arange(length)))
    normalised: NDArray[np.float64] = weights / heights
    return normalised


def to_bytes(grey: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Convert levels in [0, 1] to the nearest of 0 to 255."""
    return np.rint(grey * 255).astype(np.uint8)


def compose(panels: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Make a picture of one panel (grey), three (red, green, blue) or four (2x2, row by row).

    Args:
        panels: (H, W) each.

    Returns:
        (H, W, 3), or twice the height and width for four.
    """
    if len(panels) == 4:
        panels = [np.block([list(panels[:2]), list(panels[2:])])]
    return np.stack(panels if len(panels) == 3 else [panels[0]] * 3, axis=-1)
