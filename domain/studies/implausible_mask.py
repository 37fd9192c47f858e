"""Detection of masks that cannot be of a tumour."""

from __future__ import annotations

import numpy as np

from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.studies.faults import Fault, FaultKind

MOST_OF_IMAGE = 0.5
MOST_OF_BORDER = 0.5
OFF_BRAIN = 0.2
"""Share of a mask that lies outside of the brain, from which on it is noted; see `docs/results/overlap.py`."""


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


def off_brain(study_id: str, whole: BoolArray, image: FloatArray) -> Fault | None:
    """Note a mask of which much lies where the image shows nothing: it may be shifted or mirrored.

    Args:
        study_id: The study.
        whole: (I, J, K) bool.
        image: (I, J, K), zero around the brain.
    """
    n = np.count_nonzero(whole)
    share = np.count_nonzero(whole & (image == 0)) / n if n else 0.0
    if share < OFF_BRAIN:
        return None
    detail = f"{share:.0%} of the mask lies outside of the brain: is it of these images, and not mirrored?"
    return Fault(study_id, FaultKind.MASK_OFF_BRAIN, detail)


def _border_share(whole: BoolArray) -> float:
    inner = whole[tuple(slice(1, -1) if length > 1 else slice(None) for length in whole.shape)]
    n_border = whole.size - inner.size
    at_border = np.count_nonzero(whole) - np.count_nonzero(inner)
    return at_border / n_border if n_border else 0.0
