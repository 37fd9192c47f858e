"""The pages in a real browser: cases sort, filter and open, volumes are drawn, nothing is loaded."""

from __future__ import annotations

import gzip
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

import nibabel as nib
import numpy as np
import pytest

pytest.importorskip("playwright")

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from e2e.browsers import FLAGS, find_chromium
from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_kept_runs import EVIL, fake_heads, looks, saved_runs
from fakes.fake_localizer import FakeLocalizer
from gliobench.adapters.html.page import render_report
from gliobench.adapters.html.prediction import HtmlPredictionPage
from gliobench.adapters.pillow import WebpPictureEncoder
from gliobench.application.predict.predict_study import predict_study
from gliobench.application.report.report_prediction import ReportPrediction
from gliobench.application.report.report_runs import ReportRuns
from gliobench.domain.comparison.arms import BootstrapOptions
from gliobench.domain.studies.study import Study

pytestmark = pytest.mark.slow

SECONDS = 180
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
NO_WEBGL = """const known = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind === "webgl2" ? null : known.call(this, kind, ...rest);
};"""
OpenPage: TypeAlias = Callable[..., Page]


@pytest.fixture(scope="module")
def browser(pytestconfig: pytest.Config) -> Iterator[Browser]:
    cache = Path(pytestconfig.rootpath) / ".pytest_cache" / "chromium"
    with sync_playwright() as playwright:
        found = find_chromium(playwright.chromium.executable_path, cache)
        if found is None:
            pytest.skip("no browser: wanted chromium on PATH, or npm and its registry")
        launched = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the comparison and the report of the same runs."""
    folder = tmp_path_factory.mktemp("pages")
    runs = saved_runs(fake_heads(), encoder=WebpPictureEncoder())
    comparison = ReportRuns(
        fewest=2, refuses_leakage=True, bootstrap=BootstrapOptions(replicates=100)
    )(runs)
    (folder / "comparison.html").write_text(render_report(comparison), encoding="utf-8")
    (folder / "report.html").write_text(render_report(ReportRuns()(runs)), encoding="utf-8")
    (folder / "prediction.html").write_bytes(prediction_of(fake_heads(2)[-1].study))
    return folder


def prediction_of(study: Study) -> bytes:
    """Draw the page of one prediction."""
    backend = fake_backend(
        classifier=FakeClassifier(lambda found: looks(found)[0]),
        localizer=FakeLocalizer(lambda found: looks(found)[1]),
    )
    show = ReportPrediction(HtmlPredictionPage(), WebpPictureEncoder())
    return show(predict_study(study, backend, force=True))


@pytest.fixture
def open_page(browser: Browser, pages: Path) -> Iterator[OpenPage]:
    """Open a page; that it complains of nothing and asks for nothing is checked at the end."""
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
            page.on("request", lambda one: complaints.extend(_outside(one.url, pages)))
            if before:
                page.add_init_script(before)
            page.goto((pages / name).as_uri() + fragment)
            return page

        yield open_it
        assert complaints == []


def _outside(url: str, pages: Path) -> list[str]:
    return [] if url.startswith(("data:", pages.as_uri())) else [url]


def studies(page: Page) -> list[str]:
    """Name the cases that are listed."""
    return page.locator("table.cases tbody tr:visible th a").all_inner_texts()


def heading(page: Page, name: str) -> Locator:
    return page.locator("th[data-sorts]", has=page.get_by_role("button", name=name, exact=True))


def middle(one: Locator) -> tuple[float, float]:
    box = one.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def width_of(one: Locator) -> float:
    return float(one.evaluate("one => one.getBoundingClientRect().width"))


def canvas_pixels(canvas: Locator) -> np.ndarray:
    """Read what is drawn, (rows, columns, RGB)."""
    found = canvas.evaluate(
        """one => {
          const { width, height } = one;
          const { data } = one.getContext("2d").getImageData(0, 0, width, height);
          return { width, height, data: [...data] };
        }"""
    )
    return np.reshape(found["data"], (found["height"], found["width"], 4))[:, :, :3]


def saved_part(page: Page, study_id: str, name: str) -> np.ndarray:
    """Unpack a volume or mask of the page, (I, J, K)."""
    packed = page.evaluate(
        """([id, part]) => {
          const n = JSON.parse(casebook.textContent).cases.findIndex((one) => one.id === id);
          return document.querySelector(`[data-volume="${n}"][data-part="${part}"]`).textContent;
        }""",
        [study_id, name],
    )
    return np.asarray(nib.Nifti1Image.from_bytes(gzip.decompress(b64decode(packed))).dataobj)


def colours(picture: bytes) -> Counter[tuple[int, int, int]]:
    pixels = np.asarray(Image.open(BytesIO(picture)).convert("RGB")).reshape(-1, 3)
    return Counter(map(tuple, pixels.tolist()))


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


@pytest.mark.parametrize("name", ["comparison.html", "report.html"])
def test_the_worst_case_stands_first_and_headings_sort_by_the_chosen_measure(
    open_page: OpenPage, name: str
) -> None:
    page = open_page(name)
    draws = heading(page, "draws")

    assert studies(page) == ["s0", "s3", "s6", "s2", "s5", "s4", "s1", EVIL]
    page.get_by_label("Headings of backends sort by").select_option("centre error")
    draws.get_by_role("button").click()
    rising, said = studies(page), draws.get_attribute("aria-sort")
    draws.get_by_role("button").click()
    falling = studies(page)

    assert said == "ascending"
    assert draws.get_attribute("aria-sort") == "descending"
    assert rising[0] == falling[-1] == "s5"  # 18.1 mm
    assert rising[-1] == falling[0] == "s2"  # a failure is the worst
    page.get_by_role("button", name="Worst first").click()
    assert studies(page)[0] == "s0"


def test_what_has_no_value_is_sorted_last_both_ways(open_page: OpenPage) -> None:
    page = open_page()
    grades = heading(page, "draws").get_by_role("button")

    ends = []
    for _ in range(2):
        grades.click()
        ends.append(studies(page)[-1])

    assert ends == ["s2", "s2"]


def test_cases_are_filtered_by_words_reference_subgroup_failure_and_who_is_right(
    open_page: OpenPage,
) -> None:
    page = open_page()
    form = page.get_by_role("form", name="Filter cases")

    def listed(label: str, value: str) -> set[str]:
        if label == "Search":
            form.get_by_role("searchbox", name=label).fill(value)
        else:
            form.get_by_role("combobox", name=label).select_option(value)
        found = set(studies(page))
        expect(form.locator("output")).to_have_text(f"{len(found)} of 8 cases")
        form.get_by_role("button", name="Clear").click()
        expect(form.locator("output")).to_have_text("8 of 8 cases")
        return found

    assert listed("Search", "S2") == {"s2"}
    assert listed("Search", "declined") == {"s2"}
    assert listed("Reference", "LGG") == {"s0", "s3", "s6"}
    assert listed("Subgroup", "site0") == {"s0", "s2", "s4", "s6"}
    assert listed("Failure", "any failure") == {"s2"}
    assert listed("Failure", "refusal") == {"s2"}
    assert listed("Grading", "models disagree") == {"s2", "s5"}
    assert listed("Grading", "all models correct") == {"s1", "s4", EVIL}
    assert listed("Grading", "all models wrong") == {"s0", "s3", "s6"}
    assert listed("Grading", "looks wrong") == {"s0", "s3", "s5", "s6"}
    assert listed("Grading", "only looks correct") == set()


def test_thumbnails_are_drawn_from_the_saved_picture_when_they_are_seen(
    open_page: OpenPage,
) -> None:
    page = open_page()
    row = page.locator("table.cases tbody tr", has_text="s1").first
    assert row.locator(".thumb image").count() == 0

    row.scroll_into_view_if_needed()

    expect(row.locator(".thumb image")).to_have_attribute("href", re.compile("^data:image/webp"))
    assert row.locator('.thumb [data-of="reference"] polygon').count() == 1
    page.mouse.click(*middle(row.locator(".thumb")))
    expect(page.get_by_role("dialog", name="s1")).to_be_visible()


def test_a_case_shows_what_every_backend_drew_and_each_can_be_hidden(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("link", name="s1", exact=True).click()
    case = page.get_by_role("dialog", name="s1")
    svg = case.locator(".frame > svg")

    assert svg.locator("image").get_attribute("href", timeout=5000).startswith("data:image/webp")
    drawn = {
        name: svg.locator(f'[data-of="{name}"] .stroke').evaluate_all(
            "marks => marks.map((mark) => mark.localName)"
        )
        for name in ("reference", "0", "1", "2")
    }
    assert drawn["reference"] == ["polygon", "path", "circle"]
    assert drawn["0"] == drawn["1"] == ["polygon", "rect", "path", "circle"]
    assert drawn["2"] == []
    assert svg.get_attribute("aria-label") == "Slice of s1 with reference, looks, draws"

    case.get_by_role("checkbox", name="looks").uncheck()
    case.get_by_role("slider", name="Opacity").fill("40")

    assert not svg.locator('[data-of="0"]').is_visible()
    assert svg.locator('[data-of="1"]').evaluate("layer => layer.style.opacity") == "0.4"
    assert svg.get_attribute("aria-label") == "Slice of s1 with reference, draws"


def test_the_scale_bar_has_the_length_that_it_states(open_page: OpenPage) -> None:
    page = open_page(fragment="#case=s1")
    frame = page.locator(".slice .frame")
    expect(frame.locator(".scale text")).to_have_text("50 mm")

    bar, edge = width_of(frame.locator(".scale path")), width_of(frame)

    # on plane 12 the head is 40 voxels of 4 mm long, which fill the picture
    assert bar == pytest.approx(edge * 50 / 160, abs=0.5)
    assert frame.locator(".side").all_text_contents() == ["R", "L"]


def test_the_reference_lies_on_the_tumour_of_the_picture(open_page: OpenPage) -> None:
    page = open_page(fragment="#case=s1")
    case = page.get_by_role("dialog", name="s1")
    case.locator(".shown input").evaluate_all("boxes => boxes.forEach((box) => box.click())")
    svg = case.locator(".frame > svg")
    x, y = svg.locator('[data-of="reference"] circle').evaluate(
        "circle => [circle.cx.baseVal.value, circle.cy.baseVal.value]"
    )

    picture = np.asarray(Image.open(BytesIO(svg.screenshot())).convert("L")).astype(float)

    edge = picture.shape[0] / 100
    rows, columns = (slice(int((at - 4) * edge), int((at + 4) * edge)) for at in (y, x))
    assert picture[rows, columns].mean() > picture[picture > 20].mean() + 40


def test_a_hostile_study_id_is_words_and_can_be_linked_to(open_page: OpenPage) -> None:
    page = open_page(fragment=f"#case={quote(EVIL, safe='')}")

    case = page.get_by_role("dialog")

    expect(case.get_by_role("heading", level=3)).to_have_text(EVIL)
    assert page.locator("img").count() == 0


def test_a_case_that_is_not_there_is_told(open_page: OpenPage) -> None:
    page = open_page(fragment="#case=%E0%A4%A")

    expect(page.locator(".filters output")).to_have_text("No case %E0%A4%A in this report")
    assert not page.get_by_role("dialog").is_visible()


def test_a_failed_answer_is_shown_with_its_raw_text(open_page: OpenPage) -> None:
    page = open_page(fragment="#case=s2")

    answer = page.get_by_role("dialog").locator(".answers li", has_text="draws")

    expect(answer.locator("p.failed")).to_have_text("refusal: it declined to answer")
    expect(answer.locator("blockquote")).to_have_text("I <b>can't</b>.")


def test_everything_can_be_done_by_keyboard(open_page: OpenPage) -> None:
    page = open_page()
    title = page.get_by_role("dialog").get_by_role("heading", level=3)

    heading(page, "Study").get_by_role("button").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    assert studies(page)[0] == "s6"
    page.get_by_role("link", name="s4", exact=True).focus()
    page.keyboard.press("Enter")
    expect(title).to_have_text("s4")
    for key, study in (("ArrowRight", "s3"), ("j", "s2"), ("ArrowLeft", "s3"), ("k", "s4")):
        page.keyboard.press(key)
        expect(title).to_have_text(study)
    page.get_by_role("button", name="Next").focus()
    page.keyboard.press("Enter")
    expect(title).to_have_text("s3")
    assert page.url.endswith("#case=s3")
    page.keyboard.press("Escape")

    expect(page.get_by_role("link", name="s3", exact=True)).to_be_focused()
    assert not page.get_by_role("dialog").is_visible()
    assert page.url.endswith("comparison.html")


def test_the_slice_slider_shows_the_voxels_of_the_saved_volume_without_webgl(
    open_page: OpenPage,
) -> None:
    page = open_page(fragment="#case=s5", before=NO_WEBGL)
    case = page.get_by_role("dialog")
    canvas, slider = case.locator(".slice canvas"), case.get_by_role("slider", name="Slice")
    expect(case.locator(".volume .state")).to_have_text(
        "No 3D view here: this browser lacks WebGL 2."
    )
    assert not case.locator("canvas:visible").count()
    scored = int(slider.input_value())

    case.get_by_role("checkbox", name="Reference").uncheck()
    case.get_by_role("checkbox", name="looks").uncheck()
    case.get_by_role("heading", level=3).focus()
    page.keyboard.press("ArrowUp")
    expect(canvas).to_have_attribute("data-plane", str(scored + 1))
    bare = canvas_pixels(canvas)
    frame, drawn = case.locator(".frame").bounding_box(), canvas.bounding_box()
    bar_px = width_of(case.locator(".scale path"))
    case.get_by_role("checkbox", name="looks").check()
    masked = canvas_pixels(canvas)
    slider.fill(str(scored))

    # radiological: both in-plane axes run against the picture's
    grey, mask = (saved_part(page, "s5", part)[::-1, ::-1, scored + 1].T for part in ("grey", "0"))
    assert np.array_equal(bare[:, :, 0], grey)
    assert mask.any()
    assert np.array_equal((masked != bare).any(axis=2), mask > 0)
    # the frame holds all of the slice, at the scale of its bar: voxels of 4 mm
    assert frame["x"] <= drawn["x"] + 0.5
    assert frame["y"] <= drawn["y"] + 0.5
    assert drawn["height"] <= frame["height"] + 0.5
    assert drawn["width"] / bar_px == pytest.approx(grey.shape[1] * 4 / 50, rel=0.01)
    assert not canvas.is_visible()
    assert case.locator(".slice image").is_visible()


def test_an_open_case_fits_a_phone(open_page: OpenPage) -> None:
    page = open_page(fragment="#case=s1", width=390)
    case = page.get_by_role("dialog")
    expect(case).to_be_visible()

    assert case.evaluate("one => one.scrollWidth - one.clientWidth") == 0
    assert case.bounding_box()["width"] <= 390


def test_a_volume_is_drawn_with_its_masks_and_they_can_be_hidden(open_page: OpenPage) -> None:
    page = open_page(fragment="#case=s5", width=700)
    case = page.get_by_role("dialog")
    canvas = case.locator(".volume canvas")

    expect(case.locator(".volume .state")).to_contain_text("Drag in a plane to move the crosshair")
    masked = colours(canvas.screenshot())
    case.get_by_role("checkbox", name="Reference").uncheck()
    case.get_by_role("checkbox", name="looks").uncheck()
    bare = colours(canvas.screenshot())

    assert sum(n for colour, n in bare.items() if max(colour) > 60) > 2000
    assert len(bare) > 50
    coloured = [sum(n for c, n in of.items() if max(c) - min(c) > 40) for of in (masked, bare)]
    assert coloured[0] > 200
    assert coloured[1] < coloured[0] / 10
    assert "with reference, looks" in (canvas.get_attribute("aria-label") or "")


def test_a_case_without_a_volume_loads_no_viewer(open_page: OpenPage) -> None:
    page = open_page(fragment="#case=s1")

    expect(page.locator(".volume .state")).to_contain_text(
        "No 3D view here: the run saved the volumes of 2 of 8 cases."
    )
    assert not page.locator(".volume canvas").is_visible()
    assert not page.get_by_role("slider", name="Slice").is_visible()
    assert page.evaluate("typeof niivue") == "undefined"


def test_without_scripts_the_cases_can_be_read(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)

    assert len(studies(page)) == 8
    assert not page.locator(".filters").is_visible()


def test_the_policy_stops_a_script_that_found_its_way_in(browser: Browser, pages: Path) -> None:
    invaded = (pages / "report.html").read_text(encoding="utf-8")
    script = '<script>document.body.dataset.invaded = "yes"</script></main>'
    (pages / "invaded.html").write_text(invaded.replace("</main>", script), encoding="utf-8")
    page = browser.new_page()

    page.goto((pages / "invaded.html").as_uri())

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
    assert case.locator('.slice [data-of="0"] polygon').count() == 1
    assert case.locator(".slice .side").all_text_contents() == ["R", "L"]
    expect(case.locator(".slice figcaption")).to_contain_text("(the files' third axis)")
    expect(page.locator('dialog[data-volume="0"]')).to_be_visible()
    before = case.locator(".slice canvas").get_attribute("data-plane")
    case.locator('[name="plane"]').press("ArrowUp")
    expect(case.locator(".slice canvas")).to_be_visible()
    assert case.locator(".slice canvas").get_attribute("data-plane") != before
    assert page.locator("img").count() == 0
    assert page.locator("table.cases").is_hidden()


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_the_page_of_one_prediction_fits_its_window(open_page: OpenPage, width: int) -> None:
    page = open_page("prediction.html", width=width)

    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(LEAST_CONTRAST) >= 4.5
