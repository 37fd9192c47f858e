"""What the measures of distance mean, and what a failure counts as: wherever the numbers go."""

from __future__ import annotations

from collections.abc import Mapping

from gliobench.domain.evaluation.scores import WORST_MM
from gliobench.domain.evaluation.scoring import NSD_TOLERANCE_MM

PENALTY = (
    f"A failure counts as {WORST_MM} mm, gliobench's own penalty: the diagonal of BraTS's "
    "240×240×155 mm volume. BraTS's official programs count a missed lesion as an HD95 of 374 mm "
    "(2023) or 373 mm (2026)."
)
_WHOSE = "MONAI's and Metrics Reloaded's definition, which is neither official BraTS number"
HD95 = (
    "95th percentile of the distance from the surface voxels of one mask to the nearest of the other, "
    f"the larger of both directions: {_WHOSE} (whole tumour of ten real patients: 7.4 mm so, 7.1 by the "
    "program of 2023, 6.1 by that of 2026)"
)
NSD = (
    f"Normalised surface Dice at a tolerance of {NSD_TOLERANCE_MM:g} mm: share of both masks' surface "
    f"voxels that lie within it of the other surface: {_WHOSE}"
)
TUMOUR_FREE = (
    "Where the reference shows no tumour, masks are scored region by region as by the BraTS program of "
    "2023: Dice 1 and HD95 0 where the answer shows none either, else Dice 0 and the worst distance. "
    "Points, boxes and outlines are not scored there. Whether a tumour is found is measured apart, by "
    "sensitivity, specificity and false-positive volume. The answer that there is no tumour is no "
    "failure; where there is one, it scores worst."
)

DEFINITIONS: Mapping[str, str] = {
    "centre_error_3d_mm": "Distance in the volume from the centroid of the reference's whole tumour",
    "centre_error_plane_mm": "Distance on the scoring plane, the axial plane of the largest reference "
    "area, from the centroid of the reference there",
    "hd95_mm": HD95,
    "nsd": NSD,
    "penalty": PENALTY,
    "tumour_free": TUMOUR_FREE,
}
"""By the key of a measure in JSON and CSV, and of the penalty."""
