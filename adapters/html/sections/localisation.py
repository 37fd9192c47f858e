"""Localisation and segmentation: distributions, tables, detection, and tests."""

from __future__ import annotations

from gliobench.adapters.html.blocks import Block, Closed, Gallery, Numbers, Part, Prose
from gliobench.adapters.html.figures.backends import spread_figures
from gliobench.adapters.html.figures.localisation import volume_figures
from gliobench.adapters.html.lead import localisation_claims, segmentation_claims
from gliobench.adapters.html.score_tables import detection_table, localisation_table
from gliobench.adapters.html.sections.lesionwise import lesionwise
from gliobench.adapters.html.sections.pairs import forests, paired_places, pairwise
from gliobench.adapters.html.tables import first_group, other_groups
from gliobench.domain.comparison.report import Report
from gliobench.domain.predictions.prediction import Form

NOT_MASKS = tuple(form for form in Form if form is not Form.MASK)
ON_PLANE = (Form.POINT, Form.BOX, Form.POLYGON)
TABLES = {
    "On the axial plane of the largest reference area, comparable across all kinds of models.": ON_PLANE,
    "In the volume.": (Form.POINT_3D, Form.BOX_3D),
}
SLICES = "On the single slice of each study."
DETECTION = (
    "Whether a tumour is reported, wherever it is placed, in studies with and without one; a failure "
    "counts as wrong in both. A region absent from reference and answer scores Dice 1 and HD95 0; one present in only "
    "one of them scores Dice 0 and the worst distance (rule of the BraTS 2023 program). Points, "
    "boxes and polygons are scored only where there is a tumour."
)
SLICE_MASKS = "Masks on the single slice of each study: overlap and distances in two dimensions."
MASKS = (
    "Masks in the volume. WT: whole tumour; TC: tumour core; ET: enhancing tumour. Failures count as "
    "the worst answer."
)


def localisation(report: Report) -> list[Block]:
    """Return the section; nothing where no backend localised a tumour of known position."""
    shown = TABLES if report.cohort.has_volumes else {SLICES: ON_PLANE}
    tables = [
        (caption, table)
        for caption, forms in shown.items()
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
        pairwise(paired_places(report, [form for forms in shown.values() for form in forms])),
    ]


def segmentation(report: Report) -> list[Block]:
    """Return the section; nothing where no backend gave a mask."""
    table = localisation_table(report, [Form.MASK])
    if table is None:
        return []
    in_volumes = report.cohort.has_volumes
    caption = MASKS if in_volumes else SLICE_MASKS
    return [
        Prose(list(segmentation_claims(report)), "claims"),
        Numbers(first_group(table), caption),
        Gallery(spread_figures(report, [Form.MASK]), "one"),
        Part(
            "Volume of the whole tumour",
            [Gallery(volume_figures(report) if in_volumes else (), "three")],
            "Bland–Altman plots of the ratio of volumes.",
        ),
        *(lesionwise(report) if in_volumes else ()),
        *forests(report, [Form.MASK]),
        Closed("Answered only", [Numbers(other_groups(table), caption)]),
        pairwise(paired_places(report, [Form.MASK])),
    ]
