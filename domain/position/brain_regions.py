"""A coarse parcellation of the brain in the MNI152 frame, by landmarks.

Planes through the sulci separate the lobes; the other parts are simple solids, the same on both sides.
The definitions of the boundaries are those of Ribas, "The cerebral sulci and gyri", Neurosurg Focus 2010;
28(2):E2. Their coordinates were marked for this project on the MNI152 template (Fonov et al., NeuroImage
2011; 54:313-327) and are not taken from an atlas: see decision 0034, with the agreement with one.
"""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.geometry.grids import BoolArray, FloatArray


class BrainRegion(str, Enum):
    """A part of the brain at the level of lobes; the value is its name in a sentence."""

    FRONTAL = "frontal lobe"
    PARIETAL = "parietal lobe"
    TEMPORAL = "temporal lobe"
    OCCIPITAL = "occipital lobe"
    INSULA = "insula"
    BASAL_GANGLIA = "basal ganglia"
    THALAMUS = "thalamus"
    CORPUS_CALLOSUM = "corpus callosum"
    DEEP_MIDLINE = "deep midline"
    """Around the third ventricle, between the callosum and the midbrain."""
    BRAINSTEM = "brainstem"
    CEREBELLUM = "cerebellum"

    @property
    def is_paired(self) -> bool:
        """Return whether there is one on each side."""
        return self not in (self.CORPUS_CALLOSUM, self.DEEP_MIDLINE, self.BRAINSTEM)


ORDER = tuple(BrainRegion)
"""What the numbers of `regions_at` stand for."""


def regions_at(mni_mm: FloatArray) -> NDArray[np.uint8]:
    """Return the region at each place; places outside the brain get the nearest boundary's side.

    Args:
        mni_mm: (N, 3) x to the right, y anterior, z superior, in the MNI152 frame.

    Returns:
        (N,) positions in `ORDER`.
    """
    x, y, z = np.abs(mni_mm[:, 0]), mni_mm[:, 1], mni_mm[:, 2]
    rows = [*_deep_parts(x, y, z), *_lobes(x, y, z)]
    found = np.select([inside for _, inside in rows], [ORDER.index(r) for r, _ in rows])
    return found.astype(np.uint8)


def _deep_parts(x: FloatArray, y: FloatArray, z: FloatArray) -> list[tuple[BrainRegion, BoolArray]]:
    """Return the parts that lie within the lobes or below them, the first of an overlap wins."""

    def solid(centre: tuple[int, int, int], half_axes: tuple[int, int, int]) -> BoolArray:
        apart = zip((x, y, z), centre, half_axes, strict=True)
        return np.asarray(sum(((at - c) / half) ** 2 for at, c, half in apart) <= 1)

    def arch(half_y: int, half_z: int) -> BoolArray:
        return np.asarray(((y + 5) / half_y) ** 2 + ((z - 2) / half_z) ** 2 <= 1)

    # The tentorium falls from the apex sideways and backwards; the cerebellum is below it.
    tentorium = np.maximum(-4 - 0.5 * x - 0.35 * np.maximum(0, -55 - y), -28)
    brainstem = solid((0, -26, -12), (15, 14, 14))  # midbrain, pons, medulla
    brainstem |= solid((0, -27, -33), (17, 14, 18)) | solid((0, -40, -55), (10, 10, 20))
    caudate_and_lentiform = solid((13, 12, 7), (10, 18, 15)) | solid((24, 0, 1), (10, 24, 14))
    insula = (
        (x >= 30) & (x <= 43) & (np.abs(y) < 24) & (z > -14) & (z < 16 + np.minimum(2, 0.15 * y))
    )
    midline = (x < 14) & (y > -32) & (y < 10) & (z > -16) & arch(42, 27)
    return [
        (BrainRegion.BRAINSTEM, brainstem),
        (BrainRegion.CEREBELLUM, (y < -34) & (z < tentorium)),
        (BrainRegion.CORPUS_CALLOSUM, (x < 10) & (z > -2) & arch(42, 27) & ~arch(34, 20)),
        (BrainRegion.THALAMUS, solid((11, -19, 7), (13, 16, 13))),
        (BrainRegion.BASAL_GANGLIA, caudate_and_lentiform),
        (BrainRegion.INSULA, insula),
        (BrainRegion.DEEP_MIDLINE, midline),
    ]


def _lobes(x: FloatArray, y: FloatArray, z: FloatArray) -> list[tuple[BrainRegion, BoolArray]]:
    """Divide the rest by sulci; the last row takes what is left."""
    # Central sulcus: through the hand knob (38, -22, 55); the paracentral lobule reaches further back.
    central = 6 - 0.5 * z - 12 * np.clip(1 - x / 20, 0, 1)
    # Sylvian fissure: rises backwards from the temporal pole to its end, then the temporo-occipital line
    # to the middle of the lateral parietotemporal line. Medially the temporal lobe ends lower, below the
    # basal ganglia.
    lateral = np.select([y > 5, y > -42], [-2.5 - 1.2 * (y - 5), -0.5 * y], 21 + 0.28 * (y + 42))
    sylvian = lateral - np.clip((45 - x) / 15, 0, 1) * np.maximum(0, lateral + 8)
    # Parieto-occipital sulcus medially; laterally the line from its upper end to the preoccipital notch.
    medial = np.where(z > 5, -55 - 0.6 * z, -58)
    outer = np.clip((x - 15) / 25, 0, 1)
    occipital = medial * (1 - outer) + (-67 - 0.33 * z) * outer
    return [
        (BrainRegion.OCCIPITAL, y < occipital),
        (BrainRegion.TEMPORAL, (z < sylvian) & (y < 22) & (x > 12)),
        (BrainRegion.FRONTAL, y > central),
        (BrainRegion.PARIETAL, np.ones(x.shape, dtype=np.bool_)),
    ]
