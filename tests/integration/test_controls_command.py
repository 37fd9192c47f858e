"""`gliobench evaluate --controls`, wired, over studies in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dependency_injector import providers
from typer.testing import Result

from command_line import gliobench
from fakes.fake_backend import fake_backend
from fakes.fake_localizer import FakeLocalizer, bright_voxels
from fakes.fake_study_source import FakeStudySource
from fakes.roomy_case import roomy_case
from gliobench.domain.controls.controls import Control
from gliobench.domain.geometry.grids import Point3D
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    LocalisationPrediction,
)
from gliobench.domain.studies.study import Modality, Study
from gliobench.entrypoints.container import container

asked: list[str] = []


def looks(study: Study) -> LocalisationPrediction | Failure:
    """Find the bright box, and nothing where there is none."""
    asked.append(study.id)
    if Modality.T2F in study.volumes and study.volume(Modality.T2F).any():
        return bright_voxels(study)
    return Failure(FailureReason.NO_TUMOUR_FOUND, "nothing is bright")


def stays(_: Study) -> LocalisationPrediction:
    """Answer the image's middle, whatever it shows."""
    return LocalisationPrediction({Form.POINT_3D: Point3D((9.5, 6.5, 4.5))})


@pytest.fixture(autouse=True, scope="module")
def _wired() -> Iterator[None]:
    source = FakeStudySource([roomy_case(f"s{number}", left=2 + number) for number in range(4)])
    backends = {
        "looks": fake_backend("looks", localizer=FakeLocalizer(looks)),
        "stays": fake_backend("stays", localizer=FakeLocalizer(stays, forms=[Form.POINT_3D])),
    }
    with (
        container.brats_source.override(providers.Callable(lambda *_, **__: source)),
        container.backend.override(providers.Callable(lambda name, **_: backends[name])),
    ):
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, _wired: None) -> Path:
    """Evaluate once for all tests; nobody is asked twice."""
    out = tmp_path_factory.mktemp("run")
    result = evaluate(out)
    assert result.exit_code == 0, result.output
    return out


def evaluate(out: Path, *arguments: str) -> Result:
    named = ["--backend", "looks", "--backend", "stays", "--out", str(out), "--controls"]
    return gliobench("evaluate", "my-cohort", *named, "--batch-size", "4", *arguments)


def found(report: dict[str, Any], backend: str, control: Control) -> dict[str, Any]:
    (one,) = (arm for arm in report["arms"] if arm["name"] == backend)
    (response,) = (each for each in one["controls"] if each["control"] == control.value)
    (place,) = (each for each in response["places"] if each["form"] == "point_3d")
    return {"n": response["n"], **place}


def test_the_report_tells_who_looks_from_who_stays(run: Path) -> None:
    report = json.loads((run / "report.json").read_text())

    for control in (Control.SHIFTED, Control.MIRRORED):
        moved = found(report, "looks", control)
        assert moved["n"] == 4
        assert moved["apart_mm"]["value"] == pytest.approx(0.0, abs=1e-9)
        assert moved["follows"]["value"] == pytest.approx(1.0)
    assert found(report, "stays", Control.SHIFTED)["follows"]["value"] == 0.0
    assert found(report, "stays", Control.SHIFTED)["apart_mm"]["value"] == pytest.approx(20.0)
    assert "the answers lie on the mirror" in str(found(report, "stays", Control.MIRRORED))
    assert found(report, "looks", Control.BLANK)["answered"]["value"] == 0.0
    assert found(report, "looks", Control.WITHOUT_T2F)["answered"]["value"] == 0.0
    assert found(report, "looks", Control.OTHER_PATIENT)["score_change"]["value"] > 4.0
    page = (run / "report.html").read_text()
    assert "Ignores the image" in page
    assert "Mirroring is not informative" in page


def test_each_control_is_a_run_of_its_own_that_goes_on_and_is_never_mixed(run: Path) -> None:
    asked.clear()

    again = evaluate(run)

    assert again.exit_code == 0, again.output
    assert asked == []
    for control in Control:
        parts = list((run / "looks" / "controls" / control.value).glob("predictions/*"))
        assert len(parts) == 1
    cohorts = [
        json.loads(file.read_text())["cohort"] for file in run.glob("looks/**/manifest.json")
    ]
    assert len(set(cohorts)) == len(cohorts) == 1 + len(Control)


def test_a_comparison_and_a_report_read_the_controls_from_the_runs(
    run: Path, tmp_path: Path
) -> None:
    compared = gliobench("compare", run, "--out", tmp_path / "out", "--replicates", "100")
    again = gliobench("report", run, "--out", tmp_path / "again")

    assert (compared.exit_code, again.exit_code) == (0, 0), compared.output + again.output
    arms = json.loads((tmp_path / "out" / "report.json").read_text())["arms"]
    assert [len(arm["controls"]) for arm in arms] == [len(Control)] * 2
    assert "Ignores the image" in (tmp_path / "out" / "report.html").read_text()
    assert (tmp_path / "again" / "report.json").read_text() == (run / "report.json").read_text()


def test_shards_make_the_same_controls_as_one_process(run: Path, tmp_path: Path) -> None:
    for shard in ("0/2", "1/2"):
        assert evaluate(tmp_path, "--shard", shard).exit_code == 0

    whole, parts = (json.loads((at / "report.json").read_text()) for at in (run, tmp_path))
    for control in set(Control) - {Control.OTHER_PATIENT}:  # swapped within a shard
        for backend in ("looks", "stays"):
            assert found(whole, backend, control) == found(parts, backend, control)
    assert found(parts, "stays", Control.OTHER_PATIENT)["n"] == 4
