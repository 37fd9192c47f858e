"""Every place that names the version names that of the package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from gliobench import __version__

ROOT = Path(__file__).parents[2]


def test_the_citation_is_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())

    assert citation["version"] == __version__


def test_the_changelog_has_an_entry_of_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert re.search(
        rf"^## \[{re.escape(__version__)}\] - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE
    )


@pytest.mark.parametrize("place", ["deploy", "docs/operations.md"])
def test_images_are_of_this_version(place: str) -> None:
    files = [path for path in [ROOT / place, *(ROOT / place).rglob("*")] if path.is_file()]
    tags = [
        tag
        for path in files
        for tag in re.findall(
            r"(?:newTag: |gliobench:)(\d[\w.]*)-", path.read_text(encoding="utf-8")
        )
    ]

    assert tags
    assert set(tags) == {__version__}
