"""How sure a localizer is of a mask, from the probabilities that the mask was cut from."""

from __future__ import annotations

import numpy as np

from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.geometry.resampling import Float32Array
from gliobench.domain.labels.regions import Region
from gliobench.domain.networks.input import REGION_ORDER, large_parts


def expected_dice(probability: Float32Array, mask: BoolArray) -> float:
    """Estimate the Dice of a mask by its own probabilities: 2 Σpm / (Σp + Σm).

    Probability outside the mask counts against it, be it of a border or of a second tumour.

    Args:
        probability: (I, J, K) in [0, 1].
        mask: (I, J, K) bool, the voxels that are taken for tumour.

    Returns:
        In [0, 1]. Of an empty mask 1 - max p: the chance that there is nothing, if voxels are right
        or wrong together.

    Source: Borges et al., "Soft Dice confidence", arXiv:2402.10665.
    """
    size = int(mask.sum())
    if not size:
        return 1.0 - float(probability.max())
    taken, everywhere = (float(p.sum(dtype=np.float64)) for p in (probability[mask], probability))
    return min(1.0, 2 * taken / (everywhere + size))  # sums of float differ in their last digit


def region_confidence(
    probabilities: Float32Array,
    *,
    threshold: float,
    smallest_vox: float,
    smallest_enhancing_vox: float = 0.0,
) -> dict[Region, float]:
    """Estimate the Dice of each region that `tumour_regions` finds, on the network's voxels.

    Args:
        probabilities: (R, I, J, K) of the first R regions of `REGION_ORDER`.
        threshold: Of the probability.
        smallest_vox: Smaller parts of the whole tumour are dropped.
        smallest_enhancing_vox: Less enhancing tumour is taken for none.
    """
    parent = large_parts(probabilities[0] > threshold, smallest_vox=smallest_vox)
    found = {}
    for region, channel in zip(
        REGION_ORDER, probabilities, strict=False
    ):  # fewer if there are fewer
        parent = parent & (channel > threshold)
        if region is Region.ET and parent.sum() < smallest_enhancing_vox:
            parent = np.zeros_like(parent)
        found[region] = expected_dice(channel, parent)
    return found
