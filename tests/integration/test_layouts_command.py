"""Commands on datasets of every layout."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import gliobench as gb
from command_line import gliobench
from fakes.fake_study_source import fake_case
from fakes.layouts import write_bids, write_json, write_msd, write_nnunet
from fakes.study_folder import write_name_mapping, write_study
from gliobench.domain.errors import NotFoundError
from gliobench.domain.studies.study import Case

IDS = ["sub-01_ses-1", "sub-01_ses-2", "sub-02"]
CASES = [fake_case(name) for name in IDS]
CENTRE = ("--backend", "brain-centroid", "--force")


def _brats(root: Path, cases: Sequence[Case]) -> Path:
    for case in cases:
        write_study(root, case)
    write_name_mapping(root)
    return root


LAYOUTS = [_brats, write_bids, write_nnunet, write_msd]


@pytest.mark.parametrize("write", LAYOUTS)
def test_a_layout_is_recognised(write: Callable[..., Path], tmp_path: Path) -> None:
    root = write(tmp_path / "studies", CASES)

    result = gliobench("--set", "labels=tumour", "dataset", "split", root, "--folds", "2")

    assert result.exit_code == 0, result.output
    members = json.loads(result.stdout)["members"]
    assert sorted(member["study_id"] for member in members) == IDS


@pytest.mark.parametrize("write", LAYOUTS)
def test_one_study_of_a_folder_is_predicted(
    write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    root = write(tmp_path / "studies", CASES)

    result = gliobench("predict", root, "--study", "sub-02", *CENTRE, "--json")

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["study_id"] == "sub-02"
    assert gb.load_study(root, "sub-02").id == "sub-02"


def test_a_subject_of_one_session_is_predicted_by_its_folder(tmp_path: Path) -> None:
    root = write_bids(tmp_path / "studies", CASES)

    result = gliobench("predict", root / "sub-02", *CENTRE, "--json", "--out", tmp_path / "out")

    assert json.loads(result.stdout)["study_id"] == "sub-02"


def test_a_folder_of_several_studies_asks_which(tmp_path: Path) -> None:
    root = write_bids(tmp_path / "studies", CASES)

    several = gliobench("predict", root / "sub-01", *CENTRE)
    unknown = gliobench("predict", root, "--study", "sub-9", *CENTRE)

    assert several.exit_code == unknown.exit_code == 1
    assert "holds 2 studies: name one of them by --study, such as sub-01_ses-1" in several.output
    assert "no study 'sub-9'" in unknown.output
    with pytest.raises(NotFoundError):
        gb.load_study(root, "sub-9")


def test_a_study_of_files_has_no_other_name(tmp_path: Path) -> None:
    result = gliobench("predict", "--t1c", tmp_path / "x.nii.gz", "--study", "x")

    assert result.exit_code == 2


def test_participants_divide_a_report(tmp_path: Path) -> None:
    cases = [fake_case(f"sub-{number}") for number in range(4)]
    root = write_bids(tmp_path / "studies", cases)
    rows = "".join(f"{number}\t{30 + number}\t{'MF'[number % 2]}\tHGG\r\n" for number in range(4))
    (root / "participants.tsv").write_text(f"participant_id\tage\tsex\tgrade\r\n{rows}")

    report = gb.evaluate(
        root,
        "majority",
        tmp_path / "runs",
        metadata=root / "participants.tsv",
        subgroups={"sex": True, "age": [32]},
    )

    found = {(part.by, part.name): part.rows[0].n for part in report.values.subgroups}
    assert found["sex", "M"] == found["sex", "F"] == 2
    assert sorted(n for (by, _), n in found.items() if by == "age") == [2, 2]


def test_verify_goes_on_where_labels_mean_nothing(tmp_path: Path) -> None:
    root = write_nnunet(tmp_path / "studies", CASES)
    described = json.loads((root / "dataset.json").read_text())
    write_json(root / "dataset.json", described | {"labels": {"background": 0, "a": 1}})
    (root / "imagesTr" / "sub-02_0000.nii.gz").write_bytes(b"x")

    result = gliobench("dataset", "verify", root, "--json")

    found = json.loads(result.stdout)
    assert result.exit_code == 3
    assert "unreadable" in result.stdout
    assert "calls its labels ['a']" in found["label_proposal"]["ground"]


def test_the_setting_decides_between_two_runs(tmp_path: Path) -> None:
    root = write_bids(tmp_path / "studies", [fake_case("sub-02")])
    anat = root / "sub-02" / "anat"
    (anat / "sub-02_run-2_T1w.nii.gz").write_bytes((anat / "sub-02_T1w.nii.gz").read_bytes())

    doubtful = gliobench("predict", root, *CENTRE, "--out", tmp_path / "out")
    settled = gliobench(
        *("--set", "bids_entities=run-2", "predict", root, *CENTRE, "--json"),
        *("--out", tmp_path / "out"),
    )

    assert doubtful.exit_code == 1
    assert "sub-02_run-2_T1w.nii.gz" in doubtful.output
    assert json.loads(settled.stdout)["study_id"] == "sub-02"
