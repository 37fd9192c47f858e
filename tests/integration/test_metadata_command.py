"""`--metadata` and `--subgroup`, wired, over run folders."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dependency_injector import providers

import gliobench as gb
from command_line import gliobench
from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.entrypoints.container import container

CASES = [fake_case(f"s{number}", shape=(12, 14, 10)) for number in range(4)]
TABLE = "study_id,Sex,Age,hospital_number\ns0,M,30,778001\ns1,F,50,778002\ns2,F,70,778003\n"


@pytest.fixture
def metadata(tmp_path: Path) -> str:
    (tmp_path / "table.csv").write_text(f"{TABLE}stranger,M,40,778009\n")
    return str(tmp_path / "table.csv")


@pytest.fixture
def runs(tmp_path: Path) -> str:
    known = {name: fake_backend(name, classifier=FakeClassifier()) for name in ("one", "two")}
    with (
        container.brats_source.override(providers.Callable(lambda _: FakeStudySource(CASES))),
        container.backend.override(providers.Callable(lambda name, **_: known[name])),
    ):
        place = str(tmp_path / "runs")
        done = gliobench("evaluate", "c", "--backend", "one", "--backend", "two", "--out", place)
    assert done.exit_code == 0, done.output
    return place


def facts(folder: str) -> dict[str, Any]:
    return json.loads((Path(folder) / "report.json").read_text())


def sizes(found: dict[str, Any], by: str) -> dict[str, int]:
    return {part["name"]: part["rows"][0]["n"] for part in found["subgroups"] if part["by"] == by}


@pytest.mark.parametrize("command", ["report", "compare"])
def test_a_table_divides_a_report(command: str, runs: str, metadata: str, tmp_path: Path) -> None:
    out = str(tmp_path / "out")

    done = gliobench(
        *(command, runs, "--out", out, "--metadata", metadata),
        *("--subgroup", "age=40,60", "--subgroup", "sex"),
    )

    found = facts(out)
    assert done.exit_code == 0, done.output
    assert sizes(found, "Age") == {"< 40": 1, "40–60": 1, "≥ 60": 1}
    assert sizes(found, "Sex") == {"F": 2, "M": 1}
    assert found["metadata"]["unmatched_rows"] == [5]
    assert found["metadata"]["n_without_row"] == 1
    with (tmp_path / "out/tables/strata.csv").open() as file:
        named = {(row["by"], row["stratum"], row["measure"]) for row in csv.DictReader(file)}
    assert {("Age", "40–60", "sensitivity"), ("Sex", "F", "specificity")} <= named


def test_no_identifier_of_the_table_is_in_the_report(
    runs: str, metadata: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"

    gliobench("report", runs, "--out", str(out), "--metadata", metadata)

    for path in (*out.glob("*.*"), *out.glob("tables/*")):
        text = path.read_text()
        assert "77800" not in text
        assert "stranger" not in text
    assert facts(str(out))["metadata"]["sha256"] in (out / "report.html").read_text()


def test_the_settings_name_the_table_and_its_columns(
    runs: str, metadata: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = f'[report]\nmetadata = "{metadata}"\n[report.subgroups]\nage = [60]\nsex = false\n'
    (tmp_path / "gliobench.toml").write_text(settings)

    gliobench("report", runs)
    first = facts(runs)
    gliobench("report", runs, "--subgroup", "sex")

    assert sizes(first, "Age") == {"< 60": 2, "≥ 60": 1}
    assert sizes(first, "Sex") == {}
    assert sizes(facts(runs), "Sex") == {"F": 2, "M": 1}
    assert sizes(facts(runs), "Age") == sizes(first, "Age")


def test_python_takes_a_table_of_parquet_as_one_of_csv(
    runs: str, metadata: str, tmp_path: Path
) -> None:
    columns = {"study_id": ["s0", "s1", "s2"], "sex": ["M", "F", None], "age": [30.0, 50.0, 70.0]}
    pq.write_table(pa.table(columns), tmp_path / "table.parquet")

    one = gb.report(runs, tmp_path / "a", metadata=metadata, subgroups={"age": [40, 60]})
    other = gb.compare(
        runs, tmp_path / "b", metadata=tmp_path / "table.parquet", subgroups={"age": [40, 60]}
    )

    parts = [
        [(part.name, part.rows[0].n) for part in found.values.subgroups if part.by.lower() == "age"]
        for found in (one, other)
    ]
    assert parts[0] == parts[1] == [("< 40", 1), ("40–60", 1), ("≥ 60", 1)]


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        (["--metadata", "nowhere.csv"], "no table 'nowhere.csv'"),
        (["--subgroup", "age"], "subgroups by age: wanted --metadata FILE too"),
        (["--metadata", "{table}", "--subgroup", "size"], "there is no column 'size'"),
        (["--metadata", "{table}", "--subgroup", "age=x"], "got 'x': wanted true, or the numbers"),
        (["--metadata", "{table}", "--subgroup", "age=60,40"], "wanted ascending numbers"),
        (["--metadata", "{table}", "--subgroup", "study_id"], "names studies or patients"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_one_line(
    runs: str, metadata: str, flags: list[str], fault: str
) -> None:
    done = gliobench("report", runs, *(flag.format(table=metadata) for flag in flags))

    assert done.exit_code == 1
    assert fault in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("content", [None, "study_id,sex\nstranger,M\n"])
def test_a_table_that_cannot_be_used_stops_an_evaluation_before_its_work(
    tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "table.csv").write_text(content)

    done = gliobench(
        *("evaluate", "phantom:1", "--backend", "majority", "--out", str(tmp_path / "run")),
        *("--metadata", str(tmp_path / "table.csv")),
    )

    assert done.exit_code == 1
    assert not (tmp_path / "run").exists()
