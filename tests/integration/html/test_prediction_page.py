from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

from fakes.fake_kept_runs import EVIL
from gliobench.adapters.html.prediction import HtmlPredictionPage
from gliobench.application.ports.prediction_page import Observation, PredictionReport
from gliobench.domain.comparison.casebook import Casebook

REPORT = PredictionReport(
    study_id="study-1",
    backend="fake",
    warnings=("SIMULATED: a phantom, not a patient",),
    observations=(
        Observation("Grade", "HGG, P(HGG) = 0.90"),
        Observation("Location", "no_numbers: it answered without numbers", is_failure=True),
    ),
    casebook=Casebook(),
    disclaimer="Research use only.",
)


def drawn(report: PredictionReport = REPORT) -> str:
    return HtmlPredictionPage().draw(report).decode()


def test_warnings_disclaimer_and_report_are_on_the_page() -> None:
    page = drawn()

    assert page.startswith("<!doctype html>")
    assert "<title>study-1: fake, gliobench prediction</title>" in page
    assert page.index("SIMULATED") < page.index("HGG, P(HGG) = 0.90")
    assert page.index("Research use only.") < page.index("HGG, P(HGG) = 0.90")
    assert '<dd class="failed">no_numbers: it answered without numbers</dd>' in page


def test_without_an_image_the_page_says_so_and_runs_no_script() -> None:
    page = drawn()

    assert "no image of the study can be read" in page
    assert "<script" not in page


def test_hostile_words_are_escaped() -> None:
    page = drawn(
        replace(REPORT, study_id=EVIL, backend=EVIL, observations=(Observation("Grade", EVIL),))
    )

    assert "<img" not in page
    assert page.count("&lt;img") == 5


def test_the_page_loads_nothing_and_has_no_style_attribute() -> None:
    page = unescape(drawn())

    assert "default-src 'none'; img-src data:" in page
    assert not re.search(r'\sstyle="', page)
    assert not re.search(r'(src|href)="(?!#)', page)


def test_the_same_report_gives_the_same_page() -> None:
    assert drawn() == drawn()
