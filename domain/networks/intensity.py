"""Intensity normalisation: MRI has no units, so volumes are measured against their own brain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import FloatArray

CLIP_PERCENTILES = (0.1, 99.9)
"""Percentiles outside which voxels are outliers: TCIA10_637 reaches 32767 with a brain around 8000."""
PLAIN_RULE = "z-score of non-zero voxels, clipped to percentiles 0.1 and 99.9"
ROBUST_RULE = (
    "z-score of non-zero voxels, clipped to percentiles 0.1 and 99.9 and to 8 interquartile ranges "
    "about the median, by mean and deviation within 4 such ranges"
)
"""What a bright spot or an artefact of up to a percent of the brain hardly moves."""
INTENSITY_RULES = (PLAIN_RULE, ROBUST_RULE)
_WIDEST, _MEASURED = 8.0, 4.0


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
    def of(cls, volume: FloatArray, rule: str = PLAIN_RULE) -> IntensityRule:
        """Measure the non-zero voxels of a volume, with outliers clipped.

        Args:
            volume: Of any shape.
            rule: Of `INTENSITY_RULES`, as a model card names it.

        Raises:
            InvalidInputError: The volume is empty or constant.
        """
        brain = volume[volume != 0]
        if brain.size == 0:
            raise InvalidInputError("volume is zero everywhere")
        low, high = np.percentile(brain, CLIP_PERCENTILES)
        clipped = np.clip(brain, low, high)
        if rule == ROBUST_RULE:
            lower, median, upper = np.percentile(brain, (25, 50, 75))
            reach = float(upper - lower)
            if reach > 0:  # half of the brain may be of one value
                low, high = _about(median, _WIDEST * reach, low, high)
                clipped = np.clip(brain, *_about(median, _MEASURED * reach, low, high))
        deviation = float(clipped.std(dtype=np.float64))
        if deviation <= 0:
            raise InvalidInputError(f"volume is {brain[0]} wherever it is not zero")
        return cls(float(low), float(high), float(clipped.mean(dtype=np.float64)), deviation)

    def apply(self, volume: FloatArray) -> NDArray[np.float32]:
        """Return z-scores, float32, zero where the volume is zero."""
        scores = (np.clip(volume, self.low, self.high) - self.mean) / self.deviation
        return np.where(volume != 0, scores, 0).astype(np.float32)


def _about(middle: float, reach: float, low: float, high: float) -> tuple[float, float]:
    return max(low, middle - reach), min(high, middle + reach)
