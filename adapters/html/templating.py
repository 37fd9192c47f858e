"""Templates of the page, the meanings of its terms, and its content security policy."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from gliobench.adapters.html.numbers import capital, count, listed, percent
from gliobench.domain.metrics.measures import MEASURES, WORST_MM
from gliobench.domain.studies.grading_target import (
    CLASS,
    CLASSES,
    GRADED,
    NEGATIVE,
    POSITIVE,
    GradingTarget,
)

STATISTICS: Mapping[str, str] = {
    "AURC": "Area under the risk-coverage curve: mean of 1 − Dice over all shares refused; lower is better",
    "Bland–Altman": "Plot of the disagreement of two measurements over their mean, with the limits "
    "between which 95 % of disagreements are expected",
    "Confusion matrices": f"Counts of studies by reference {CLASS} and predicted {CLASS}",
    "Discordant": "Studies that one backend grades correctly and the other does not",
    "ECE": "Expected calibration error: mean absolute difference of predicted probability and observed "
    "share; above 0 by chance alone",
    "Entropy": "Evenness with which positions fill the plane: 0 for one position, 1 for all alike",
    "Hodges–Lehmann": "Median of all pairwise means of the differences: a robust estimate of the shift",
    "Holm": "Correction of p values for the number of tests in a family",
    "IQR": "Interquartile range: the middle 50 % of the values",
    "Limits of agreement": "Mean ± 1.96 standard deviations of the differences, here of log ratios",
    "McNemar": "Test of two proportions of correct answers on the same studies",
    "Miscalibration": "Mean squared difference of predicted probability and observed share; 0 is best",
    f"P({POSITIVE})": f"Predicted probability of {POSITIVE}",
    "Permutation": "Test that swaps the answers of two backends at random, study by study",
    "Precision-recall curves": "Precision (PPV) over recall (sensitivity) at every threshold of "
    f"P({POSITIVE})",
    "Reliability": "Agreement of predicted probabilities with observed shares",
    "Resolution": f"How well probabilities separate the {CLASSES}; higher is better",
    "ROC curves": f"Sensitivity over 1 − specificity at every threshold of P({POSITIVE})",
    "Scoring plane": "The axial plane of the largest reference area, used for scoring only",
    "Tracking index": "1 − own / others, from mean distances of answers to the tumour of their own "
    "patient and of other patients: 0 if answers are independent of tumour position, 1 at its centre",
    "Typical study": "Better by the signed-rank test, the shift and the majority of studies, in "
    "contrast to better on average",
    "Wilcoxon": "Signed-rank test of paired differences",
    "Wilson": "Confidence interval of a proportion, valid for few studies",
    "WT": "Whole tumour",
    "TC": "Tumour core: necrosis and enhancing tumour",
    "ET": "Enhancing tumour",
    "Failures": f"Predictions that could not be made; they count as the worst answer, {WORST_MM:g} mm "
    "for distances",
}
"""Those that are no measures."""
MEANINGS: Mapping[str, str] = {
    **STATISTICS,
    **{measure.title: measure.meaning for measure in MEASURES},
}
_MEANINGS = {term.lower(): meaning for term, meaning in MEANINGS.items()}
_LONGEST_FIRST = "|".join(map(re.escape, sorted(_MEANINGS, key=len, reverse=True)))
_TERM = re.compile(rf"(?<![\w-])(?:{_LONGEST_FIRST})(?![\w-])", re.IGNORECASE)
TEMPLATES = Path(__file__).parent / "templates"
NO_BREAK = "\N{NO-BREAK SPACE}"
CASE_SCRIPTS = ("table.js", "case.js", "volume.js")
VIEWER = "niivue/niivue.js"
SHORT = 24
"""Shorter small print stays on one line."""


def explained(text: object, meaning: str) -> Markup:
    """Explain a text: `page.js` shows the meaning on touch and key too."""
    button = Markup('<button type="button" class="term" title="{}">{}</button>')
    return button.format(meaning, text)


def term(text: str) -> Markup:
    """Explain the terms of a title or heading, each once."""
    found: set[str] = set()

    def button(match: re.Match[str]) -> str:
        if (name := match[0].lower()) in found:
            return match[0]
        found.add(name)
        return explained(Markup(match[0]), _MEANINGS[name])  # noqa: S704 -- escaped before

    return Markup(_TERM.sub(button, str(escape(text))))  # noqa: S704 -- escaped before


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
