"""The page of one prediction."""

from __future__ import annotations

from dataclasses import replace
from typing import final

from markupsafe import Markup

from gliobench.adapters.html.casebook import case_section, page_scripts, page_style
from gliobench.adapters.html.templating import environment, policy, text
from gliobench.application.ports.prediction_page import PredictionPage, PredictionReport
from gliobench.domain.comparison.worded import worded
from gliobench.domain.studies.grading_target import GRADE

STYLES = ("colours.css", "style.css")


@final
class HtmlPredictionPage(PredictionPage):
    """Shows a prediction like a case of a report, open, with its report in words beside the pictures."""

    def draw(self, report: PredictionReport) -> bytes:
        """Return the page as HTML that loads nothing and runs only its own scripts."""
        style = "".join(map(text, STYLES)) + page_style() + text("prediction.css")
        scripts, cases = page_scripts(report.casebook), case_section(report.casebook)
        page = (
            environment()
            .get_template("prediction.html")
            .render(
                report=report,
                cases=replace(cases, facts=worded(cases.facts, GRADE)),
                # Ours, and hashed: the only style and the only scripts that the page may use.
                style=Markup(style),  # noqa: S704
                script=Markup(scripts[0]),  # noqa: S704
                policy=policy(style=style, scripts=scripts),
            )
        )
        return GRADE.in_markup(page).encode()
