"""Integers of a label map, with rounding errors of its file removed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliobench.adapters.nifti.image_file import ImageFile
from gliobench.domain.geometry.orientation import reorient_voxel
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError

_ROUNDING = 1e-3
"""Tolerance for labels that were converted to float16 or resampled without moving."""
_COARSEST = 0.05
"""Upper limit of the tolerance: half a scale step beyond it may be the difference of two labels."""


def read_labels(image: ImageFile) -> NDArray[Any]:
    """Read a label map; integers as they are stored, other values rounded to them.

    Libraries scale floats that are saved as integers, and 1 becomes 1.00001526: the error is at most half
    of the header's slope. Probabilities deviate more and are refused.

    Returns:
        (I, J, K) on `image.grid`: integers, or float32 of integers where the file scales or stores floats.

    Raises:
        FaultyStudyError: The file cannot be read, or contains a value that is not an integer.
    """
    if image.dtype.kind in "iu" and (image.slope, image.intercept) == (1.0, 0.0):
        return image.stored()
    values = image.read()
    allowed = _allowed(image)
    slowest = int(np.argmax(np.abs(values.strides)))
    for at, slab in enumerate(np.moveaxis(values, slowest, 0)):
        whole = np.rint(slab)
        off = np.abs(slab - whole)
        if off.max() > allowed:
            within = np.unravel_index(int(off.argmax()), off.shape)
            voxel = [int(index) for index in within]
            voxel.insert(slowest, at)
            raise _fraction(image, float(slab[within]), (voxel[0], voxel[1], voxel[2]), allowed)
        slab[...] = whole
    return values


def _allowed(image: ImageFile) -> float:
    half_a_step = abs(image.slope) / 2 if image.dtype.kind in "iu" else 0.0
    return max(_ROUNDING, min(half_a_step, _COARSEST) * (1 + 1e-3))  # the slope is rounded itself


def _fraction(
    image: ImageFile, value: float, voxel: tuple[int, int, int], allowed: float
) -> FaultyStudyError:
    i, j, k = reorient_voxel(voxel, source=image.grid, target=image.native_grid)
    return FaultyStudyError(
        FaultKind.UNKNOWN_LABEL,
        f"{image.path}: value {value:.6g} at voxel ({i:.0f}, {j:.0f}, {k:.0f}): "
        f"wanted labels, whole numbers to within {allowed:.2g}",
    )
