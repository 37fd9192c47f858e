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
from gliobench.adapters.html.terms import MEANINGS, term
from gliobench.domain.studies.grading_target import CLASS, CLASSES, GRADED, NEGATIVE, POSITIVE

TEMPLATES = Path(__file__).parent / "templates"
NO_BREAK = "\N{NO-BREAK SPACE}"
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
        "listed": listed,
        "percent": percent,
        "term": term,
        "unbroken": _unbroken,
        "whole": _whole,
    }
    made.globals |= {
        "meanings": MEANINGS,
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
