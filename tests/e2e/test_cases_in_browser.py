"""Cases in a real browser: they sort, filter and open, and volumes are drawn."""

from __future__ import annotations

import gzip
import re
from base64 import b64decode
from collections import Counter
from io import BytesIO
from urllib.parse import quote

import nibabel as nib
import numpy as np
import pytest

pytest.importorskip("playwright")

from PIL import Image
from playwright.sync_api import Locator, Page, expect
from scipy.ndimage import binary_dilation

from e2e.report_pages import OpenPage
from fakes.fake_kept_runs import EVIL

pytestmark = pytest.mark.slow

NO_WEBGL = """const known = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind === "webgl2" ? null : known.call(this, kind, ...rest);
};"""


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


@pytest.mark.parametrize(
    "name", ["comparison.html", pytest.param("report.html", marks=pytest.mark.full)]
)
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
    assert row.locator('.thumb [data-of="reference"] polygon.stroke').count() == 1
    page.mouse.click(*middle(row.locator(".thumb")))
    expect(page.get_by_role("dialog", name="s1")).to_be_visible()


def test_a_thumbnail_of_the_first_screen_opens_its_case_and_gets_the_focus_back(
    open_page: OpenPage,
) -> None:
    page = open_page()
    links = page.locator(".thumbnails a")
    assert links.count() == 6
    assert links.locator("image").count() == 6

    links.nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("heading", level=3)).to_have_text("s2")
    page.keyboard.press("Escape")

    expect(links.nth(2)).to_be_focused()
    assert page.url.endswith("comparison.html")


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

    assert svg.locator('[data-of="0"] >> visible=true').count() == 0
    shown = svg.locator('[data-of="1"]').evaluate_all("all => all.map((one) => one.style.opacity)")
    assert shown == ["0.4", "0.4"]
    assert svg.get_attribute("aria-label") == "Slice of s1 with reference, draws"


def test_below_all_strokes_are_dark_casings_of_the_same_shape_and_wider(
    open_page: OpenPage,
) -> None:
    page = open_page(fragment="#case=s1")
    layers = page.locator(".frame > svg [data-of]")
    expect(layers).to_have_count(8)

    drawn = layers.evaluate_all(
        """layers => layers.map((layer) => [layer.dataset.of, layer.classList.contains("casing"),
          [...layer.children].map((mark) => {
            const { stroke, strokeWidth, strokeDasharray } = getComputedStyle(mark);
            const { x, y, width, height } = mark.getBBox();
            return [[x, y, width, height], stroke, parseFloat(strokeWidth), strokeDasharray];
          })])"""
    )

    casings, strokes = drawn[:4], drawn[4:]
    assert [name for name, is_casing, _ in drawn] == [*("reference", "2", "1", "0")] * 2
    assert [is_casing for _, is_casing, _ in drawn] == [True] * 4 + [False] * 4
    below = [mark for *_, marks in casings for mark in marks]
    above = [mark for *_, marks in strokes for mark in marks]
    for (box, colour, width, dashes), (of, _, thinner, _) in zip(below, above, strict=True):
        assert box == of
        assert colour == "rgba(0, 0, 0, 0.6)"
        assert width > thinner
        assert dashes == "none"


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
    x, y = svg.locator('[data-of="reference"] circle.stroke').evaluate(
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
    case.get_by_role("checkbox", name="Reference").check()
    both = canvas_pixels(canvas)
    slider.fill(str(scored))

    # radiological: both in-plane axes run against the picture's
    grey, mask = (saved_part(page, "s5", part)[::-1, ::-1, scored + 1].T for part in ("grey", "0"))
    assert np.array_equal(bare[:, :, 0], grey)
    assert mask.any()
    # around the mask a ring of voxels is darker, so that its edge is seen on bright tissue
    ring = binary_dilation(mask > 0) & (mask == 0) & (grey > 0)
    assert np.array_equal((masked != bare).any(axis=2), (mask > 0) | ring)
    assert (masked[ring].astype(int) <= bare[ring] // 2 + 1).all()
    # the reference is drawn last, its edge dashed: along it every other voxel is white
    inside = saved_part(page, "s5", "reference")[::-1, ::-1, scored + 1].T > 0
    corner = np.argwhere(inside)[0]
    edge = both[corner[0], inside[corner[0]]]
    assert np.ptp(edge.min(axis=1)) > 50
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
