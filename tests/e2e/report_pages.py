"""Pages for tests in a browser, and how they are opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeAlias

from playwright.sync_api import Browser, Page, expect

from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_kept_runs import fake_heads, looks, saved_runs
from fakes.fake_localizer import FakeLocalizer
from gliobench.adapters.html.page import render_report
from gliobench.adapters.html.prediction import HtmlPredictionPage
from gliobench.adapters.pillow import WebpPictureEncoder
from gliobench.application.predict.predict_study import predict_study
from gliobench.application.report.report_prediction import ReportPrediction
from gliobench.application.report.report_runs import ReportRuns
from gliobench.domain.comparison.arms import BootstrapOptions
from gliobench.domain.studies.study import Study

SECONDS = 180

OpenPage: TypeAlias = Callable[..., Page]


def write_pages(folder: Path) -> None:
    """Write the comparison and the report of the same runs, and a prediction."""
    runs = saved_runs(fake_heads(), encoder=WebpPictureEncoder())
    comparison = ReportRuns(
        fewest=2, refuses_leakage=True, bootstrap=BootstrapOptions(replicates=100)
    )(runs)
    (folder / "comparison.html").write_text(render_report(comparison), encoding="utf-8")
    (folder / "report.html").write_text(render_report(ReportRuns()(runs)), encoding="utf-8")
    (folder / "prediction.html").write_bytes(_prediction_of(fake_heads(2)[-1].study))


def _prediction_of(study: Study) -> bytes:
    """Draw the page of one prediction."""
    backend = fake_backend(
        classifier=FakeClassifier(lambda found: looks(found)[0]),
        localizer=FakeLocalizer(lambda found: looks(found)[1]),
    )
    show = ReportPrediction(HtmlPredictionPage(), WebpPictureEncoder())
    return show(predict_study(study, backend, force=True))


@contextmanager
def page_opener(browser: Browser, folder: Path) -> Iterator[OpenPage]:
    """Open pages; that they complain of nothing and ask for nothing is checked at the end."""
    complaints: list[str] = []
    with ExitStack() as stack:

        def open_it(
            name: str = "comparison.html",
            *,
            fragment: str = "",
            width: int = 900,
            before: str = "",
            **context: object,
        ) -> Page:
            made = browser.new_context(viewport={"width": width, "height": 700}, **context)
            stack.callback(made.close)
            page = made.new_page()
            page.set_default_timeout(1000 * SECONDS)
            expect.set_options(timeout=1000 * SECONDS)
            page.on("console", lambda one: complaints.extend([one.text] * (one.type == "error")))
            page.on("pageerror", lambda one: complaints.append(str(one)))
            page.on("dialog", lambda one: complaints.append(one.message))
            page.on("request", lambda one: complaints.extend(_outside(one.url, folder)))
            if before:
                page.add_init_script(before)
            page.goto((folder / name).as_uri() + fragment)
            return page

        yield open_it
        assert complaints == []


def _outside(url: str, folder: Path) -> list[str]:
    return [] if url.startswith(("data:", folder.as_uri())) else [url]
