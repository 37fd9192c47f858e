"""The report as one self-contained page, and the files beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import final

from gliobench.adapters.html.blocks import Block, Template, figures_in, with_content
from gliobench.adapters.html.casebook.section import case_section
from gliobench.adapters.html.facts import SCHEMA_FILE, render_json, report_schema
from gliobench.adapters.html.league import LETTERS, league
from gliobench.adapters.html.numbers import count, joined
from gliobench.adapters.html.sections.grading import grading
from gliobench.adapters.html.sections.localisation import localisation, segmentation
from gliobench.adapters.html.sections.methods import methods
from gliobench.adapters.html.sections.provenance import provenance
from gliobench.adapters.html.sections.ranking import ranking
from gliobench.adapters.html.sections.robustness import robustness
from gliobench.adapters.html.sections.subgroups import subgroups
from gliobench.adapters.html.sections.uncertainty import uncertainty
from gliobench.adapters.html.spreadsheets import spreadsheets
from gliobench.adapters.html.stamps import marks, simulated, stamps
from gliobench.adapters.html.templating import CASE_SCRIPTS, render_page, script, text
from gliobench.adapters.html.verdict import verdict
from gliobench.adapters.html.words import endpoint_name, grade_counts
from gliobench.application.ports.report_writer import ReportWriter
from gliobench.application.ports.storage import Storage
from gliobench.domain.comparison.endpoints import PrimaryChoice
from gliobench.domain.comparison.report import Report
from gliobench.domain.studies.grading_target import NEGATIVE, POSITIVE

SHORTLY = {
    PrimaryChoice.DECLARED: "set before scoring",
    PrimaryChoice.DEFAULT: "default",
    PrimaryChoice.PARTLY: "set before scoring in some runs",
    PrimaryChoice.UNKNOWN: "recorded before scoring",
    PrimaryChoice.LATER: "chosen for this report",
}
STYLES = ("colours.css", "style.css", "figures.css", "casebook.css")


SECTIONS: Mapping[str, Callable[[Report], Iterable[Block]]] = {
    "grading": grading,
    "localisation": localisation,
    "segmentation": segmentation,
    "uncertainty": uncertainty,
    "robustness": robustness,
    "subgroups": subgroups,
    "ranking": ranking,
    "cases": lambda report: [Template("cases.html", report.casebook.entries)],
    "methods": methods,
    "provenance": provenance,
}
"""The page's sections in order; one without content is left out, and a new one needs a line here."""


def sections(report: Report) -> dict[str, list[Block]]:
    """Fill the sections that have content."""
    filled = {name: with_content(blocks(report)) for name, blocks in SECTIONS.items()}
    return {name: blocks for name, blocks in filled.items() if blocks}


def render_report(report: Report) -> str:
    """Render a report as HTML."""
    cases = case_section(report.casebook, report.target)
    return render_page(
        "page.html",
        report.target,
        styles=STYLES,
        scripts=[script("page.js"), script("figures.js"), script(*CASE_SCRIPTS)],
        has_viewer=bool(cases.viewer),
        cohort=report.cohort,
        verdict=verdict(report),
        league=league(report),
        letters=LETTERS,
        about=_about(report),
        cases=cases,
        names=[arm.name for arm in report.arms],
        simulated=simulated(report.cohort),
        marks=marks(report),
        stamps=stamps(report),
        sections=sections(report),
    )


def _about(report: Report) -> str:
    """Describe in one line what was evaluated, when and by which endpoint."""
    hgg, lgg = grade_counts(report)
    graded = ", ".join(f"{n:,} {grade}" for n, grade in ((hgg, POSITIVE), (lgg, NEGATIVE)) if n)
    version = report.versions.get("gliobench")
    parts = (
        count(report.cohort.n_studies, "study") + (f" ({graded})" if graded else ""),
        count(len(report.arms), "backend"),
        report.date,
        f"gliobench {version}" if version else "",
        f"primary endpoint: {endpoint_name(report.primary)} ({SHORTLY[report.primary_choice]})",
    )
    return joined(*parts)


@final
class HtmlReportWriter(ReportWriter):
    """Writes `report.html`, `report.json` with its schema, `tables/*.csv` and `figures/*.svg`."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def write(self, report: Report) -> list[str]:
        """Write the page, the JSON, the tables and the figures; other files are left alone.

        Raises:
            JobError: The storage cannot be written.
        """
        files = {
            "report.html": render_report(report),
            "report.json": render_json(report),
            SCHEMA_FILE: report_schema(report.target),
            **{f"tables/{name}.csv": table for name, table in spreadsheets(report).items()},
            **{f"figures/{name}": drawn for name, drawn in figure_files(report).items()},
        }
        return [self._storage.write(name, content.encode()) for name, content in files.items()]


def figure_files(report: Report) -> dict[str, str]:
    """Draw every figure of the page as a self-contained file.

    Returns:
        SVG by file name; names that coincide after removing special characters are numbered.
    """
    stamps, style = marks(report), text("colours.css") + text("figures.css")
    files: dict[str, str] = {}
    for blocks in sections(report).values():
        for figure in figures_in(blocks):
            drawn = report.target.in_markup(figure.file(style, stamps))
            files[_free_name(figure.name, files)] = drawn
    return files


def _free_name(name: str, taken: dict[str, str]) -> str:
    """Remove characters that file systems do not allow; a backend's name may contain a path."""
    plain = re.sub(r"[^\w.-]+", "-", name).strip("-.")
    names = [f"{plain}.svg", *(f"{plain}-{n}.svg" for n in range(2, len(taken) + 3))]
    return next(free for free in names if free not in taken)
