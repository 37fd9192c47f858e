"""Figures are saved from a page: pictures that stand alone, and exact numbers."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("playwright")

from playwright.sync_api import Browser, Page

from gliobench.adapters.html.figures.drawing import Dot, Figure, Label
from gliobench.adapters.html.templating import environment, text

SVG = "{http://www.w3.org/2000/svg}"
GALLERY = '{% from "figures.html" import gallery with context %}{{ gallery(figures) }}'
PHONE = Figure("errors", "HD95", "Holm", "narrow", (100, 50), (Label((1, 1), "phone"),))
FIGURE = Figure(
    "errors of a/b",
    "HD95 <in mm>",
    "Holm-adjusted",
    "one dot",
    (600, 100),
    (Dot((5, 5), 2, "value arm-1"),),
    numbers=(("name", "value"), ("a, b", 1 / 3)),
    narrow=PHONE,
)


def opened(browser: Browser, *, width: int = 1000) -> Page:
    """Open a page with one figure, in the dark."""
    gallery = environment().from_string(GALLERY).render(figures=[FIGURE], marks=("SIMULATED",))
    style = "".join(map(text, ("colours.css", "style.css", "figures.css")))
    page = browser.new_page(color_scheme="dark", viewport={"width": width, "height": 700})
    script = text("figures.js")
    page.set_content(f"<style>{style}</style><main>{gallery}</main><script>{script}</script>")
    return page


def saved(page: Page, button: str) -> tuple[str, str]:
    """Press a button of the figure: the name and the content of the file."""
    with page.expect_download() as download:
        page.get_by_role("button", name=button).press("Enter")
    return download.value.suggested_filename, Path(download.value.path()).read_text("utf-8")


def test_a_saved_picture_stands_alone_in_light_colours_with_its_warnings(browser: Browser) -> None:
    page = opened(browser)

    name, picture = saved(page, "Save HD95 <in mm> as SVG")

    tree = ElementTree.fromstring(picture)
    style = tree.findtext(f"{SVG}style") or ""
    assert name == "errors-of-a-b.svg"
    assert tree.get("viewBox") == "-8 -22 616 130"
    assert tree.findtext(f"{SVG}title") == "[SIMULATED] HD95 <in mm>"
    assert tree.findtext(f"{SVG}desc") == "one dot"
    assert tree.findtext(f"{SVG}text") == "SIMULATED"
    assert "--paper: #ffffff" in style
    assert "--paper: #13161a" not in style
    assert ".drawn .value" in style
    assert ".arm-1 {" in style


def test_a_phone_saves_the_picture_that_it_shows(browser: Browser) -> None:
    page = opened(browser, width=390)

    _, picture = saved(page, "Save HD95 <in mm> as SVG")

    assert "phone" in picture
    assert "<circle" not in picture


def test_saved_numbers_are_those_of_the_figure(browser: Browser) -> None:
    page = opened(browser)

    name, numbers = saved(page, "Save the numbers of HD95 <in mm> as CSV")

    assert name == "errors-of-a-b.csv"
    assert numbers == 'name,value\n"a, b",0.3333333333333333\n'
