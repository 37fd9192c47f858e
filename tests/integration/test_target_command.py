"""`--target`, wired: another reference than the grade, from a table."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from dependency_injector import providers

import gliobench as gb
from command_line import gliobench
from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_localizer import FakeLocalizer
from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.domain.metrics import measures
from gliobench.domain.predictions.prediction import GradePrediction
from gliobench.domain.statistics.estimate import Estimate
from gliobench.domain.studies.study import Grade
from gliobench.entrypoints.container import container

CASES = [
    fake_case(f"s{at}", shape=(12, 14, 10), grade=Grade.HGG if at % 2 else Grade.LGG)
    for at in range(6)
]
TABLE = "study_id,IDH\ns0,mutant\ns1,mutant\ns2,mutant\ns3,wildtype\ns4,wildtype\ns5,NA\n"
HGG = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9_]*([HL]GG|[hl]gg)(?![A-Za-z0-9+/])")


@pytest.fixture(autouse=True)
def _source() -> Iterator[None]:
    source = providers.Callable(lambda _: FakeStudySource(CASES))
    with container.brats_source.override(source):
        yield


@pytest.fixture
def idh(tmp_path: Path) -> list[str]:
    (tmp_path / "table.csv").write_text(TABLE)
    return ["--metadata", str(tmp_path / "table.csv"), "--target", "idh=mutant"]


def test_baselines_answer_another_target_and_nothing_says_hgg(
    tmp_path: Path, idh: list[str]
) -> None:
    run = tmp_path / "run"

    done = gliobench(
        *("evaluate", "c", "--backend", "majority", "--backend", "prevalence"),
        *("--out", str(run), *idh),
    )

    assert done.exit_code == 0, done.output
    facts = json.loads((run / "report.json").read_text())
    assert facts["target"]["positive"] == "IDH mutant"
    assert facts["cohort"]["grades"] == {"IDH mutant": 3, "IDH wildtype": 2, "unknown": 1}
    grading = facts["arms"][1]["summary"]["everyone"]["intention_to_treat"]["grading"]
    assert grading["measures"]["brier"]["value"] == pytest.approx(
        0.24
    )  # P = 3/5: (3·0.16+2·0.36)/5
    written = [*run.glob("report.*"), *run.glob("tables/*"), *run.glob("figures/*")]
    for text in (done.output, *(path.read_text() for path in written)):
        assert not HGG.search(text), HGG.search(text)
        assert not re.search(r"[\ue000-\uf8ff]|\\ue0", text)


def test_a_code_for_unknown_is_no_class_and_rows_of_no_study_are_no_reason_to_refuse(
    tmp_path: Path, idh: list[str]
) -> None:
    asked = ["evaluate", "c", "--backend", "majority", "--out", str(tmp_path / "run"), *idh]
    (tmp_path / "table.csv").write_text(f"{TABLE}Sum,3\n")
    assert gliobench(*asked).exit_code == 0

    (tmp_path / "table.csv").write_text(TABLE.replace("s4,wildtype", "s4,-1"))
    done = gliobench(*asked)

    assert done.exit_code == 1
    assert "column 'IDH': '-1' may be unknown" in done.output
    named = gliobench("--set", "target.negative=wildtype", *asked[:5], str(tmp_path / "new"), *idh)
    assert named.exit_code == 0, named.output


@pytest.mark.parametrize("backend", ["majority", "prevalence"])
def test_answers_to_another_target_are_the_same_when_they_are_imported_again(
    tmp_path: Path, idh: list[str], backend: str
) -> None:
    run, again, files = tmp_path / "run", tmp_path / "again", tmp_path / "files"
    gliobench("evaluate", "c", "--backend", backend, "--out", str(run), *idh)
    exported = gliobench(
        *("export-predictions", str(run / backend), "--layout", "csv", "--out", str(files))
    )
    assert exported.exit_code == 0, exported.output

    grades = ["--grades", str(files / "grades.csv")]
    done = gliobench("import", "c", "--name", "again", *grades, "--out", str(again), *idh)

    assert done.exit_code == 0, done.output
    before, after = (
        [case.grade for case in container.run_store(str(place)).scores()]
        for place in (run / backend, again / "again")
    )
    assert after == before != []


def test_names_of_classes_are_escaped_wherever_they_stand(tmp_path: Path) -> None:
    heading, value = '<b>I"DH', "<i>'\\"
    rows = "".join(f"s{at};{'wild' if at > 2 else value}\n" for at in range(6))
    (tmp_path / "t.csv").write_text(f'id;"<b>I""DH"\n{rows}')
    run = tmp_path / "run"

    done = gliobench(
        *("evaluate", "c", "--backend", "majority", "--backend", "prevalence"),
        *("--out", str(run), "--metadata", str(tmp_path / "t.csv")),
        *("--target", f"bidh={value}"),
    )

    assert done.exit_code == 0, done.output
    facts = json.loads((run / "report.json").read_text())
    assert facts["target"]["positive"] == f"{heading} {value}"
    json.loads((run / "report.schema.json").read_text())
    page = (run / "report.html").read_text()
    assert not {"<b>I", "<i>'"} & {page[at : at + 4] for at in range(len(page))}
    book = re.search(r'id="casebook">(.*?)</script>', page, re.DOTALL)
    assert book is not None
    assert f"{heading} {value}" in {case["reference"] for case in json.loads(book[1])["cases"]}
    for figure in run.glob("figures/*.svg"):
        ElementTree.parse(figure)


def test_imported_predictions_answer_another_target(tmp_path: Path, idh: list[str]) -> None:
    grades = tmp_path / "grades.csv"
    grades.write_text("study_id,probability\n" + "".join(f"s{at},0.{9 - at}\n" for at in range(6)))

    done = gliobench(
        *("import", "c", "--name", "tool", "--grades", str(grades)),
        *("--out", str(tmp_path / "run"), *idh),
    )

    assert done.exit_code == 0, done.output
    report = gb.report(tmp_path / "run", tmp_path / "again")
    found = report.values.arms[0].summary.everyone.intention_to_treat.grading
    assert found is not None
    # mutant s0 to s2 with 0.9 to 0.7, wildtype s3 with 0.6 and s4 with 0.5: both called mutant
    auroc, specificity = (found.measures[item] for item in (measures.AUROC, measures.SPECIFICITY))
    assert isinstance(auroc, Estimate)
    assert isinstance(specificity, Estimate)
    assert (auroc.value, specificity.value) == (1.0, 0.0)


def test_predictions_of_another_target_are_exported_and_imported_again(
    tmp_path: Path, idh: list[str]
) -> None:
    (tmp_path / "g.csv").write_text("id,prediction,probability\ns0,1,0.25\ns1,0,0.75\ns2,1,\n")
    run, out = str(tmp_path / "run"), str(tmp_path / "out")
    gliobench(
        "import", "c", "--name", "tool", "--grades", str(tmp_path / "g.csv"), "--out", run, *idh
    )

    exported = gliobench("export-predictions", f"{run}/tool", "--layout", "csv", "--out", out)
    again = gliobench(
        *("import", "c", "--name", "again", "--grades", f"{out}/grades.csv", "--out", run, *idh)
    )

    assert exported.exit_code == 0, exported.output
    assert "s1,0,0.75," in (tmp_path / "out/grades.csv").read_text()
    assert again.exit_code in (0, 3), again.output
    one, other = (list(container.run_store(f"{run}/{name}").scores()) for name in ("tool", "again"))
    assert [case.grade for case in one][:3] == [
        GradePrediction(Grade.HGG, 0.25),
        GradePrediction(Grade.LGG, 0.75),
        GradePrediction(Grade.HGG),
    ]
    assert [case.grade for case in one][:3] == [case.grade for case in other][:3]


@pytest.mark.parametrize(
    "table", ["study_id,grade\ns0,HGG\n", "study_id,probability_hgg\ns0,0.5\n"]
)
def test_imported_grades_of_hgg_are_no_answer_to_another_target(
    tmp_path: Path, idh: list[str], table: str
) -> None:
    (tmp_path / "grades.csv").write_text(table)

    done = gliobench(
        *("import", "c", "--name", "tool", "--grades", str(tmp_path / "grades.csv")),
        *("--out", str(tmp_path / "run"), *idh),
    )

    assert done.exit_code == 1
    assert "wanted probability, or prediction (1 or 0), of IDH mutant" in done.stderr


def test_a_backend_that_grades_hgg_is_refused_and_one_that_localises_is_not(
    tmp_path: Path, idh: list[str]
) -> None:
    known = {
        "grader": fake_backend("grader", classifier=FakeClassifier()),
        "localizer": fake_backend("localizer", localizer=FakeLocalizer()),
    }
    with container.backend.override(providers.Callable(lambda name, **_: known[name])):
        done = [
            gliobench("evaluate", "c", "--backend", name, "--out", str(tmp_path / name), *idh)
            for name in known
        ]

    assert [result.exit_code for result in done] == [1, 0], done[1].output
    assert "backend grader predicts HGG or LGG, not IDH: wanted predictions of" in done[0].stderr


def test_runs_of_different_targets_are_not_compared(tmp_path: Path, idh: list[str]) -> None:
    places = [str(tmp_path / name) for name in ("grade", "idh")]
    gliobench("evaluate", "c", "--backend", "majority", "--out", places[0])
    gliobench("evaluate", "c", "--backend", "prevalence", "--out", places[1], *idh)

    done = gliobench("compare", *places, "--out", str(tmp_path / "both"))

    assert done.exit_code == 1
    assert done.stderr.endswith(
        "prevalence was scored for IDH (IDH mutant or IDH wildtype), majority for grade (HGG or LGG): "
        "only runs of one target can be compared.\n"
    )


def test_a_run_goes_on_with_another_target_and_answers_it(tmp_path: Path, idh: list[str]) -> None:
    run = str(tmp_path / "run")
    gliobench("evaluate", "c", "--backend", "majority", "--out", run)

    done = gliobench("evaluate", "c", "--backend", "majority", "--out", run, *idh)

    assert done.exit_code == 0, done.output
    manifest = json.loads((tmp_path / "run/majority/manifest.json").read_text())
    assert manifest["target"]["name"] == "IDH"


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        (["--target", "idh=mutant"], "target idh: wanted --metadata FILE too"),
        (["--target", "idh=mutated", "--metadata", "{table}"], "its values are mutant, wildtype"),
        (["--target", "mgmt=x", "--metadata", "{table}"], "there is no column 'mgmt'"),
        (["--target", "idh", "--metadata", "{table}"], "wanted a column and its positive value"),
    ],
)
def test_a_target_that_the_table_does_not_have_is_refused_in_one_line(
    tmp_path: Path, idh: list[str], flags: list[str], fault: str
) -> None:
    given = [flag.format(table=idh[1]) for flag in flags]

    done = gliobench(
        "evaluate", "c", "--backend", "majority", "--out", str(tmp_path / "run"), *given
    )

    assert done.exit_code == 1
    assert fault in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_settings_and_python_name_the_target(
    tmp_path: Path, idh: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gliobench.toml").write_text(
        '[report]\nmetadata = "table.csv"\n[target]\ncolumn = "IDH"\npositive = "mutant"\n'
    )

    done = gliobench("evaluate", "c", "--backend", "majority", "--out", "of-settings")
    (tmp_path / "gliobench.toml").unlink()
    report = gb.evaluate("c", "majority", "of-python", target="idh=mutant", metadata=idh[1])

    assert done.exit_code == 0, done.output
    assert report.values.target.positive == "IDH mutant"
    manifest = json.loads((tmp_path / "of-settings/majority/manifest.json").read_text())
    assert manifest["target"]["positive"] == "IDH mutant"
