"""A server plays every dialect: all arms find the same places, and a wrong dialect is caught."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("httpx", reason="the extra `openai` is not installed")
pytest.importorskip("nilearn", reason="the extra `phantom` is not installed")


from command_line import gliobench
from fakes.fake_endpoint import endpoint
from fakes.seeing_endpoint import on_lattice, seeing
from gliobench.adapters.openai.backend import openai_vision
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.domain.answers.dialects import DIALECTS

FEW = ("pixels", "qwen2.5-vl", "molmo", "deepseek-vl2")
"""Pixels of the picture and of a resized one, marks with per cent, and 999 steps."""


def arm(url: str, dialect: str, folder: Path, **more: object) -> Backend:
    table = {
        "base_url": url,
        "model": dialect,
        "dialect": dialect,
        "policy": "brain-middle",
        **more,
    }
    return openai_vision(dialect, BackendOptions(extra=table), cache_dir=folder)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_squares_are_found_in_every_dialect(dialect: str, tmp_path: Path) -> None:
    with endpoint(seeing(dialect)) as server:
        backend = arm(server.base_url, dialect, tmp_path)
        assert backend.calibrate is not None
        found = backend.calibrate()

    assert (found.right, found.asked) == (8, 8)


@pytest.fixture
def tables(tmp_path: Path, full: bool) -> Iterator[dict[str, dict[str, object]]]:
    """A running server for each dialect, or for the four of the small dose, and its table."""
    with ExitStack() as stack:
        yield {
            name.replace(".", "-"): {
                "kind": "openai-vision",
                "base_url": stack.enter_context(endpoint(seeing(name, on_lattice))).base_url,
                "model": name,
                "dialect": name,
                "policy": "brain-middle",
                "size_px": 448,
                "answers": str(tmp_path / "answers.sqlite"),
            }
            for name in (DIALECTS if full else FEW)
        }


@pytest.mark.slow
def test_all_arms_of_one_command_score_alike(
    tables: dict[str, dict[str, object]],
    phantoms: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = "\n".join(
        f"[backend.{name}]\n"
        + "\n".join(f"{key} = {json.dumps(value)}" for key, value in table.items())
        for name, table in tables.items()
    )
    (tmp_path / "gliobench.toml").write_text(written)
    monkeypatch.chdir(tmp_path)
    arms = [word for name in tables for word in ("--backend", name)]

    done = gliobench("evaluate", phantoms, *arms, "--out", "runs")

    assert done.exit_code == 0, done.output
    report = json.loads((tmp_path / "runs" / "report.json").read_text("utf-8"))
    assert len(report["arms"]) == len(tables)
    assert not [finding for finding in report["findings"] if "not confirmed" in str(finding)]
    alike = scores(report, of="pixels")
    assert any(value > 0 for value in alike)
    for name in tables:
        # In 999 steps no eighth can be written.
        near = 0.5 if name == "deepseek-vl2" else 1e-9
        assert scores(report, of=name) == pytest.approx(alike, abs=near)


def scores(report: dict[str, Any], *, of: str) -> list[float]:
    """Every measure of place of one arm."""
    (arm,) = (arm for arm in report["arms"] if arm["name"] == of)
    places = arm["summary"]["everyone"]["intention_to_treat"]["localisation"]
    measures = [measure for place in places for measure in place["measures"].values()]
    return [measure["value"] for measure in measures if "value" in measure]
