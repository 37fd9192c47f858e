"""README's commands for each kind of data, run on two phantoms in that layout."""

from __future__ import annotations

import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from command_line import gliobench
from e2e.doc_pages import REPOSITORY, boxes
from fakes.layouts import write_bids, write_nnunet
from fakes.study_folder import write_study
from gliobench.domain.studies.study import Case

(BOX,) = [box for box in boxes(REPOSITORY / "README.md") if "# I have " in box.body]
KINDS = [part for part in BOX.body.split("# I have ") if part.strip()]
NAMES = {part.split(":")[0]: part.splitlines()[1:] for part in KINDS}


@pytest.fixture(scope="module")
def cases(phantoms: Path) -> list[Case]:
    from gliobench.adapters.phantom import PhantomStudySource

    source = PhantomStudySource(2, spacing_mm=4.0)
    return [Case(source.study(name), source.reference(name)) for name in source.study_ids()]


def named(cases: list[Case], pattern: str) -> list[Case]:
    return [
        Case(
            replace(case.study, id=pattern.format(n), patient_id=pattern.format(n)), case.reference
        )
        for n, case in enumerate(cases, 1)
    ]


def write_brats(folder: Path, cases: list[Case]) -> None:
    for case in named(cases, "BraTS20_Training_{:03}"):
        write_study(folder / "BRATS", case)


def write_dicom(folder: Path, cases: list[Case]) -> None:
    pytest.importorskip("highdicom", reason="the extra `dicom` is not installed")
    from fakes.dicom_files import Writer

    for number, case in enumerate(cases, 1):
        Writer(folder / "EXPORT" / str(number), study_uid=f"1.2.{number}").study(case.study)


def write_masks(folder: Path, cases: list[Case]) -> None:
    write_brats(folder, cases)
    for name in ("REFERENCES", "PREDICTIONS"):
        (folder / name).mkdir()
        for mask in folder.glob("BRATS/*/*_seg.nii.gz"):
            shutil.copy(mask, folder / name / mask.name.replace("_seg", ""))


WRITE = {
    "BraTS": write_brats,
    "DICOM": write_dicom,
    "BIDS": lambda folder, cases: write_bids(folder / "BIDS", named(cases, "sub-{:02}")),
    "nnU-Net": lambda folder, cases: write_nnunet(folder / "NNUNET", named(cases, "case_{:03}")),
    "masks only": write_masks,
}


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GLIOBENCH_DICOM__PSEUDONYM_KEY", "k" * 32)
    monkeypatch.chdir(tmp_path)


def test_each_kind_of_data_has_two_commands() -> None:
    assert NAMES.keys() == WRITE.keys()
    assert {len([line for line in lines if line]) for lines in NAMES.values()} == {2}


@pytest.mark.parametrize("kind", WRITE)
def test_both_commands_work(kind: str, cases: list[Case], tmp_path: Path) -> None:
    WRITE[kind](tmp_path, cases)

    for line in filter(None, NAMES[kind]):
        program, *words = shlex.split(line)
        done = gliobench(*words)
        assert (program, done.exit_code) == ("gliobench", 0), f"{line}: {done.output}"

    assert (tmp_path / "runs" / "report.html").is_file() or (tmp_path / "scores.csv").is_file()
