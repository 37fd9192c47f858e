"""The pages in a real browser: they fit their window, can be read, and run only their own scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("playwright")

from playwright.sync_api import Browser, expect

from e2e.report_pages import OpenPage
from fakes.fake_kept_runs import EVIL

pytestmark = pytest.mark.slow

LEAST_CONTRAST = """() => {
const light = (colour) => {
  const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
  const [r, g, b] = parts.map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (one) => {
  for (; one; one = one.parentElement) {
    const colour = getComputedStyle(one).backgroundColor;
    if (colour !== "rgba(0, 0, 0, 0)") return colour;
  }
  return "rgb(255, 255, 255)";
};
const texts = "p, td, th, li, small, a, label, caption, figcaption, dt, dd, h3, h4, span, strong, button, legend, blockquote, summary, output";
const ratios = [...document.querySelectorAll(texts)]
  .filter((one) => [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()))
  .filter((one) => !one.disabled)
  .filter((one) => one.checkVisibility())
  .map((one) => [light(getComputedStyle(one).color), light(ground(one))])
  .map(([ink, paper]) => (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05));
return Math.min(...ratios);
}"""


@pytest.mark.parametrize("name", ["comparison.html", "report.html"])
def test_the_page_is_no_wider_than_its_window(open_page: OpenPage, name: str) -> None:
    page = open_page(name)

    beyond = {}
    for width in (390, 768, 1280):
        page.set_viewport_size({"width": width, "height": 700})
        beyond[width] = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    assert beyond == {390: 0, 768: 0, 1280: 0}


def test_the_policy_stops_a_script_that_found_its_way_in(
    browser: Browser, pages: Path, tmp_path: Path
) -> None:
    invaded = (pages / "report.html").read_text(encoding="utf-8")
    script = '<script>document.body.dataset.invaded = "yes"</script></main>'
    (tmp_path / "invaded.html").write_text(invaded.replace("</main>", script), encoding="utf-8")
    page = browser.new_page()

    page.goto((tmp_path / "invaded.html").as_uri())

    assert page.evaluate("document.body.dataset.invaded") is None
    assert script in page.content()
    page.close()


@pytest.mark.parametrize(
    ("name", "fragment"),
    [("comparison.html", ""), ("report.html", ""), ("report.html", "#case=s2")],
)
def test_text_stands_out_from_its_ground_by_light_and_dark(
    open_page: OpenPage, name: str, fragment: str
) -> None:
    page = open_page(name, fragment=fragment)

    least = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        least[scheme] = page.evaluate(LEAST_CONTRAST)

    assert least["light"] >= 4.5
    assert least["dark"] >= 4.5


def test_the_page_of_one_prediction_shows_its_report_slice_and_volume_at_once(
    open_page: OpenPage,
) -> None:
    page = open_page("prediction.html", width=1280)
    case = page.get_by_role("dialog", name="Images")

    expect(page.get_by_role("heading", level=1)).to_have_text(EVIL)
    expect(case.locator(".findings dt").first).to_have_text("Grade")
    assert "mm on the axial slice" in case.locator(".findings").inner_text()
    assert case.locator('.slice [data-of="0"] polygon.stroke').count() == 1
    assert case.locator(".slice .side").all_text_contents() == ["R", "L"]
    expect(case.locator(".slice figcaption")).to_contain_text("(the files' third axis)")
    expect(page.locator('dialog[data-volume="0"]')).to_be_visible()
    before = case.locator(".slice canvas").get_attribute("data-plane")
    case.locator('[name="plane"]').press("ArrowUp")
    expect(case.locator(".slice canvas")).to_be_visible()
    assert case.locator(".slice canvas").get_attribute("data-plane") != before
    assert page.locator("img").count() == 0
    assert page.locator("table.cases").is_hidden()


def test_the_page_of_one_prediction_fits_its_window(open_page: OpenPage) -> None:
    page = open_page("prediction.html")

    for width in (1280, 768, 390):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate(LEAST_CONTRAST) >= 4.5
