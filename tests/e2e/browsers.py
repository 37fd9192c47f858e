"""A browser for tests: the system's, Playwright's own, or one that an npm package ships."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
PACKAGE = "@sparticuz/chromium@153.0.0"
"""Brings a headless Chromium for Linux with it, packed."""
PATH_OF_PACKAGE = (
    'import("@sparticuz/chromium").then(async (m) => console.log(await m.default.executablePath()))'
)
SECONDS = 300
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",
    "--proxy-server=127.0.0.1:9",
)
"""WebGL in software, and no way to the network."""


def find_chromium(own: str, cache: Path) -> str | None:
    """Find a browser, or install one from the npm registry.

    Args:
        own: Where Playwright would have its own.
        cache: Where to install to; the next call finds it there.

    Returns:
        None where none can be had.
    """
    return next(_candidates(own, cache), None)


def _candidates(own: str, cache: Path) -> Iterator[str]:
    yield from filter(None, map(shutil.which, NAMES))
    if Path(own).is_file():
        yield own
    if (installed := _from_npm(cache)) is not None:
        yield installed


def _from_npm(folder: Path) -> str | None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    install = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", ".", PACKAGE]
    try:
        if not (folder / "node_modules").is_dir():
            _run(install, folder)
        path = _run([node, "--eval", PATH_OF_PACKAGE], folder)
    except (OSError, subprocess.SubprocessError):
        return None
    return path if Path(path).is_file() else None


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=True
    )
    return done.stdout.strip()
