"""`gliobench dataset`, from the flags to the exit code."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from command_line import gliobench
from fakes.fake_study_source import fake_case
from fakes.study_folder import image_of, write_image, write_name_mapping, write_study
from gliobench.adapters.json import read_cohort
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.studies.study import Modality

IDS = [f"BraTS20_Training_{n:03}" for n in range(1, 7)]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    root = tmp_path / "brats"
    for study_id in IDS:
        write_study(root, fake_case(study_id))
    grades = ["HGG"] * 4 + ["LGG"] * 2
    rows = [f"{grade},NA,NA,NA,BraTS19_TMC_{n}_1,{n}" for grade, n in zip(grades, IDS, strict=True)]
    write_name_mapping(root, *rows)
    return root


def _run(*arguments: object) -> tuple[int, str, str]:
    result = gliobench("dataset", *arguments)
    return result.exit_code, result.stdout, result.stderr


def test_a_sound_dataset_is_verified_with_exit_code_0(dataset: Path) -> None:
    code, out, _ = _run("verify", dataset)

    labels, counts = out.splitlines()
    assert (code, counts) == (0, "6 studies, 0 to be left out, 0 faults, 0 notes")
    assert labels.startswith("labels brats-gli-2017 (studies are named BraTS")


def test_every_fault_is_told_and_the_rest_goes_on(dataset: Path, tmp_path: Path) -> None:
    study = {study_id: dataset / study_id for study_id in IDS}
    image_of(study[IDS[0]], Modality.T1C).unlink()
    image_of(study[IDS[0]], Modality.T2F).unlink()
    truncated = image_of(study[IDS[1]], Modality.T1C)
    truncated.write_bytes(truncated.read_bytes()[:-100])
    image_of(study[IDS[2]], Modality.T2W).write_bytes(b"no image")
    _rewrite(image_of(study[IDS[3]], Modality.T2F), shape=(5, 5, 5))
    _rewrite(image_of(study[IDS[3]], Modality.T2W), shift_mm=2.0)
    _rewrite(image_of(study[IDS[4]], Modality.T1N), value=np.nan)
    _rewrite(image_of(study[IDS[4]], Modality.T1C), value=0.0)
    _rewrite(study[IDS[5]] / f"{IDS[5]}_seg.nii.gz", value=9.0)
    write_study(dataset / "copy", fake_case("twice"))
    write_study(dataset / "original", fake_case("twice"))
    quarantine = tmp_path / "quarantine.json"

    code, out, _ = _run("verify", dataset, "--json", "--quarantine", quarantine)

    report = json.loads(out)
    assert code == 3
    assert report["n_studies"] == 7
    assert [(fault["study_id"], fault["kind"]) for fault in report["faults"]] == [
        (IDS[0], "missing_modality"),
        (IDS[0], "missing_modality"),
        (IDS[1], "truncated"),
        (IDS[2], "unreadable"),
        (IDS[3], "affine_mismatch"),
        (IDS[3], "shape_mismatch"),
        (IDS[4], "not_finite"),
        (IDS[4], "empty_volume"),
        (IDS[5], "unknown_label"),
        ("twice", "duplicate_id"),
    ]
    assert json.loads(quarantine.read_text()).keys() == {*IDS, "twice"}


def test_a_table_names_fault_and_file(dataset: Path) -> None:
    image_of(dataset / IDS[0], Modality.T1N).write_bytes(b"no image")

    code, out, _ = _run("verify", dataset)

    assert code == 3
    assert f"{IDS[0]}  fault  unreadable" in out


def test_absent_modalities_are_noted_and_counted_with_exit_code_0(dataset: Path) -> None:
    image_of(dataset / IDS[0], Modality.T1N).unlink()
    image_of(dataset / IDS[0], Modality.T2W).unlink()
    image_of(dataset / IDS[1], Modality.T1N).unlink()

    code, out, _ = _run("verify", dataset)
    _, described, _ = _run("fingerprint", dataset)
    _, facts, _ = _run("fingerprint", dataset, "--json")

    assert code == 0
    assert f"{IDS[0]}  note  absent_modality" in out
    assert "0 to be left out, 0 faults, 3 notes" in out
    assert "absent      t1n in 2, t2w in 1\n" in described
    assert json.loads(facts)["absent"] == {"t1n": 2, "t2w": 1}


def test_a_folder_that_is_not_there_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    code, out, err = _run("verify", tmp_path / "nowhere")

    assert (code, out) == (1, "")
    assert err == f"error: no folder {tmp_path / 'nowhere'}\n"


def test_a_quarantine_list_that_cannot_be_written_is_one_line(dataset: Path) -> None:
    no_folder = next(path for path in dataset.rglob("*") if path.is_file())

    code, _, err = _run("verify", dataset, "--quarantine", no_folder / "list.json")

    assert code == 1
    assert "list.json cannot be written: Not a directory" in err


def test_a_fingerprint_is_printed_for_machines_and_people(dataset: Path) -> None:
    code, out, _ = _run("fingerprint", dataset, "--json")
    described = json.loads(out)
    _, table, _ = _run("fingerprint", dataset)

    assert code == 0
    assert described["grades_by_site"] == {"TMC": {"HGG": 4, "LGG": 2}}
    assert described["shapes"] == [{"shape": [12, 14, 10], "n": 6}]
    assert described["volumes_mm3"]["WT"]["quartiles"] == [100, 100, 100]
    assert described["hash"] in table
    assert "66.7% of the graded" in table


def test_folds_are_frozen_and_thaw(dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "cohort.json"

    code, table, _ = _run("split", dataset, "--folds", 2, "--seed", 5, "--out", out)

    cohort = read_cohort(out.read_bytes(), file="c.json")
    assert code == 0
    assert (cohort.name, cohort.seed) == ("brats", 5)
    assert {name: len(part) for name, part in cohort.parts.items()} == {"fold-0": 3, "fold-1": 3}
    assert "6 studies split, 0 left out" in table


def test_a_split_without_out_is_printed_and_leaves_the_quarantined_out(
    dataset: Path, tmp_path: Path
) -> None:
    quarantine = tmp_path / "quarantine.json"
    quarantine.write_text(json.dumps({IDS[0]: "blurred"}))

    _, out, _ = _run("split", dataset, "--fractions", "train=0.5,test=0.5", "--exclude", quarantine)

    cohort = read_cohort(out.encode(), file="c.json")
    assert cohort.exclusions == {IDS[0]: "blurred"}
    assert sorted(member.study_id for member in cohort.members) == IDS[1:]


def test_visits_are_split_together_and_assumptions_are_said(tmp_path: Path) -> None:
    ids = ["UPENN-GBM-00940_11", "UPENN-GBM-00940_21", "P1_1", "P1_2", "anna", "ben"]
    for study_id in ids:
        write_study(tmp_path / "data", fake_case(study_id, tumour=None))

    _, out, err = _run("split", tmp_path / "data", "--folds", 2)
    _, told, _ = _run("fingerprint", tmp_path / "data")
    _, table, _ = _run("split", tmp_path / "data", "--folds", 2, "--out", tmp_path / "c.json")

    cohort = read_cohort(out.encode(), file="c.json")
    fold = {one: name for name, part in cohort.parts.items() for one in part}
    assert fold["UPENN-GBM-00940_11"] == fold["UPENN-GBM-00940_21"]
    assert fold["P1_1"] == fold["P1_2"]
    assert len(cohort.assumptions) == 1
    said = (
        "assumed: 2 studies are taken for visits of 1 patient, because their names end in a number"
    )
    assert err.startswith(said)
    assert said in table
    assert said in told
    assert "studies     6 of 4 patients" in told
    assert "6 studies split, 0 left out, 4 patients" in table


def test_a_cohort_is_called_by_a_name_that_can_be_shown(dataset: Path, tmp_path: Path) -> None:
    folder = dataset.rename(tmp_path / os.fsdecode(b"Daten_\xe4"))

    code, _, _ = _run("split", folder, "--folds", 2, "--out", tmp_path / "c.json")

    assert code == 0
    assert read_cohort((tmp_path / "c.json").read_bytes(), file="c").name == r"Daten_\xe4"


def test_a_table_of_findings_obeys_no_name_of_a_study(tmp_path: Path) -> None:
    write_study(tmp_path, fake_case("plain", tumour=None)).rename(tmp_path / "a\x1b[2J[red]b")

    code, out, _ = _run("verify", tmp_path)

    assert code == 0
    assert r"a\x1b[2J[red]b" in out
    assert "odd_name" in out
    assert "\x1b[2J" not in out


def test_the_same_command_prints_the_same_split(dataset: Path) -> None:
    assert _run("split", dataset, "--folds", 3) == _run("split", dataset, "--folds", 3)


@pytest.mark.parametrize(
    "flags",
    [
        [],
        ["--folds", "2", "--fractions", "a=0.5,b=0.5"],
        ["--folds", "1"],
        ["--fractions", "a"],
        ["--fractions", "a=0.5,a=0.5"],
        ["--fractions", "a=0.5,b=0.6"],
        ["--nonsense"],
    ],
)
def test_flags_that_make_no_sense_exit_with_2(dataset: Path, flags: list[str]) -> None:
    code, out, err = _run("split", dataset, *flags)

    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.endswith("see gliobench dataset split --help\n")


def test_an_exclusion_list_that_is_none_is_one_line(dataset: Path) -> None:
    code, _, err = _run("split", dataset, "--folds", 2, "--exclude", dataset / "name_mapping.csv")

    assert code == 1
    assert "is not a JSON object of reasons by study" in err


def test_a_changed_cohort_file_does_not_thaw(dataset: Path) -> None:
    _, out, _ = _run("split", dataset, "--folds", 2)

    with pytest.raises(InvalidInputError, match="changed"):
        read_cohort(out.replace("LGG", "HGG", 1).encode(), file="c.json")


def _rewrite(
    path: Path,
    *,
    value: float = 5.0,
    shape: tuple[int, int, int] = (12, 14, 10),
    shift_mm: float = 0.0,
) -> None:
    affine = np.eye(4)
    affine[0, 3] = shift_mm
    voxels = np.zeros(shape, dtype=np.float32)
    voxels[2:4] = value
    write_image(path, voxels, Grid(shape=shape, affine=affine))
