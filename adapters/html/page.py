"""The report as one page that needs nothing but itself."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from gliobench.adapters.html.cases import case_table
from gliobench.adapters.html.charts import grading_forest, localisation_forest
from gliobench.adapters.html.numbers import count, percent
from gliobench.adapters.html.sentences import REASONS, lead, methods, stamps
from gliobench.adapters.html.tables import (
    IN_VOLUME,
    ON_PLANE,
    grade_counts,
    grading_table,
    localisation_table,
    site_rows,
)
from gliobench.domain.evaluation.report import EvaluationReport, Overlay

TEMPLATES = Path(__file__).parent / "templates"


def render_html(report: EvaluationReport) -> str:
    """Put a report into HTML.

    Whatever the data hold is escaped, and a content security policy lets the page load nothing
    and run no script but its own.
    """
    style, script = text("style.css"), text("sort.js")
    return (
        environment()
        .get_template("report.html")
        .render(
            report=report,
            cohort=report.cohort,
            lead=lead(report),
            stamps=stamps(report),
            grade_counts=grade_counts(report.cohort.grades),
            site_rows=site_rows(report),
            grading=grading_table(report),
            grading_forest=grading_forest(report),
            in_volume=localisation_table(report, IN_VOLUME),
            on_plane=localisation_table(report, ON_PLANE),
            localisation_forest=localisation_forest(report),
            reasons=_reasons(report),
            galleries=_galleries(report),
            cases=case_table(report),
            methods=methods(report),
            # Ours, and hashed: the only style and the only script that the page may use.
            style=Markup(style),  # noqa: S704
            script=Markup(script),  # noqa: S704
            policy=policy(style=style, script=script),
        )
    )


@cache
def environment() -> Environment:
    """Give the templates, which escape whatever they are given."""
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
        "data_uri": _data_uri,
        "unbroken": _unbroken,
    }
    return made


@cache
def text(name: str) -> str:
    """Read a template as it is."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def policy(*, style: str, script: str) -> str:
    """Word the policy of a page that loads nothing, and runs no script but this one."""
    hashes = [b64encode(sha256(one.encode()).digest()).decode() for one in (style, script)]
    return (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'"
    )


def _unbroken(text: str, names: list[str]) -> Markup:
    """Keep backends' names on one line: a hyphen in one is no place to break it."""
    marked = str(escape(text))
    for name in sorted({str(escape(name)) for name in names}, key=len, reverse=True):
        pattern = rf"(?<![\w-]){re.escape(name)}(?![\w-])"
        marked = re.sub(pattern, lambda found: f"<span>{found[0]}</span>", marked)
    return Markup(marked)  # noqa: S704 -- escaped above


def _data_uri(png: bytes) -> str:
    return "data:image/png;base64," + b64encode(png).decode()


def _reasons(report: EvaluationReport) -> list[tuple[str, str, list[int]]]:
    """Count failures: a reason's name, its words, and the studies by backend."""
    seen = {reason for backend in report.backends for reason in backend.summary.failures}
    return [
        (
            reason.value,
            REASONS[reason],
            [backend.summary.failures.get(reason, 0) for backend in report.backends],
        )
        for reason in REASONS
        if reason in seen
    ]


def _galleries(report: EvaluationReport) -> list[tuple[str, list[Overlay]]]:
    return [
        (name, list(overlays))
        for name, overlays in groupby(report.overlays, key=lambda overlay: overlay.backend)
    ]
