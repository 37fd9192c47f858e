"""`gliobench evaluate`, wired, over studies in memory and pictures of nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from dependency_injector import providers
from typer.testing import CliRunner, Result

from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_study_painter import FakeStudyPainter
from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.study import Grade
from gliobench.entrypoints.cli import app
from gliobench.entrypoints.container import container

CASES = [
    fake_case("s0", site="2013"),
    fake_case("s1", site="2013", grade=Grade.LGG),
    fake_case("s2"),
]


@pytest.fixture(autouse=True)
def source() -> Iterator[list[FakeStudySource]]:
    """A list whose last source is the dataset of every command."""
    sources = [FakeStudySource(CASES)]
    with container.brats_source.override(providers.Callable(lambda _: sources[-1])):
        yield sources


@pytest.fixture(autouse=True)
def _backends() -> Iterator[None]:
    known = {
        "fake": fake_backend("fake", trained_on=["s0"]),
        "grader": fake_backend("grader", classifier=FakeClassifier()),
    }
    with (
        container.backend.override(providers.Callable(lambda name, **_: known[name])),
        container.painter.override(providers.Factory(FakeStudyPainter)),
    ):
        yield


def evaluate(out: Path, *arguments: str, backend: str = "fake") -> Result:
    return CliRunner().invoke(
        app, ["evaluate", "my-cohort", "--backend", backend, "--out", str(out), *arguments]
    )


def test_a_cohort_is_evaluated_into_a_run_folder_and_a_report(tmp_path: Path) -> None:
    result = evaluate(tmp_path / "run", "--backend", "grader")

    assert result.exit_code == 0, result.output
    for name in ("report.html", "report.json", "fake/manifest.json", "grader/scores.parquet"):
        assert (tmp_path / "run" / name).is_file()
    assert "fake" in result.stdout
    assert "report.html" in result.stdout
    assert "learned from 1 of these 3 patients" in " ".join(result.stdout.split())


def test_json_is_the_report_and_nothing_else(tmp_path: Path) -> None:
    result = evaluate(tmp_path, "--json")

    report = json.loads(result.stdout)
    assert report == json.loads((tmp_path / "report.json").read_text())
    assert report["cohort"]["n_studies"] == 3
    assert report["backends"][0]["summary"]["n_failed"] == 0


def test_a_study_that_cannot_be_read_is_told_of_by_the_exit_code(
    tmp_path: Path, source: list[FakeStudySource]
) -> None:
    source.append(FakeStudySource(CASES[1:], unreadable={"s0": InvalidInputError("s0 is torn")}))

    result = evaluate(tmp_path)

    assert result.exit_code == 3, result.output
    assert "answered only" in result.stdout
    assert "1 failed" in result.stderr


def test_another_cohort_in_the_same_folder_is_refused_in_one_line(
    tmp_path: Path, source: list[FakeStudySource]
) -> None:
    evaluate(tmp_path)
    source.append(FakeStudySource(CASES[1:]))

    result = evaluate(tmp_path)

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("error: ")
    assert "choose another" in result.stderr


def test_only_the_first_studies_are_taken_under_a_limit(tmp_path: Path) -> None:
    result = evaluate(tmp_path, "--json", "--limit", "2")

    assert json.loads(result.stdout)["cohort"]["n_studies"] == 2


@pytest.mark.parametrize(
    "arguments",
    [["--limit", "0"], ["--batch-size", "0"], ["--backend", "fake"], ["--nonsense"]],
    ids=["limit", "batch-size", "backend-twice", "unknown-flag"],
)
def test_a_wrong_flag_is_a_usage_error(tmp_path: Path, arguments: list[str]) -> None:
    assert evaluate(tmp_path, *arguments).exit_code == 2
