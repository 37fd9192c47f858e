"""Intensity normalisation: MRI has no units, so volumes are measured against their own brain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import FloatArray

CLIP_PERCENTILES = (0.1, 99.9)
"""Percentiles outside which voxels are outliers: TCIA10_637 reaches 32767 with a brain around 8000."""


@dataclass(frozen=True, slots=True)
class IntensityRule:
    """Parameters of the normalisation: z = (clipped - mean) / deviation.

    Background, exactly zero in skull-stripped MRI, stays zero.
    """

    low: float
    high: float
    mean: float
    deviation: float

    @classmethod
    def of(cls, volume: FloatArray) -> IntensityRule:
        """Measure the non-zero voxels of a volume, with outliers clipped.

        Raises:
            InvalidInputError: The volume is empty or constant.
        """
        brain = volume[volume != 0]
        if brain.size == 0:
            raise InvalidInputError("volume is zero everywhere")
        low, high = np.percentile(brain, CLIP_PERCENTILES)
        clipped = np.clip(brain, low, high)
        deviation = float(clipped.std(dtype=np.float64))
        if deviation <= 0:
            raise InvalidInputError(f"volume is {brain[0]} wherever it is not zero")
        return cls(float(low), float(high), float(clipped.mean(dtype=np.float64)), deviation)

    def apply(self, volume: FloatArray) -> NDArray[np.float32]:
        """Return z-scores, float32, zero where the volume is zero."""
        scores = (np.clip(volume, self.low, self.high) - self.mean) / self.deviation
        return np.where(volume != 0, scores, 0).astype(np.float32)
