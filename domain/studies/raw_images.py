"""Plausibility of a raw image of a head: planes alike, and a brain that is brighter than the air around.

Registration finds a position for any image, and the template a brain in it. What no head shows is
reported here. Thresholds were not fitted: no image of 44 BraTS studies, of a real head or of simulated
ones comes near one.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy
from numpy.typing import NDArray

from gliobench.domain.geometry.grids import BoolArray, FloatArray

BRIGHTEST_PLANE = 3.0
"""Most brightness of a plane, relative to those around it; at most 1.3 in heads."""
LEAST_SHOWN = 0.6
"""Least share of the brain that is brighter than the air: about 1 in heads, 0.67 where an image ends within the brain, half in noise."""
_BLANK, _WIDE = 0.3, 0.25
"""Share of a plane's brain below which the plane is blank; and of the largest plane, to be looked at."""
_AROUND = 5
_CORNER = 12


def air_of(volume: FloatArray) -> float:
    """Return the brightness of the air: the median of the eight corners of the image.

    Args:
        volume: (I, J, K) of a head or a brain, with any background.
    """
    ends = [(slice(max(1, n // _CORNER)), slice(-max(1, n // _CORNER), None)) for n in volume.shape]
    return float(
        np.median([np.median(volume[i, j, k]) for i in ends[0] for j in ends[1] for k in ends[2]])
    )


def odd_plane(volume: FloatArray) -> str | None:
    """Describe a plane that is much brighter than those around it; None where there is none.

    A plane is compared with the median of five and with the mean of all: the first plane that shows the
    head is brighter than those of air before it.

    Args:
        volume: (I, J, K), finite.
    """
    apart = np.abs(volume - np.float32(air_of(volume)))
    for axis, means in enumerate(_over_planes(apart)):
        around = np.maximum(
            scipy.ndimage.median_filter(means, _AROUND, mode="nearest"), means.mean()
        )
        times = means / np.maximum(around, np.finfo(np.float32).tiny)
        if (most := float(times.max())) > BRIGHTEST_PLANE:
            return (
                f"plane {int(times.argmax())} along {'ijk'[axis]} is {most:.3g} times as bright as those "
                f"around it: wanted at most {BRIGHTEST_PLANE:g}"
            )
    return None


def shown_share(volume: FloatArray, brain: BoolArray) -> float:
    """Return the share of a brain's voxels that are brighter than the air, 0 to 1.

    Args:
        volume: (I, J, K).
        brain: (I, J, K) bool; of an empty one the share is 0.
    """
    return float((volume[brain] > air_of(volume)).mean()) if brain.any() else 0.0


def blank_plane(volume: FloatArray, brain: BoolArray) -> str | None:
    """Describe a plane between planes of the brain that shows none of it; None where there is none.

    Args:
        volume: (I, J, K).
        brain: (I, J, K) bool.
    """
    bright = brain & (volume > air_of(volume))
    pairs = zip(_over_planes(brain), _over_planes(bright), strict=True)
    for axis, (whole, part) in enumerate(pairs):
        wide = whole > _WIDE * whole.max()
        blank = wide & (part < _BLANK * whole)
        seen = np.flatnonzero(wide & ~blank)
        between = [at for at in np.flatnonzero(blank) if seen.size and seen[0] < at < seen[-1]]
        if between:
            return f"plane {between[0]} along {'ijk'[axis]} shows nothing of the brain"
    return None


def _over_planes(values: FloatArray | BoolArray) -> Iterator[NDArray[np.float64]]:
    """Return the mean over each plane, along each axis."""
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        yield values.mean(axis=others, dtype=np.float64)
