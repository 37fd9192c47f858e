"""`gliobench compare`, wired, over runs in memory."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from dependency_injector import providers
from typer.testing import Result

from command_line import gliobench
from fakes.fake_comparison import looks, saved_run, says_hgg
from fakes.fake_run_store import FakeRunStore
from gliobench.domain.studies.patients import patient_hash
from gliobench.entrypoints.container import container


@pytest.fixture(autouse=True)
def stores() -> Iterator[dict[str, FakeRunStore]]:
    """The runs by the name of their folder."""
    kept = {
        "constant": saved_run("constant", says_hgg()),
        "looks": saved_run("looks", looks()),
    }
    with container.run_store.override(providers.Callable(lambda url: kept[Path(url).name])):
        yield kept


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for name in ("constant", "looks"):
        (tmp_path / "run" / name).mkdir(parents=True)
        (tmp_path / "run" / name / "manifest.json").touch()
    return tmp_path / "run"


def compare(out: Path, *arguments: str | Path) -> Result:
    given = [*map(str, arguments), "--out", str(out), "--replicates", "100"]
    return gliobench("compare", *given)


def test_a_folder_of_runs_is_compared_into_page_facts_and_tables(
    tmp_path: Path, runs: Path
) -> None:
    result = compare(tmp_path / "out", runs)

    assert result.exit_code == 0, result.output
    for name in ("report.html", "report.json", "tables/differences.csv", "figures/cohort-flow.svg"):
        assert (tmp_path / "out" / name).is_file()
    assert "looks ranks first" in " ".join(result.stdout.split())
    assert "report.html" in result.stdout


def test_runs_in_folders_of_the_same_names_are_all_compared(tmp_path: Path) -> None:
    for name in ("a/run/looks", "a/run/constant", "b/run/looks"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "manifest.json").touch()

    result = compare(tmp_path, tmp_path / "a/run", tmp_path / "b/run", "--json")

    names = [arm["name"] for arm in json.loads(result.stdout)["arms"]]
    assert names == ["constant", "a/run/looks", "b/run/looks"]


def test_three_runs_have_ranks_and_a_sentence_on_the_first_place(tmp_path: Path) -> None:
    for name in ("a/run/looks", "a/run/constant", "b/run/looks"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "manifest.json").touch()

    result = compare(tmp_path / "out", tmp_path / "a/run", tmp_path / "b/run")

    said = "First place is not safe: a/run/looks and b/run/looks share it."
    assert said in " ".join(result.stdout.split())
    assert "First place is not safe: " in (tmp_path / "out" / "report.html").read_text()
    ranks = read_csv((tmp_path / "out" / "tables" / "ranks.csv").read_text())
    assert ranks["balanced_accuracy", "mean", "constant", "rank"] == ("3", "3", "3", "40")
    assert ranks["balanced_accuracy", "mean", "", "kendall_tau"][0] == "1.0"
    assert (tmp_path / "out" / "figures" / "ranks-point.error_mm.median.svg").is_file()


def read_csv(text: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Read the first four columns of a table as keys, the next four as numbers."""
    return {tuple(row[:4]): tuple(row[4:8]) for row in csv.reader(text.splitlines())}


def test_the_figures_of_a_papers_folder_stay(
    tmp_path: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "figures").mkdir()
    photo = tmp_path / "figures" / "my_photo.png"
    photo.touch()
    monkeypatch.chdir(tmp_path)

    result = compare(Path(), runs)

    assert result.exit_code == 0, result.output
    assert photo.is_file()
    assert (tmp_path / "figures" / "cohort-flow.svg").is_file()


def test_single_runs_are_compared_once_each(tmp_path: Path, runs: Path) -> None:
    result = compare(tmp_path, runs / "looks", runs, "--json", "--primary", "auroc")

    facts = json.loads(result.stdout)
    assert [arm["name"] for arm in facts["arms"]] == ["looks", "constant"]
    assert facts["primary"] == {"measure": "auroc", "form": None}
    assert facts == json.loads((tmp_path / "report.json").read_text())


def test_leakage_stops_it_in_one_line_and_is_told_by_the_exit_code_where_allowed(
    tmp_path: Path, runs: Path, stores: dict[str, FakeRunStore]
) -> None:
    stores["looks"] = saved_run("looks", looks(), trained_on=[patient_hash("p001")])

    stopped, allowed = compare(tmp_path, runs), compare(tmp_path, runs, "--allow-leakage")

    assert stopped.exit_code == 1
    assert len(stopped.stderr.splitlines()) == 1
    assert "--allow-leakage" in stopped.stderr
    assert allowed.exit_code == 3
    assert "Leakage" in allowed.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "keeps no run"),
        (
            ["{runs}", "--primary", "mcc"],
            "primary endpoint 'mcc': wanted one of accuracy, balanced_accuracy",
        ),
        (["{runs}/looks"], "runs given: 1, wanted 2 or more"),
        (["{runs}/looks"] * 2, "different runs given: 1, wanted 2 or more"),
    ],
    ids=["no run", "primary", "one run", "one run twice"],
)
def test_what_cannot_be_compared_is_told_in_one_line(
    tmp_path: Path, runs: Path, arguments: list[str], told: str
) -> None:
    result = compare(tmp_path, *(one.format(runs=runs) for one in arguments))

    assert result.exit_code == 1
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_the_primary_endpoint_is_a_setting(
    tmp_path: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLIOBENCH_COMPARE__PRIMARY", "point.error_mm")

    result = compare(tmp_path, runs, "--json")

    assert json.loads(result.stdout)["primary"] == {"measure": "error_mm", "form": "point"}


def test_a_wrong_setting_is_told_by_its_name(
    tmp_path: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLIOBENCH_COMPARE__PRIMARY", "beauty")

    result = compare(tmp_path, runs)

    assert result.exit_code == 1
    assert "GLIOBENCH_COMPARE__PRIMARY" in result.stderr
