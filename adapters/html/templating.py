"""Templates of the page, and its content security policy."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from gliobench.adapters.html.numbers import capital, count, listed, percent
from gliobench.adapters.html.terms import explained, term
from gliobench.domain.studies.grading_target import (
    CLASS,
    CLASSES,
    GRADED,
    NEGATIVE,
    POSITIVE,
    GradingTarget,
)

TEMPLATES = Path(__file__).parent / "templates"
NO_BREAK = "\N{NO-BREAK SPACE}"
CASE_SCRIPTS = ("table.js", "case.js", "volume.js")
VIEWER = "niivue/niivue.js"
SHORT = 24
"""Shorter small print stays on one line."""


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
        "capital": capital,
        "count": count,
        "explained": explained,
        "listed": listed,
        "percent": percent,
        "term": term,
        "unbroken": _unbroken,
        "whole": _whole,
    }
    made.globals |= {
        "CLASS": CLASS,
        "CLASSES": CLASSES,
        "GRADED": GRADED,
        "POSITIVE": POSITIVE,
        "NEGATIVE": NEGATIVE,
        "always_positive": f"always {POSITIVE}",
    }
    return made


@cache
def text(name: str) -> str:
    """Read a template's text."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def script(*names: str) -> str:
    """Read scripts that share a scope."""
    return '"use strict";\n(() => {\n' + "\n".join(map(text, names)) + "})();\n"


def render_page(
    name: str,
    target: GradingTarget,
    *,
    styles: Sequence[str],
    scripts: Sequence[str],
    has_viewer: bool,
    **values: object,
) -> str:
    """Render a page that loads nothing and runs only these scripts and, if it has one, the 3D viewer.

    Args:
        name: Of the template.
        target: Whose names stand for the classes.
        styles: Names of style sheets.
        scripts: Their text.
        has_viewer: Whether the page may run the viewer that it stores.
        values: Those of the template; all of them are escaped.
    """
    style = "".join(map(text, styles))
    allowed = [*scripts, text(VIEWER)] if has_viewer else scripts
    page = environment().get_template(name)
    return target.in_markup(
        page.render(
            # Ours, and hashed: the only style and the only scripts that the page may use.
            style=Markup(style),  # noqa: S704
            scripts=list(map(Markup, scripts)),
            policy=_policy(style=style, scripts=allowed),
            **values,
        )
    )


def _policy(*, style: str, scripts: Sequence[str]) -> str:
    allowed = " ".join(map(_hashed, scripts))
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
