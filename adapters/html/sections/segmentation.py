"""Segmentation: overlap and surface distances of masks, and tests."""

from __future__ import annotations

from gliobench.adapters.html.blocks import Block, Closed, Gallery, Numbers, Part
from gliobench.adapters.html.figures.backends import spread_figures
from gliobench.adapters.html.figures.localisation import volume_figures
from gliobench.adapters.html.score_tables import localisation_table
from gliobench.adapters.html.sections.pairs import forests, paired_places, pairwise
from gliobench.adapters.html.tables import first_group, other_groups
from gliobench.domain.comparison.report import Report
from gliobench.domain.predictions.prediction import Form

CAPTION = (
    "Masks in the volume. WT: whole tumour; TC: tumour core; ET: enhancing tumour. Failures count as "
    "the worst answer."
)


def segmentation(report: Report) -> list[Block]:
    """Return the section; nothing where no backend gave a mask."""
    table = localisation_table(report, [Form.MASK])
    if table is None:
        return []
    return [
        Numbers(first_group(table), CAPTION),
        Gallery(spread_figures(report, [Form.MASK]), "one"),
        Part(
            "Volume of the whole tumour",
            [Gallery(volume_figures(report), "three")],
            "Bland–Altman plots of the ratio of volumes.",
        ),
        *forests(report, [Form.MASK]),
        Closed("Answered only", [Numbers(other_groups(table), CAPTION)]),
        pairwise(paired_places(report, [Form.MASK])),
    ]
