"""Every command of every page is one that gliobench understands; tutorials are followed to the letter.

The small dose draws fewer phantoms.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from e2e.doc_pages import REPOSITORY, Walk, boxes, own_commands, understood
from gliobench.domain.errors import GliobenchError
from gliobench.entrypoints.settings import load_settings

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
TUTORIALS = sorted((REPOSITORY / "docs" / "tutorials").glob("[a-z]*_*.md"))
FEWER = {"phantom:6:0:4": "phantom:2:0:4", "phantom:4:0:4": "phantom:2:0:4"}
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
            except Exception as error:
                faults.append(f"gliobench {' '.join(command)}: {error or repr(error)}")

    assert faults == []


@named
def test_tables_of_settings_and_code_of_a_page_can_be_read(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    faults = []
    for box in boxes(page):
        try:
            if box.kind == "toml" and box.file != "pyproject.toml":
                Path("gliobench.toml").write_text(box.body, encoding="utf-8")
                load_settings()
            elif box.kind == "python":
                compile(box.body, page.name, "exec")
        except (GliobenchError, SyntaxError) as error:
            faults.append(f"{box.body}: {error}")

    assert faults == []


def test_the_page_on_python_can_be_followed(
    phantoms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "phantoms").symlink_to(phantoms)
    walk = Walk(tmp_path, monkeypatch, full=True)

    walk.follow(REPOSITORY / "docs" / "python.md")

    assert walk.faults == []


def test_the_backend_of_the_page_on_plugins_runs(
    phantoms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "STUDY_DIR").symlink_to(phantoms / "Phantom_0001")
    (tmp_path / "DATASET").symlink_to(phantoms)
    walk = Walk(tmp_path, monkeypatch, full=True)

    walk.follow(REPOSITORY / "docs" / "plugins.md")

    assert walk.faults == []


@pytest.mark.slow
@pytest.mark.parametrize("page", TUTORIALS, ids=[page.stem for page in TUTORIALS])
def test_a_tutorial_can_be_followed(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    for library in ("nilearn", "transformers", "monai"):
        pytest.importorskip(library, reason="the extras of the tutorials are not installed")
    walk = Walk(tmp_path, monkeypatch, full=full, instead={} if full else FEWER)

    walk.follow(page)

    assert walk.faults == []


def test_no_command_of_a_tutorial_stands_in_a_box_that_is_not_run() -> None:
    left_out = [
        (page.name, box.body)
        for page in TUTORIALS
        for box in boxes(page)
        if not box.is_shell and re.search("^gliobench ", box.body, flags=re.MULTILINE)
    ]

    assert left_out == []


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
