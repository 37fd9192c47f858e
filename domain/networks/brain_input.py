"""What the network that finds brains sees: the images of a head, and how deep the template's brain lies."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.geometry.grids import Grid
from gliobench.domain.networks.input import MODALITY_ORDER
from gliobench.domain.studies.study import Modality

BRAIN_GRID = Grid(
    (56, 64, 56), np.array([[3, 0, 0, -201], [0, 3, 0, 17], [0, 0, 3, -7], [0, 0, 0, 1.0]])
)
"""Voxels of 3 mm about the template's brain, in the world of BraTS."""
BRAIN_RULE = "share of the mean at 4 mm and more within the template's brain, at most 4"
INNER_MM = 4.0
_BRIGHTEST = 4.0
_DEEPEST_MM = 20.0
_DEPTH_UNIT_MM = 10.0


def brain_input(
    images: Mapping[Modality, NDArray[np.float32]], depth_mm: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Make the network's input.

    Args:
        images: Of a head, (I, J, K) on `BRAIN_GRID`; those that are absent are left out.
        depth_mm: (I, J, K), how deep voxels lie in the template's brain; negative outside of it.

    Returns:
        (5, I, J, K): the four modalities, absent ones zero, and the depth in cm.
    """
    inner = depth_mm > INNER_MM
    channels = [_shares(images.get(modality), inner) for modality in MODALITY_ORDER]
    depth = np.clip(depth_mm, -_DEEPEST_MM, _DEEPEST_MM) / _DEPTH_UNIT_MM
    return np.stack([*channels, depth]).astype(np.float32)


def _shares(image: NDArray[np.float32] | None, inner: NDArray[np.bool_]) -> NDArray[np.float32]:
    if image is None or not (usual := float(image[inner].mean())) > 0:
        return np.zeros(inner.shape, np.float32)
    return np.asarray(np.clip(image / usual, 0, _BRIGHTEST), dtype=np.float32)
