"""`gliobench report`, wired, over run folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from dependency_injector import providers

from command_line import gliobench
from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.entrypoints.container import container

CASES = [fake_case(f"s{number}", shape=(12, 14, 10)) for number in range(3)]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Two backends over three studies, evaluated."""
    known = {
        "fake": fake_backend("fake"),
        "grader": fake_backend("grader", classifier=FakeClassifier()),
    }
    with (
        container.brats_source.override(providers.Callable(lambda _: FakeStudySource(CASES))),
        container.backend.override(providers.Callable(lambda name, **_: known[name])),
    ):
        done = gliobench(
            "evaluate",
            "my-cohort",
            "--backend",
            "fake",
            "--backend",
            "grader",
            "--out",
            tmp_path / "run",
        )
    assert done.exit_code == 0, done.output
    return tmp_path / "run"


def test_the_report_is_written_again_without_any_study(run: Path, tmp_path: Path) -> None:
    first = {name: (run / name).read_bytes() for name in ("report.html", "report.json")}
    for name in first:
        (run / name).unlink()

    result = gliobench("report", str(run))

    assert result.exit_code == 0, result.output
    assert "report.html" in result.stdout
    assert {name: (run / name).read_bytes() for name in first} == first


def test_it_goes_where_it_is_told_and_is_told_as_json(run: Path, tmp_path: Path) -> None:
    result = gliobench("report", str(run / "fake"), "--json", "--out", tmp_path / "elsewhere")

    told = json.loads(result.stdout)
    assert [arm["name"] for arm in told["arms"]] == ["fake"]
    assert told["cohort"]["name"] == "my-cohort"
    assert told == json.loads((tmp_path / "elsewhere" / "report.json").read_text())


def test_evaluate_keeps_a_picture_of_every_study_in_the_run_of_every_backend(run: Path) -> None:
    for backend in ("fake", "grader"):
        kept = list(container.run_store(str(run / backend)).saved_cases())
        assert [case.study_id for case in kept] == ["s0", "s1", "s2"]
        assert all(case.picture and case.volume for case in kept)


def test_a_setting_keeps_no_image(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLIOBENCH_KEEP__PICTURES", "0")
    monkeypatch.setenv("GLIOBENCH_KEEP__VOLUMES", "0")
    with (
        container.brats_source.override(providers.Callable(lambda _: FakeStudySource(CASES))),
        container.backend.override(providers.Callable(lambda *_, **__: fake_backend("fake"))),
    ):
        done = gliobench("evaluate", "my-cohort", "--backend", "fake", "--out", run)

    assert done.exit_code == 0, done.output
    assert list(container.run_store(str(run / "fake")).saved_cases()) == []


@pytest.mark.parametrize(
    ("place", "told"),
    [("nowhere", "keeps no run"), ("", "keeps no run")],
    ids=["no folder", "no run in it"],
)
def test_a_place_without_a_run_is_told_in_one_line(tmp_path: Path, place: str, told: str) -> None:
    result = gliobench("report", str(tmp_path / place))

    assert result.exit_code == 1
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_runs_over_different_cohorts_are_refused(run: Path, tmp_path: Path) -> None:
    other = [fake_case("t0")]
    with (
        container.brats_source.override(providers.Callable(lambda _: FakeStudySource(other))),
        container.backend.override(providers.Callable(lambda *_, **__: fake_backend("fake"))),
    ):
        gliobench("evaluate", "others", "--backend", "fake", "--out", tmp_path / "others")

    result = gliobench("report", str(run), str(tmp_path / "others"), "--out", tmp_path / "both")

    assert result.exit_code == 1
    assert "only runs over the same studies" in result.stderr


def test_the_numbers_are_logged_as_json_too(run: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.json"

    done = gliobench("report", str(run), "--to", f"json:{log}")

    assert done.exit_code == 0, done.output
    fake, grader = json.loads(log.read_text())
    assert (fake["name"], grader["name"]) == ("fake", "grader")
    low, accuracy, high = (
        grader["metrics"][f"grade/{name}"] for name in ("accuracy/low", "accuracy", "accuracy/high")
    )
    assert low <= accuracy <= high
    assert "mask/WT/dice" in fake["metrics"]
    assert {"grade/f1_hgg", "grade/f1_lgg"} <= grader["metrics"].keys()
    assert not any(name.startswith("mask/") for name in grader["metrics"])


@pytest.mark.parametrize("target", ["wandb:x", "json:", "report.json"])
def test_an_unknown_log_is_refused_before_anything_is_written(run: Path, target: str) -> None:
    before = (run / "report.html").stat().st_mtime_ns

    done = gliobench("report", str(run), "--to", target)

    assert done.exit_code == 1
    assert "wanted json:FILE or mlflow:URI" in done.output
    assert (run / "report.html").stat().st_mtime_ns == before
