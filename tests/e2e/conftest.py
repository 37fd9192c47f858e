"""What tests of the command line and of pages may ask for."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

import command_line

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from conftest import SharedFolder
    from e2e.report_pages import OpenPage

RunCli: TypeAlias = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def browser(pytestconfig: pytest.Config) -> Iterator[Browser]:
    """Start a browser; skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api")
    from e2e.browsers import FLAGS, find_chromium

    cache = Path(pytestconfig.rootpath) / ".pytest_cache" / "chromium"
    with playwright.sync_playwright() as started:
        found = find_chromium(started.chromium.executable_path, cache)
        if found is None:
            pytest.skip("no browser: wanted chromium on PATH, or npm and its registry")
        launched = started.chromium.launch(executable_path=found, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def pages(shared_folder: SharedFolder) -> Path:
    """A folder with `comparison.html` and `report.html` of the same runs, and `prediction.html`."""
    from e2e.report_pages import write_pages

    return shared_folder("report_pages", write_pages)


@pytest.fixture
def open_page(browser: Browser, pages: Path) -> Iterator[OpenPage]:
    """Open one of `pages`, see `page_opener`."""
    from e2e.report_pages import page_opener

    with page_opener(browser, pages) as opener:
        yield opener


@pytest.fixture
def gliobench_process(tmp_path: Path) -> RunCli:
    """Run `gliobench` in an empty folder; keyword arguments are environment variables."""
    return partial(command_line.gliobench_process, cwd=tmp_path)
