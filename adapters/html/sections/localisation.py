"""Localisation: distributions and tables on the plane and in the volume, detection, and tests."""

from __future__ import annotations

from collections.abc import Iterator

from gliobench.adapters.html.blocks import Block, Closed, Gallery, Numbers, Prose, Title
from gliobench.adapters.html.figures.backends import spread_figures
from gliobench.adapters.html.lead import localisation_claims
from gliobench.adapters.html.sections.pairs import forest_blocks, paired_places
from gliobench.adapters.html.tables import (
    IN_VOLUME,
    ON_PLANE,
    detection_table,
    first_group,
    localisation_table,
    other_groups,
)
from gliobench.domain.comparison.endpoints import POINT_ERROR
from gliobench.domain.comparison.report import Report
from gliobench.domain.predictions.prediction import Form

NOT_MASKS = tuple(form for form in Form if form is not Form.MASK)
DETECTION = (
    "Detection of tumours, and specificity in tumour-free studies; a failure counts as wrong in "
    "both. A region absent from reference and answer scores Dice 1 and HD95 0; one present in only "
    "one of them scores Dice 0 and the worst distance (rule of the BraTS 2023 program). Points, "
    "boxes and polygons are scored only where there is a tumour."
)


def localisation(report: Report) -> Iterator[Block]:
    """Yield the section; nothing where no backend localised a tumour of known position."""
    on_plane = localisation_table(report, ON_PLANE)
    in_volume = localisation_table(
        report, [source for source in IN_VOLUME if source.form is not Form.MASK]
    )
    detection = detection_table(report)
    if not (on_plane or in_volume or detection):
        return
    yield Prose(list(localisation_claims(report)), "claims")
    if spreads := spread_figures(report, NOT_MASKS):
        yield Gallery(spreads, "one")
    for endpoint in dict.fromkeys((report.primary, POINT_ERROR)):
        if endpoint.form in NOT_MASKS:
            yield from forest_blocks(report, endpoint)
    tables = {
        "On the axial plane of the largest reference area, comparable across all kinds of models.": on_plane,
        "In the volume.": in_volume,
    }
    found = {caption: table for caption, table in tables.items() if table}
    for caption, table in found.items():
        yield Numbers(first_group(table), caption)
    answered = [
        Numbers(others, caption)
        for caption, table in found.items()
        if (others := other_groups(table))
    ]
    if answered:
        yield Closed("Answered only", answered)
    if detection:
        yield Title("Detection")
        yield Numbers(detection, DETECTION)
    if pairs := paired_places(report, NOT_MASKS):
        yield Closed(
            "Pairwise comparisons",
            [Numbers(pairs, "Over patients, the better mean first.", head="Pair")],
        )
