"""Localisation and segmentation: distributions, tables, detection, and tests."""

from __future__ import annotations

from gliobench.adapters.html.blocks import Block, Closed, Gallery, Numbers, Part, Prose
from gliobench.adapters.html.figures.backends import spread_figures
from gliobench.adapters.html.figures.localisation import volume_figures
from gliobench.adapters.html.lead import localisation_claims
from gliobench.adapters.html.score_tables import detection_table, localisation_table
from gliobench.adapters.html.sections.pairs import forests, paired_places, pairwise
from gliobench.adapters.html.tables import first_group, other_groups
from gliobench.domain.comparison.report import Report
from gliobench.domain.predictions.prediction import Form

NOT_MASKS = tuple(form for form in Form if form is not Form.MASK)
TABLES = {
    "On the axial plane of the largest reference area, comparable across all kinds of models.": (
        Form.POINT,
        Form.BOX,
        Form.POLYGON,
    ),
    "In the volume.": (Form.POINT_3D, Form.BOX_3D),
}
DETECTION = (
    "Detection of tumours, and specificity in tumour-free studies; a failure counts as wrong in "
    "both. A region absent from reference and answer scores Dice 1 and HD95 0; one present in only "
    "one of them scores Dice 0 and the worst distance (rule of the BraTS 2023 program). Points, "
    "boxes and polygons are scored only where there is a tumour."
)
MASKS = (
    "Masks in the volume. WT: whole tumour; TC: tumour core; ET: enhancing tumour. Failures count as "
    "the worst answer."
)


def localisation(report: Report) -> list[Block]:
    """Return the section; nothing where no backend localised a tumour of known position."""
    tables = [
        (caption, table)
        for caption, forms in TABLES.items()
        if (table := localisation_table(report, forms))
    ]
    detection = detection_table(report)
    if not (tables or detection):
        return []
    return [
        Prose(list(localisation_claims(report)), "claims"),
        Gallery(spread_figures(report, NOT_MASKS), "one"),
        *forests(report, NOT_MASKS),
        *(Numbers(first_group(table), caption) for caption, table in tables),
        Closed(
            "Answered only", [Numbers(other_groups(table), caption) for caption, table in tables]
        ),
        Part("Detection", [Numbers(detection, DETECTION)]),
        pairwise(paired_places(report, NOT_MASKS)),
    ]


def segmentation(report: Report) -> list[Block]:
    """Return the section; nothing where no backend gave a mask."""
    table = localisation_table(report, [Form.MASK])
    if table is None:
        return []
    return [
        Numbers(first_group(table), MASKS),
        Gallery(spread_figures(report, [Form.MASK]), "one"),
        Part(
            "Volume of the whole tumour",
            [Gallery(volume_figures(report), "three")],
            "Bland–Altman plots of the ratio of volumes.",
        ),
        *forests(report, [Form.MASK]),
        Closed("Answered only", [Numbers(other_groups(table), MASKS)]),
        pairwise(paired_places(report, [Form.MASK])),
    ]
