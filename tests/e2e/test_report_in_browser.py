"""The report in a real browser: it fits a phone, sorts, and asks the network for nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest

from fakes.fake_report import fake_report
from gliobench.adapters.fsspec import open_storage
from gliobench.adapters.html import HtmlReportWriter
from gliobench.adapters.html.page import render_html
from gliobench.adapters.matplotlib import MatplotlibStudyPainter

pytestmark = pytest.mark.slow

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 120


@pytest.fixture(scope="session")
def chromium() -> str:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser: wanted one of {', '.join(NAMES)}")
    return found


@pytest.fixture(scope="session")
def page() -> str:
    return render_html(fake_report(painter=MatplotlibStudyPainter()))


def browse(chromium: str, *arguments: str, profile: Path) -> str:
    """Run a browser without a window or a network, and give what it printed."""
    command = [
        chromium,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={profile}",
        "--proxy-server=127.0.0.1:9",
        *arguments,
    ]
    environment = {**os.environ, "HOME": str(profile)}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=SECONDS, env=environment, check=True
    )
    return done.stdout


def answer(chromium: str, page: str, script: str, folder: Path, *, width: int = 1280) -> str:
    """Show the page in a frame of some width, run a script over it, and give what it returns.

    A window of a browser without a screen has a least width, a frame has none.
    """
    (folder / "page.html").write_text(page, encoding="utf-8")
    (folder / "frame.html").write_text(
        f"""<!doctype html><iframe src="page.html" width="{width}" height="900"></iframe><pre></pre>
        <script>onload = () => {{
          const page = document.querySelector("iframe").contentDocument;
          document.querySelector("pre").textContent = String((() => {{ {script} }})());
        }}</script>""",
        encoding="utf-8",
    )
    dump = browse(
        chromium,
        "--allow-file-access-from-files",
        "--window-size=1400,1000",
        "--virtual-time-budget=5000",
        "--dump-dom",
        (folder / "frame.html").as_uri(),
        profile=folder / "profile",
    )
    found = re.search(r"<pre>(.*?)</pre>", dump, re.DOTALL)
    assert found
    return found[1]


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_the_page_is_no_wider_than_its_window(
    chromium: str, page: str, tmp_path: Path, width: int
) -> None:
    script = "return page.documentElement.scrollWidth - page.documentElement.clientWidth"

    assert answer(chromium, page, script, tmp_path, width=width) == "0"


def test_pressing_a_heading_sorts_the_cases_and_pressing_again_turns_them_around(
    chromium: str, page: str, tmp_path: Path
) -> None:
    script = """
      const table = page.querySelector("table[data-sortable]");
      const first = () => table.tBodies[0].rows[0].cells[0].textContent;
      const heading = table.tHead.rows[0].cells[4];
      const seen = [first()];
      for (const press of [1, 2]) {
        heading.querySelector("button").click();
        seen.push(first() + " " + heading.getAttribute("aria-sort"));
      }
      return seen.join(", ");"""

    assert answer(chromium, page, script, tmp_path) == "s0, s0 ascending, s5 descending"


def test_every_picture_is_shown(chromium: str, page: str, tmp_path: Path) -> None:
    script = """
      const pictures = [...page.images];
      return pictures.filter((one) => one.complete && one.naturalWidth === 1200).length
        + " of " + pictures.length;"""

    assert answer(chromium, page, script, tmp_path) == "10 of 10"


def test_the_policy_stops_a_script_that_found_its_way_in(
    chromium: str, page: str, tmp_path: Path
) -> None:
    invaded = page.replace(
        "</main>", '<script>document.body.dataset.invaded = "yes"</script></main>'
    )

    script = "return page.body.dataset.invaded"

    assert answer(chromium, invaded, script, tmp_path) == "undefined"


def test_text_stands_out_from_its_ground_by_light_and_dark(
    chromium: str, page: str, tmp_path: Path
) -> None:
    script = """
      const light = (colour) => {
        const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
        const [r, g, b] = parts.map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const ground = (one) => {
        for (; one; one = one.parentElement) {
          const colour = page.defaultView.getComputedStyle(one).backgroundColor;
          if (colour !== "rgba(0, 0, 0, 0)") return colour;
        }
        return "rgb(255, 255, 255)";
      };
      const ratios = [...page.querySelectorAll("p, td, th, li, small, a, caption, figcaption, dt, summary")]
        .map((one) => [light(page.defaultView.getComputedStyle(one).color), light(ground(one))])
        .map(([ink, paper]) => (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05));
      return Math.min(...ratios).toFixed(2);"""
    dark = page.replace("prefers-color-scheme: dark", "min-width: 1px")
    dark = re.sub(r"style-src '[^;]*'", "style-src 'unsafe-inline'", re.sub("&#39;", "'", dark))

    assert float(answer(chromium, page, script, tmp_path)) >= 4.5
    assert float(answer(chromium, dark, script, tmp_path)) >= 4.5


def test_a_written_report_is_pictured(chromium: str, tmp_path: Path) -> None:
    report = fake_report(painter=MatplotlibStudyPainter())
    place = Path(HtmlReportWriter(open_storage(str(tmp_path))).write(report)[0])
    shoot = partial(browse, chromium, profile=tmp_path / "profile")

    shoot(f"--screenshot={tmp_path / 'wide.png'}", "--window-size=1280,2400", place.as_uri())

    assert (tmp_path / "wide.png").stat().st_size > 50_000
