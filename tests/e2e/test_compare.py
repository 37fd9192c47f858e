"""Baselines over phantoms, evaluated and then compared, as a user does it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command_line import gliobench

pytestmark = pytest.mark.slow
pytest.importorskip("nilearn")


def test_runs_of_baselines_over_phantoms_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    backends = ["majority", "prevalence", "centre-prior", "brain-centroid", "mean-box"]
    chosen = [flag for name in backends for flag in ("--backend", name)]
    gliobench("evaluate", "phantom:2:0:4", *chosen, "--out", "run")

    done = gliobench("compare", "run", "--out", "compared", "--replicates", "200")

    assert done.exit_code == 0, done.stderr
    assert "2 studies" in done.stdout
    facts = json.loads((tmp_path / "compared" / "report.json").read_text())
    assert {arm["name"] for arm in facts["arms"]} == set(backends)
    assert all(arm["baseline"] for arm in facts["arms"])
    assert facts["arms"][0]["biases"][0]["measured"]["reason"].startswith("2 patients")
    assert "2 studies" in (tmp_path / "compared" / "report.html").read_text()
