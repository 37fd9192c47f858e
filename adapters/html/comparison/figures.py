"""All figures of a comparison as self-contained files."""

from __future__ import annotations

import re

from gliobench.adapters.html.comparison.as_report import as_report
from gliobench.adapters.html.comparison.bias import place_figures
from gliobench.adapters.html.comparison.calibration import reliability_diagrams
from gliobench.adapters.html.comparison.cohort import flow_figure
from gliobench.adapters.html.comparison.drawing import Figure
from gliobench.adapters.html.comparison.failures import failure_figures
from gliobench.adapters.html.comparison.forest import difference_forest
from gliobench.adapters.html.comparison.glance import glance_figures
from gliobench.adapters.html.comparison.grading_figures import confusion_matrices, ranking_curves
from gliobench.adapters.html.comparison.localisation import spread_figures
from gliobench.adapters.html.page import text
from gliobench.adapters.html.reservations import marks
from gliobench.domain.comparison.endpoints import POINT_ERROR
from gliobench.domain.comparison.result import Comparison


def figure_files(comparison: Comparison) -> dict[str, str]:
    """Draw every figure of the page.

    Returns:
        SVG by file name; names that coincide after removing special characters are numbered.
    """
    stamps = marks(as_report(comparison))
    style = text("colours.css") + text("figures.css")
    files: dict[str, str] = {}
    for figure in all_figures(comparison):
        files[_free_name(figure.name, files)] = figure.file(style, stamps)
    return files


def all_figures(comparison: Comparison) -> list[Figure]:
    """List the figures in the order of the page."""
    return [
        *glance_figures(comparison),
        *_forests(comparison),
        *ranking_curves(comparison),
        *confusion_matrices(comparison),
        *spread_figures(comparison),
        *place_figures(comparison),
        *reliability_diagrams(comparison),
        *failure_figures(comparison),
        flow_figure(comparison.flow),
    ]


def _forests(comparison: Comparison) -> list[Figure]:
    endpoints = dict.fromkeys((comparison.primary, POINT_ERROR))
    found = [difference_forest(comparison, endpoint) for endpoint in endpoints]
    figures = [figure for plot in found if plot for figure in (plot.pairs, plot.baselines)]
    return [figure for figure in figures if figure is not None]


def _free_name(name: str, taken: dict[str, str]) -> str:
    """Remove characters that file systems do not allow; a backend's name may contain a path."""
    plain = re.sub(r"[^\w.-]+", "-", name).strip("-.")
    names = [f"{plain}.svg", *(f"{plain}-{n}.svg" for n in range(2, len(taken) + 3))]
    return next(free for free in names if free not in taken)
