"""The report as one self-contained page."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from gliobench.adapters.html.casebook import case_section, page_scripts, page_style
from gliobench.adapters.html.charts import grading_forest, localisation_forest
from gliobench.adapters.html.controls import control_facts
from gliobench.adapters.html.numbers import count, percent
from gliobench.adapters.html.provenance import made_of, origin
from gliobench.adapters.html.reservations import marks, simulated
from gliobench.adapters.html.sentences import lead, methods, reference_counts, stamps
from gliobench.adapters.html.tables import (
    IN_VOLUME,
    ON_PLANE,
    detection_table,
    grade_counts,
    grading_table,
    localisation_table,
    site_rows,
)
from gliobench.domain.comparison.report import EvaluationReport
from gliobench.domain.predictions.prediction import FailureReason

TEMPLATES = Path(__file__).parent / "templates"
NO_BREAK = "\N{NO-BREAK SPACE}"
SHORT = 24
"""Shorter small print stays on one line."""


def render_html(report: EvaluationReport) -> str:
    """Render a report as HTML.

    All data are escaped, and a content security policy lets the page load nothing and run only its
    own scripts.
    """
    style = text("colours.css") + text("style.css") + page_style()
    return (
        environment()
        .get_template("report.html")
        .render(
            report=report,
            cohort=report.cohort,
            lead=lead(report),
            simulated=simulated(report.cohort),
            marks=marks(report),
            stamps=stamps(report),
            annotations=reference_counts(report.cohort),
            grade_counts=grade_counts(report.cohort.grades),
            site_rows=site_rows(report),
            grading=grading_table(report),
            grading_forest=grading_forest(report),
            in_volume=localisation_table(report, IN_VOLUME),
            on_plane=localisation_table(report, ON_PLANE),
            detection=detection_table(report),
            localisation_forest=localisation_forest(report),
            reasons=_reasons(report),
            controls=control_facts(
                {backend.name: backend.controls for backend in report.backends}, {}
            ),
            cases=case_section(report.casebook),
            methods=methods(report),
            made_of=made_of(report.cohort.fingerprint, report.versions, Seed=report.seed),
            origins=[
                (backend.name, origin(backend.fingerprint, backend.provenance))
                for backend in report.backends
            ],
            # Ours, and hashed: the only style and the only scripts that the page may use.
            style=Markup(style),  # noqa: S704
            script=Markup(page_scripts(report.casebook)[0]),  # noqa: S704
            policy=policy(style=style, scripts=page_scripts(report.casebook)),
        )
    )


@cache
def environment() -> Environment:
    """Return the templates, which escape their input."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "count": count,
        "percent": percent,
        "unbroken": _unbroken,
        "whole": _whole,
    }
    return made


@cache
def text(name: str) -> str:
    """Read a template's text."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def policy(*, style: str, scripts: Sequence[str]) -> str:
    """Return the policy of a page that loads nothing and runs only these scripts."""
    allowed = " ".join(map(_hashed, scripts)) or "'none'"
    return (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"style-src {_hashed(style)}; script-src {allowed}"
    )


def _hashed(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _unbroken(text: str, names: list[str]) -> Markup:
    """Keep backends' names on one line: a hyphen in a name must not break it."""
    marked = str(escape(text))
    for name in sorted({str(escape(name)) for name in names}, key=len, reverse=True):
        pattern = rf"(?<![\w-]){re.escape(name)}(?![\w-])"
        marked = re.sub(pattern, lambda found: f"<span>{found[0]}</span>", marked)
    return Markup(marked)  # noqa: S704 -- escaped above


def _whole(small: str) -> str:
    """Keep short parts of small print, such as n = 6 or an interval, on one line each."""
    parts = small.split(" · ")
    return " · ".join(part.replace(" ", NO_BREAK) if len(part) < SHORT else part for part in parts)


def _reasons(report: EvaluationReport) -> list[tuple[str, str, list[int]]]:
    """Count failures: a reason's code, its description, and the studies by backend."""
    seen = {reason for backend in report.backends for reason in backend.summary.failures}
    return [
        (
            reason.value,
            reason.words,
            [backend.summary.failures.get(reason, 0) for backend in report.backends],
        )
        for reason in FailureReason
        if reason in seen
    ]
