"""The report as one self-contained page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gliobench.adapters.html.blocks import Block, Template, with_content
from gliobench.adapters.html.casebook.section import case_section
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
from gliobench.adapters.html.stamps import marks, simulated, stamps
from gliobench.adapters.html.templating import CASE_SCRIPTS, render_page, script
from gliobench.adapters.html.verdict import verdict
from gliobench.adapters.html.words import endpoint_name, grade_counts
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
