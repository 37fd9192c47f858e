"""Every command of every page is one that gliobench understands; tutorials are followed to the letter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from e2e.doc_pages import REPOSITORY, Walk, boxes, own_commands, understood

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
TUTORIALS = sorted((REPOSITORY / "docs" / "tutorials").glob("[a-z]*_*.md"))
named = pytest.mark.parametrize(
    "page", PAGES, ids=[page.relative_to(REPOSITORY).as_posix() for page in PAGES]
)


@named
def test_gliobench_understands_every_command_of_a_page(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    faults = []
    for box in (box for box in boxes(page) if box.is_shell):
        for command in own_commands(box):
            try:
                understood(command)
            except Exception as error:  # noqa: BLE001 -- whatever the parser raises
                faults.append(f"gliobench {' '.join(command)}: {error or repr(error)}")

    assert faults == []


@pytest.mark.parametrize("page", TUTORIALS, ids=[page.stem for page in TUTORIALS])
def test_a_tutorial_can_be_followed(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    pytest.importorskip("nilearn", reason="the extra `phantom` is not installed")
    walk = Walk(tmp_path, monkeypatch, full=full)

    walk.follow(page)

    assert walk.faults == []


def test_every_box_of_a_tutorial_that_is_not_run_says_why() -> None:
    without = [
        (page.name, box.body)
        for page in TUTORIALS
        for box in boxes(page)
        if not box.is_shell and any(True for _ in own_commands_of_text(box.body))
    ]

    assert without == []


def own_commands_of_text(body: str) -> list[str]:
    return [line for line in body.splitlines() if line.startswith("gliobench ")]


def test_messages_of_the_page_on_trouble_are_those_of_the_code() -> None:
    page = (REPOSITORY / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    layers = ("domain", "application", "adapters", "entrypoints")
    source = "\n".join(
        path.read_text(encoding="utf-8")
        for layer in layers
        for path in (REPOSITORY / layer).rglob("*.py")
    )
    joined = re.sub(r'"\s*\n\s*f?"', "", source)
    first_cells = re.findall(r"^\| ([^|]*`[^|]*) \|", page, flags=re.MULTILINE)
    pieces = {
        piece.strip()
        for cell in first_cells
        for message in re.findall(r"`([^`]+)`", cell)
        for piece in message.split("…")
        if len(piece.strip()) > 8
    }

    assert len(pieces) > 30
    assert sorted(piece for piece in pieces if piece not in joined) == []
