"""The first screen of a report answers at once, at every width, and on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("playwright")

from playwright.sync_api import Browser, Page, expect

from fakes.fake_comparison import compared, declines, looks, says_hgg
from gliobench.adapters.html.page import render_report

pytestmark = pytest.mark.slow

WIDTHS = {1440: 900, 1280: 720, 768: 1024, 390: 844}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on seven backends."""
    more = {f"model_{n}_of_seven": declines() if n % 2 else looks() for n in range(4)}
    report = compared(looks=looks(), constant=says_hgg(), declining=declines(), **more)
    file = tmp_path_factory.mktemp("first") / "report.html"
    file.write_text(render_report(report), encoding="utf-8")
    return file


@contextmanager
def opened(browser: Browser, place: Path, width: int, **context: object) -> Iterator[Page]:
    """Open the page; that it complains of nothing and asks for nothing is checked at the end."""
    complaints: list[str] = []
    page = browser.new_page(viewport={"width": width, "height": WIDTHS[width]}, **context)
    page.on("console", lambda one: complaints.append(one.text))
    page.on("pageerror", lambda one: complaints.append(str(one)))
    page.on("request", lambda one: complaints.extend([one.url] * (one.url != place.as_uri())))
    page.goto(place.as_uri())
    yield page
    page.close()
    assert complaints == []


def bottom_of(page: Page, selector: str) -> float:
    return float(page.locator(selector).evaluate("one => one.getBoundingClientRect().bottom"))


def test_the_first_screen_is_complete_on_a_small_laptop(browser: Browser, place: Path) -> None:
    with opened(browser, place, 1280) as page:
        for part in ("h1", ".verdict", "table.league", ".chips", "nav"):
            assert bottom_of(page, part) <= 720, part
        first = page.locator("table.league tbody tr").all_inner_texts()
        assert len(first) == 7
        cut = page.evaluate(
            "[...document.querySelectorAll('header *')].filter(one => one.scrollWidth > "
            "one.clientWidth + 1 && getComputedStyle(one).overflowX !== 'visible' && "
            "!one.closest('.unseen')).map(one => one.outerHTML)"
        )
        assert cut == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window_with_everything_open(
    browser: Browser, place: Path, scheme: str
) -> None:
    with opened(browser, place, 1440, color_scheme=scheme) as page:
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")

        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            beyond = page.evaluate(
                "[...document.querySelectorAll('main *, header *')].filter(one => !one.closest("
                "'.scroll, .skip, .unseen, svg') && one.getBoundingClientRect().right > innerWidth + 1)"
                ".map(one => one.outerHTML.slice(0, 200))"
            )
            assert beyond == [], width


def test_a_heading_of_the_league_sorts_the_best_first_and_then_the_worst(
    browser: Browser, place: Path
) -> None:
    with opened(browser, place, 1280) as page:
        failures = page.locator("table.league th", has_text="Failures")
        counts = page.locator("table.league tbody tr td:last-child b")

        failures.get_by_role("button").click()
        assert failures.get_attribute("aria-sort") == "ascending"
        assert [int(n) for n in counts.all_inner_texts()] == sorted(
            int(n) for n in counts.all_inner_texts()
        )
        failures.get_by_role("button").click()
        assert counts.first.inner_text() == "8"  # every fifth of 40


def test_a_column_of_the_league_can_be_hidden(browser: Browser, place: Path) -> None:
    with opened(browser, place, 1280) as page:
        page.get_by_text("Columns", exact=True).click()
        page.get_by_role("checkbox", name="AUROC").uncheck()

        assert not page.locator("table.league th", has_text="AUROC").is_visible()
        assert page.locator("table.league th", has_text="Failures").is_visible()


def test_a_chip_opens_its_paragraph_and_closes_another(browser: Browser, place: Path) -> None:
    with opened(browser, place, 1280) as page:
        few, failing = (page.locator(".chip", has_text=text) for text in ("Few LGG", "Failures"))

        few.locator("summary").click()
        assert few.get_by_text("With only 10 LGG studies").is_visible()
        failing.locator("summary").click()
        assert failing.get_by_text("Counted as the worst answer").is_visible()
        assert not few.get_by_text("With only 10 LGG studies").is_visible()


def test_the_contents_stay_in_sight(browser: Browser, place: Path) -> None:
    with opened(browser, place, 1280) as page:
        page.locator("nav a", has_text="Ranking").click()
        expect(page.locator("#ranking > h2")).to_be_in_viewport()

        assert page.locator("nav").evaluate("one => one.getBoundingClientRect().top") >= 0
        assert page.locator("nav").is_visible()


@pytest.mark.parametrize(
    ("place_of_term", "name"), [("table.numbers th", "Specificity"), ("figcaption", "ROC curves")]
)
def test_a_term_of_a_heading_or_a_figure_is_explained_by_key(
    browser: Browser, place: Path, place_of_term: str, name: str
) -> None:
    with opened(browser, place, 390, reduced_motion="reduce") as page:
        term = page.locator(f"#grading {place_of_term} .term", has_text=name).first
        tip = page.locator(".tip:popover-open")

        term.press("Enter")
        assert tip.inner_text() == term.get_attribute("title")
        box, button = tip.bounding_box(), term.bounding_box()
        assert abs(box["y"] - button["y"]) < 200
        page.keyboard.press("Escape")
        assert not tip.is_visible()


def test_seven_backends_fit_on_six_sheets_with_the_first_screen_on_the_first(
    browser: Browser, place: Path
) -> None:
    with opened(browser, place, 1280) as page:
        sheets = page.pdf(prefer_css_page_size=True)
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 703, "height": 1031})  # A4 without its margins

        assert len(re.findall(rb"/Type\s*/Page\b(?!s)", sheets)) <= 6
        assert bottom_of(page, ".chips") <= 1031
