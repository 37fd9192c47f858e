"""The page of one prediction."""

from __future__ import annotations

from typing import final

from gliobench.adapters.html.casebook.section import case_section
from gliobench.adapters.html.templating import CASE_SCRIPTS, render_page, script
from gliobench.application.ports.prediction_page import PredictionPage, PredictionReport
from gliobench.domain.studies.grading_target import GRADE


@final
class HtmlPredictionPage(PredictionPage):
    """Shows a prediction like a case of a report, open, with its report in words beside the pictures."""

    def draw(self, report: PredictionReport) -> bytes:
        """Return the page as HTML that loads nothing and runs only its own scripts."""
        cases = case_section(report.casebook)
        page = render_page(
            "prediction.html",
            GRADE,
            styles=("colours.css", "style.css", "casebook.css", "prediction.css"),
            scripts=[script(*CASE_SCRIPTS)],
            has_viewer=bool(cases.viewer),
            report=report,
            cases=cases,
        )
        return page.encode()
