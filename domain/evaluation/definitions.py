"""What the measures of distance mean, and what a failure counts as: wherever the numbers go."""

from __future__ import annotations

from collections.abc import Mapping

from gliobench.domain.metrics.measures import MEASURES, WORST_MM

PENALTY = (
    f"A failure counts as {WORST_MM} mm, gliobench's own penalty: the diagonal of BraTS's "
    "240×240×155 mm volume. BraTS's official programs count a missed lesion as an HD95 of 374 mm "
    "(2023) or 373 mm (2026)."
)
TUMOUR_FREE = (
    "Where the reference shows no tumour, masks are scored by region like in the BraTS program of 2023: "
    "Dice 1 and HD95 0 where the answer shows none either, otherwise Dice 0 and the worst distance. "
    "Points, boxes and polygons are not scored there. Detection is measured separately, by sensitivity, "
    "specificity and false-positive volume. The answer that there is no tumour is not a failure; where "
    "there is one, it scores worst."
)

DEFINITIONS: Mapping[str, str] = {
    **{item.exported_as: item.meaning for item in MEASURES},
    "penalty": PENALTY,
    "tumour_free": TUMOUR_FREE,
}
"""By the key of a measure in JSON and CSV, and of the penalty."""
