"""`gliobench evaluate`, wired, over studies in memory and pictures of nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from dependency_injector import providers
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import Result

from command_line import gliobench
from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_study_source import FakeStudySource, fake_case
from fakes.study_folder import write_study
from gliobench.adapters.nifti import BratsStudySource
from gliobench.application.ports.backend import BackendOptions
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.study import Grade, Modality, Reference
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
    with container.backend.override(providers.Callable(lambda name, **_: known[name])):
        yield


def evaluate(out: Path, *arguments: str, backend: str = "fake") -> Result:
    return gliobench("evaluate", "my-cohort", "--backend", backend, "--out", out, *arguments)


def test_a_cohort_is_evaluated_into_a_run_folder_and_a_report(tmp_path: Path) -> None:
    result = evaluate(tmp_path / "run", "--backend", "grader")

    assert result.exit_code == 0, result.output
    for name in ("report.html", "report.json", "fake/manifest.json", "grader/scores.parquet"):
        assert (tmp_path / "run" / name).is_file()
    assert "fake" in result.stdout
    assert "report.html" in result.stdout
    assert "Leakage: fake was trained on 1 of the 3 patients" in " ".join(result.stdout.split())


def test_json_is_the_report_and_nothing_else(tmp_path: Path) -> None:
    result = evaluate(tmp_path, "--json")

    report = json.loads(result.stdout)
    assert report == json.loads((tmp_path / "report.json").read_text())
    assert report["cohort"]["n_studies"] == 3
    assert report["arms"][0]["summary"]["n_failed"] == 0


def test_a_study_whose_name_is_no_utf_8_costs_the_cohort_nothing(
    source: list[FakeStudySource], tmp_path: Path
) -> None:
    for name in ("BraTS20_Training_970", os.fsdecode(b"Pati\xebnt_A"), "ж" * 50, "a\x1b[2J\u202eb"):
        folder = write_study(tmp_path / "data", fake_case("scan", tumour=None))
        folder.rename(tmp_path / "data" / name)
    source.append(BratsStudySource(tmp_path / "data"))  # type: ignore[arg-type]

    result = evaluate(tmp_path / "run", "--json")

    report = json.loads(result.stdout)
    assert result.exit_code == 0
    assert report["cohort"]["n_studies"] == 4
    assert report["arms"][0]["summary"]["n_failed"] == 0
    assert "Traceback" not in result.output


def test_unreadable_masks_leave_the_grades_scored_and_are_named(
    tmp_path: Path, source: list[FakeStudySource]
) -> None:
    fault = Fault("s0", FaultKind.UNKNOWN_LABEL, "s0_seg.nii.gz: labels [7]")
    torn = replace(CASES[0], reference=Reference(grade=Grade.HGG, fault=fault))
    source.append(FakeStudySource([torn, *CASES[1:]]))

    result = evaluate(tmp_path, backend="grader")

    assert result.exit_code == 3, result.output
    told = " ".join(result.stdout.split())
    assert "Localisation is scored in 2 of 3 studies: the reference of 1 study is partly" in told
    assert "s0: unknown_label: s0_seg.nii.gz: labels [7]" in told
    report = json.loads((tmp_path / "report.json").read_text())
    grading = report["arms"][0]["summary"]["everyone"]["intention_to_treat"]["grading"]
    assert (grading["n"], grading["n_failed"]) == (3, 0)
    assert report["arms"][0]["summary"]["n_failed"] == 0
    assert report["cohort"]["reference_faults"] == {"s0": fault.sentence}
    assert "Unreadable references" in [stamp["title"] for stamp in report["stamps"]]
    assert "Unreadable references" in (tmp_path / "report.html").read_text()


@pytest.mark.usefixtures("real_sizes")
def test_images_that_show_no_whole_brain_are_scored_named_and_stamped(tmp_path: Path) -> None:
    result = evaluate(tmp_path, backend="grader")

    assert result.exit_code == 3, result.output
    told = " ".join(result.stdout.split())
    assert "The images of 3 studies do not show a skull-stripped brain." in told
    assert "s0: brain_too_small: t1n shows 1 ml" in told
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["arms"][0]["summary"]["n_failed"] == 0
    assert list(report["cohort"]["image_faults"]) == ["s0", "s1", "s2"]
    assert "Implausible images" in [stamp["title"] for stamp in report["stamps"]]
    assert "Implausible images" in (tmp_path / "report.html").read_text()


def test_a_study_that_lacks_what_only_the_grader_needs_is_localised_and_not_graded(
    tmp_path: Path, source: list[FakeStudySource]
) -> None:
    pytest.importorskip("onnx", reason="the extra `train` is not installed")
    from fakes.onnx_file import write_grader, write_subset_weights
    from gliobench.adapters.onnx.backend import cnn_onnx

    weights = write_subset_weights(tmp_path / "weights")
    write_grader(weights / "grader.onnx")
    backend = cnn_onnx(BackendOptions(weights_dir=str(weights), threads=1))
    present = {"s0": tuple(Modality), "s1": (Modality.T1C,), "s2": (Modality.T1N, Modality.T1C)}
    source.append(
        FakeStudySource(
            fake_case(study_id, modalities=modalities, spacing_mm=(2.0, 2.0, 2.0))
            for study_id, modalities in present.items()
        )
    )

    with container.backend.override(providers.Callable(lambda *_, **__: backend)):
        result = evaluate(tmp_path / "run", backend="cnn-onnx")

    assert result.exit_code == 3, result.output
    told = " ".join(result.stdout.split())
    absent = "A modality is absent from 2 of 3 studies: t1n from 1, t2w from 2, t2f from 2."
    assert absent in told
    assert absent in (tmp_path / "run" / "report.html").read_text()
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    summary = report["arms"][0]["summary"]["everyone"]["intention_to_treat"]
    assert (summary["grading"]["n"], summary["grading"]["n_failed"]) == (3, 2)
    masks = [row for row in summary["localisation"] if row["form"] == "mask"]
    assert {(row["n"], row["n_failed"]) for row in masks} == {(3, 0)}
    (noted,) = (item for item in report["findings"] if item["kind"] == "absent modalities")
    assert noted["study_ids"] == ["s1", "s2"]
    scores = pq.read_table(tmp_path / "run" / "cnn-onnx" / "scores.parquet").to_pylist()
    assert [row["absent_modalities"] for row in scores] == [None, "t1n t2w t2f", "t2w t2f"]
    assert [row["grade_failure_detail"] for row in scores] == [
        None,
        "study s1 has no t1n (t1) and no t2w (t2) and no t2f (flair)",
        "study s2 has no t2w (t2) and no t2f (flair)",
    ]


def test_a_mask_that_was_cut_at_half_is_scored_and_noted(
    tmp_path: Path, source: list[FakeStudySource]
) -> None:
    note = Fault("s0", FaultKind.THRESHOLDED_MASK, "s0.png: 49 grey levels, cut at half")
    noted = replace(CASES[0], reference=replace(CASES[0].reference, note=note))
    source.append(FakeStudySource([noted, *CASES[1:]]))

    result = evaluate(tmp_path, backend="grader")

    assert result.exit_code == 0, result.output
    told = " ".join(result.stdout.split())
    assert "In 1 study the reference mask is unusual." in told
    assert "s0: thresholded_mask: s0.png: 49 grey levels, cut at half." in told
    report = json.loads((tmp_path / "report.json").read_text())
    assert "Notes on references" in [stamp["title"] for stamp in report["stamps"]]
    assert report["cohort"]["n_with_tumour"] == 3


def test_the_report_is_on_all_backends_of_the_cohort_that_the_folder_holds(tmp_path: Path) -> None:
    evaluate(tmp_path, backend="grader")

    result = evaluate(tmp_path, backend="fake")

    report = json.loads((tmp_path / "report.json").read_text())
    assert [arm["name"] for arm in report["arms"]] == ["fake", "grader"]
    assert result.exit_code == 0
    assert "not in the report" not in result.stderr


def test_a_run_over_another_cohort_is_left_out_of_the_report_and_named(tmp_path: Path) -> None:
    evaluate(tmp_path, "--limit", "2", backend="grader")

    result = evaluate(tmp_path, backend="fake")

    report = json.loads((tmp_path / "report.json").read_text())
    assert [arm["name"] for arm in report["arms"]] == ["fake"]
    assert "grader is not in the report: it is over another cohort" in result.stderr.splitlines()


def test_a_study_that_cannot_be_read_is_told_of_by_the_exit_code(
    tmp_path: Path, source: list[FakeStudySource]
) -> None:
    source.append(FakeStudySource(CASES[1:], unreadable={"s0": InvalidInputError("s0 is torn")}))

    result = evaluate(tmp_path)

    assert result.exit_code == 3, result.output
    assert "answered only" in result.stdout
    assert json.loads(result.stderr.splitlines()[-1])["failed"] == 1


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


def evaluate_shards(out: Path, *shards: str, arguments: tuple[str, ...] = ()) -> list[Result]:
    return [evaluate(out, "--shard", shard, *arguments) for shard in shards]


def test_the_shard_that_ends_last_writes_the_report_of_the_whole(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    evaluate(whole)

    first, second, last = evaluate_shards(parts, "2/3", "0/3", "1/3")

    assert [one.exit_code for one in (first, second, last)] == [0, 0, 0]
    assert "written after these: 0-of-3, 1-of-3" in first.stdout
    assert "written after these: 1-of-3" in second.stdout
    assert "report.html" in last.stdout
    for name in ("report.html", "report.json", "fake/manifest.json", "fake/scores.parquet"):
        assert (parts / name).read_bytes() == (whole / name).read_bytes()


def test_a_pod_of_an_indexed_job_knows_its_shard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLIOBENCH_SHARDS", "2")
    monkeypatch.setenv("JOB_COMPLETION_INDEX", "1")

    result = evaluate(tmp_path, "--json")

    assert json.loads(result.stdout) == {"shard": "1-of-2", "missing_shards": ["0-of-2"]}


@pytest.mark.parametrize(
    ("flags", "environment", "said"),
    [
        (["--shard", "3/3"], {}, "wanted I/N, counted from 0/N to N-1/N"),
        (["--shard", "one"], {}, "wanted I/N, e.g. 0/4"),
        ([], {"GLIOBENCH_SHARDS": "2"}, "which of them?"),
        ([], {"GLIOBENCH_SHARDS": "2", "JOB_COMPLETION_INDEX": "2"}, "counted from 0/N"),
        (["--shard", "0/3"], {"GLIOBENCH_SHARDS": "2"}, "the setting shards is 2"),
        (["--executor", "slurm"], {}, "executor: got 'slurm'"),
        (["--workers", "0"], {}, "workers: got 0"),
        (["--study-timeout", "-1"], {}, "study_timeout_s: got -1"),
    ],
)
def test_a_wrong_value_is_one_line_and_exit_code_1(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: list[str],
    environment: dict[str, str],
    said: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    result = evaluate(tmp_path, *flags)

    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert said in line


def test_another_number_of_shards_in_the_same_place_is_refused(tmp_path: Path) -> None:
    evaluate_shards(tmp_path, "0/3")

    (result,) = evaluate_shards(tmp_path, "0/2")

    assert result.exit_code == 1
    assert "kept in 3 shards, not 2: choose another place" in result.stderr


def merge(out: Path, *arguments: str) -> Result:
    return gliobench("merge", out, *arguments)


def test_a_merge_with_missing_shards_is_refused_in_one_line(tmp_path: Path) -> None:
    evaluate_shards(tmp_path, "0/3")

    result = merge(tmp_path)

    assert result.exit_code == 1
    assert "lacks 2 of 3 shards, 1-of-3, 2-of-3" in result.stderr
    assert not (tmp_path / "report.html").exists()


def test_a_merge_that_may_be_partial_is_stamped_and_told_by_its_exit_code(tmp_path: Path) -> None:
    evaluate_shards(tmp_path, "0/3", "2/3")

    result = merge(tmp_path, "--allow-partial", "--json")

    report = json.loads(result.stdout)
    assert result.exit_code == 3
    assert report["missing_shards"] == ["1-of-3"]
    assert report["cohort"]["n_studies"] == 2
    assert report["stamps"][0]["title"] == "Partial"
    assert "Merged without 1 shard: 1-of-3" in (tmp_path / "report.html").read_text()


def test_a_shard_that_may_merge_in_part_does_so_at_once(tmp_path: Path) -> None:
    (result,) = evaluate_shards(tmp_path, "0/3", arguments=("--allow-partial", "--json"))

    assert result.exit_code == 3
    assert json.loads(result.stdout)["missing_shards"] == ["1-of-3", "2-of-3"]


def test_a_place_without_shards_has_nothing_to_merge(tmp_path: Path) -> None:
    result = merge(tmp_path)

    assert result.exit_code == 1
    assert "holds no shards" in result.stderr


def test_a_report_that_was_lost_is_made_again_by_a_merge(tmp_path: Path) -> None:
    evaluate_shards(tmp_path, "0/2", "1/2")
    before = (tmp_path / "report.html").read_bytes()
    (tmp_path / "report.html").unlink()

    result = merge(tmp_path)

    assert result.exit_code == 0
    assert (tmp_path / "report.html").read_bytes() == before


def test_backends_stand_in_one_order_whoever_writes_the_report(tmp_path: Path) -> None:
    for shard in ("0/2", "1/2"):
        evaluate(tmp_path, "--shard", shard, "--backend", "fake", backend="grader")
    before = (tmp_path / "report.json").read_bytes()

    merge(tmp_path)

    assert (tmp_path / "report.json").read_bytes() == before
    assert [arm["name"] for arm in json.loads(before)["arms"]] == ["fake", "grader"]


def test_no_password_of_a_url_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "memory://user:a-password@host"

    unmerged = gliobench("merge", f"{url}/run")
    named = gliobench("evaluate", url, "--backend", "fake", "--out", tmp_path, "--json")
    monkeypatch.setenv("GLIOBENCH_COHORT", f"{url}/cohort.json:test")
    unread = evaluate(tmp_path)

    assert "memory://***@host/run holds no shards" in unmerged.stderr
    assert json.loads(named.stdout)["cohort"]["name"] == "***@host"
    assert "cohort memory://***@host/cohort.json:test cannot be read" in unread.stderr
    assert "password" not in unmerged.output + named.output + unread.output


def test_metrics_are_kept_for_prometheus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: list[FakeStudySource]
) -> None:
    file = tmp_path / "gliobench.prom"
    monkeypatch.setenv("GLIOBENCH_METRICS_FILE", str(file))
    source.append(FakeStudySource(CASES[1:], unreadable={"s0": InvalidInputError("s0 is torn")}))

    evaluate(tmp_path / "run", "--backend", "grader", "--batch-size", "2")

    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(file.read_text())
        for sample in family.samples
    }
    for backend in ("fake", "grader"):
        assert samples["gliobench_studies_done", backend] == 3
        assert samples["gliobench_studies_failed", backend] == 1
        assert samples["gliobench_studies_wanted", backend] == 3
    assert samples["gliobench_batch_size",] == 2
    assert samples["gliobench_stage_seconds", "infer"] > 0


def test_metrics_that_cannot_be_written_stop_the_command_before_it_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLIOBENCH_METRICS_FILE", str(tmp_path / "no" / "such" / "m.prom"))

    result = evaluate(tmp_path / "run")

    assert result.exit_code == 1
    assert "m.prom" in result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "arguments",
    [["--limit", "0"], ["--batch-size", "0"], ["--backend", "fake"], ["--nonsense"]],
    ids=["limit", "batch-size", "backend-twice", "unknown-flag"],
)
def test_a_wrong_flag_is_a_usage_error(tmp_path: Path, arguments: list[str]) -> None:
    assert evaluate(tmp_path, *arguments).exit_code == 2


def test_scores_of_challenges_are_added_to_a_run_without_inference(tmp_path: Path) -> None:
    evaluate(tmp_path)
    predicted = sorted((tmp_path / "fake" / "predictions").iterdir())
    before = pq.read_table(tmp_path / "fake" / "scores.parquet")

    result = evaluate(tmp_path, "--measures", "brats2023, brats2026", "--json")

    assert result.exit_code == 0, result.output
    assert sorted((tmp_path / "fake" / "predictions").iterdir()) == predicted
    after = pq.read_table(tmp_path / "fake" / "scores.parquet")
    assert {"mask_WT_brats2023_dice", "mask_WT_brats2026_f1"} <= set(after.column_names)
    assert after.select(before.column_names).equals(before)
    arm = json.loads(result.stdout)["arms"][0]
    rows = arm["summary"]["everyone"]["intention_to_treat"]["localisation"]
    assert (
        next(row for row in rows if row["region"] == "WT")["measures"]["brats2023_dice"]["n"] == 3
    )
    assert "Dice 2026" in (tmp_path / "report.html").read_text("utf-8")


def test_a_task_of_the_challenge_has_its_scores_unless_none_are_asked_for(
    tmp_path: Path, source: list[FakeStudySource]
) -> None:
    source.append(FakeStudySource(CASES).labelled(DatasetLabels(BUILT_IN["brats-gli-2023"])))

    def columns(name: str, *arguments: str) -> set[str]:
        result = evaluate(tmp_path / name, *arguments)
        assert result.exit_code == 0, result.output
        return set(pq.read_table(tmp_path / name / "fake" / "scores.parquet").column_names)

    found, without = columns("task"), columns("none", "--measures", "none")

    assert "mask_WT_brats2023_dice" in found
    assert "mask_WT_brats2026_dice" not in found  # that of 2026 never ranked masks of 2023
    assert not {name for name in without if "brats20" in name}


def test_an_unknown_set_of_measures_is_refused_in_one_line(tmp_path: Path) -> None:
    result = evaluate(tmp_path, "--measures", "brats2022")

    assert result.exit_code == 1
    assert "measures" in result.stderr
    assert "wanted some of brats2023, brats2026" in result.stderr
