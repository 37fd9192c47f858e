"""All figures of a comparison as self-contained files."""

from __future__ import annotations

import re

from gliobench.adapters.html.figures.backends import (
    failure_figures,
    glance_figures,
    rank_figures,
    spread_figures,
)
from gliobench.adapters.html.figures.drawing import Figure
from gliobench.adapters.html.figures.flow import flow_figure
from gliobench.adapters.html.figures.forest import difference_forest
from gliobench.adapters.html.figures.grading import (
    confusion_matrices,
    ranking_curves,
    reliability_diagrams,
)
from gliobench.adapters.html.figures.localisation import place_figures, volume_figures
from gliobench.adapters.html.stamps import marks
from gliobench.adapters.html.templating import text
from gliobench.domain.comparison.endpoints import POINT_ERROR
from gliobench.domain.comparison.report import Report


def figure_files(report: Report) -> dict[str, str]:
    """Draw every figure of the page.

    Returns:
        SVG by file name; names that coincide after removing special characters are numbered.
    """
    stamps, style = marks(report), text("colours.css") + text("figures.css")
    files: dict[str, str] = {}
    for figure in all_figures(report):
        drawn = report.target.in_markup(figure.file(style, stamps))
        files[_free_name(figure.name, files)] = drawn
    return files


def all_figures(report: Report) -> list[Figure]:
    """List the figures in the order of the page."""
    endpoints = dict.fromkeys((report.primary, POINT_ERROR))
    forests = (difference_forest(report, endpoint) for endpoint in endpoints)
    return [
        *glance_figures(report),
        *rank_figures(report),
        *(figure for models, baselines in forests for figure in (*models, *baselines)),
        *ranking_curves(report),
        *confusion_matrices(report),
        *spread_figures(report),
        *volume_figures(report),
        *place_figures(report),
        *reliability_diagrams(report),
        *failure_figures(report),
        flow_figure(report.flow),
    ]


def _free_name(name: str, taken: dict[str, str]) -> str:
    """Remove characters that file systems do not allow; a backend's name may contain a path."""
    plain = re.sub(r"[^\w.-]+", "-", name).strip("-.")
    names = [f"{plain}.svg", *(f"{plain}-{n}.svg" for n in range(2, len(taken) + 3))]
    return next(free for free in names if free not in taken)
