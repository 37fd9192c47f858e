"""Detection of masks that cannot be of a tumour."""

from __future__ import annotations

import numpy as np

from gliobench.domain.geometry.grids import BoolArray

MOST_OF_IMAGE = 0.5
MOST_OF_BORDER = 0.5


def why_implausible(whole: BoolArray) -> str:
    """Return why a mask cannot be of a tumour in a head; empty where it may be.

    Args:
        whole: (I, J, K) bool; an axis of one voxel has no border.
    """
    share = np.count_nonzero(whole) / whole.size
    if share > MOST_OF_IMAGE:
        return f"the mask covers {share:.0%} of the image: is it inverted?"
    at_border = _border_share(whole)
    if at_border > MOST_OF_BORDER:
        return f"the mask covers {at_border:.0%} of the image's border: is it inverted?"
    return ""


def _border_share(whole: BoolArray) -> float:
    inner = whole[tuple(slice(1, -1) if length > 1 else slice(None) for length in whole.shape)]
    n_border = whole.size - inner.size
    at_border = np.count_nonzero(whole) - np.count_nonzero(inner)
    return at_border / n_border if n_border else 0.0
