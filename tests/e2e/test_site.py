"""The documentation site, built as `make site` builds it and read from its files, without a network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from gliobench.domain.metrics.measures import MEASURES
from gliobench.domain.studies.grading_target import GRADE
from gliobench.entrypoints.cli import COMMANDS
from gliobench.entrypoints.settings import described

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from conftest import SharedFolder

REPOSITORY = Path(__file__).parents[2]
MISSING = [name for name in ("mkdocs", "material", "mkdocstrings_handlers") if not find_spec(name)]
pytestmark = pytest.mark.skipif(bool(MISSING), reason="no MkDocs: pip install 'gliobench[docs]'")
LINK = re.compile(r'<a [^>]*?href="([^"]*)"')
ANCHOR = re.compile(r' (?:id|name)="?([^" >]+)')


def build(place: Path) -> None:
    """Build the site; a link that leads nowhere, or a page outside the navigation, is an error."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", place],
        cwd=REPOSITORY,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.fixture(scope="module")
def site(shared_folder: SharedFolder) -> Path:
    return shared_folder("site", build)


def pages(site: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(site.rglob("*.html")):
        yield path, path.read_text(encoding="utf-8")


def text_of(page: Path) -> str:
    return unescape(re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8")))


def test_no_page_wants_anything_of_the_network(site: Path) -> None:
    wanted = re.compile(r'<(?:script|img|iframe)[^>]*src="https?:|<link[^>]*stylesheet[^>]*https?:')

    assert [path.name for path, html in pages(site) if wanted.search(html)] == []


def test_every_link_within_the_site_leads_somewhere(site: Path) -> None:
    anchors = {path: set(ANCHOR.findall(html)) for path, html in pages(site)}
    lost = []
    for path, html in pages(site):
        for link in {item for item in LINK.findall(html) if not re.match(r"\w+:", item)}:
            place, _, anchor = unquote(unescape(link)).partition("#")
            target = (path.parent / place).resolve() if place else path
            found = target.is_file() and (not anchor or anchor in anchors.get(target, {anchor}))
            if not found and path.name != "404.html":
                lost.append((path.relative_to(site).as_posix(), link))

    assert lost == []


def test_every_command_is_described(site: Path) -> None:
    described_commands = text_of(site / "reference" / "commands.html")

    assert [name for name in COMMANDS if f"gliobench {name} " not in described_commands] == []
    assert "gliobench dataset series [OPTIONS]" in described_commands


def test_every_setting_is_described(site: Path) -> None:
    page = " ".join(text_of(site / "reference" / "settings.html").split())

    assert [name for name, meaning in described().items() if meaning not in page] == []


def test_every_measure_is_described(site: Path) -> None:
    page = text_of(site / "reference" / "measures.html")

    assert [row.title for row in MEASURES if GRADE.in_words(row.meaning) not in page] == []


def test_measures_that_are_always_computed_have_a_formula() -> None:
    assert [row.title for row in MEASURES if row.chosen_by is None and not row.formula] == []


def test_the_search_finds_pages_of_a_site_that_is_a_folder(site: Path, browser: Browser) -> None:
    asked: list[str] = []
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.on("request", lambda request: asked.append(request.url))
    page.goto((site / "index.html").as_uri())
    asking = page.locator("input.md-search__input")
    asking.focus()
    ready = page.locator(".md-search-result__meta", has_text="Type to start searching")
    ready.wait_for(timeout=120_000)
    asking.press_sequentially("pseudonym")  # a search begins when a key comes up
    page.locator(".md-search-result__item").first.wait_for()
    found = page.locator(".md-search-result__item a").first.get_attribute("href")
    page.close()

    assert found is not None
    assert re.search(r"dicom|scanner|settings", found)
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
