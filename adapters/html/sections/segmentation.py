"""Segmentation: overlap and surface distances of masks, and tests."""

from __future__ import annotations

from collections.abc import Iterator

from gliobench.adapters.html.blocks import Block, Closed, Gallery, Numbers, Title
from gliobench.adapters.html.figures.backends import spread_figures
from gliobench.adapters.html.figures.volumes import volume_figures
from gliobench.adapters.html.sections.pairs import forest_blocks, paired_places
from gliobench.adapters.html.tables import IN_VOLUME, first_group, localisation_table, other_groups
from gliobench.domain.comparison.report import Report
from gliobench.domain.predictions.prediction import Form

CAPTION = (
    "Masks in the volume. WT: whole tumour; TC: tumour core; ET: enhancing tumour. Failures count as "
    "the worst answer."
)


def segmentation(report: Report) -> Iterator[Block]:
    """Yield the section; nothing where no backend gave a mask."""
    table = localisation_table(report, [source for source in IN_VOLUME if source.form is Form.MASK])
    if table is None:
        return
    yield Numbers(first_group(table), CAPTION)
    yield Gallery(spread_figures(report, [Form.MASK]), "one")
    if volumes := volume_figures(report):
        yield Title("Volume of the whole tumour", "Bland–Altman plots of the ratio of volumes.")
        yield Gallery(volumes, "three")
    if report.primary.form is Form.MASK:
        yield from forest_blocks(report, report.primary)
    if others := other_groups(table):
        yield Closed("Answered only", [Numbers(others, CAPTION)])
    if pairs := paired_places(report, [Form.MASK]):
        yield Closed(
            "Pairwise comparisons",
            [Numbers(pairs, "Over patients, the better mean first.", head="Pair")],
        )
