"""A run exported for archives and as BIDS: files that others accept, and the same scores again."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from command_line import gliobench
from fakes.bids_validator import bids_errors
from fakes.bright_backend import write_bright
from fakes.fake_study_source import fake_case
from fakes.study_folder import write_study
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.studies.study import Modality
from gliobench.entrypoints.container import container

KEY = "k" * 32
SHAPE = (24, 28, 20)
LABELS = ("--set", "labels=brats-gli-2017")


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GLIOBENCH_DICOM__PSEUDONYM_KEY", KEY)
    monkeypatch.chdir(tmp_path)


def ran(*command: str | Path, code: int = 0) -> str:
    done = gliobench(*command)
    assert done.exit_code == code, done.output
    return done.output


def evaluated(dataset: Path, folder: Path, *, code: int = 3, before: tuple[str, ...] = ()) -> Path:
    """Evaluate the backend on a dataset; a study without FLAIR fails."""
    out = folder / "run"
    ran(*before, "evaluate", dataset, "--backend", write_bright(folder), "--out", out, code=code)
    (run,) = (item.parent for item in out.glob("*/manifest.json"))
    return run


def scores_of(run: Path) -> list[tuple[str, object]]:
    cases = sorted(container.run_store(str(run)).scores(), key=lambda case: case.study_id)
    return [(case.study_id, case.localisation[Form.MASK].scores) for case in cases]


@pytest.fixture
def nifti(tmp_path: Path) -> Path:
    """Two studies, the second without FLAIR."""
    for name in ("BraTS20_Training_001", "BraTS20_Training_002"):
        write_study(tmp_path / "studies", fake_case(name, shape=SHAPE))
    for file in (tmp_path / "studies" / "BraTS20_Training_002").glob("*flair*"):
        file.unlink()
    return tmp_path / "studies"


def test_a_run_is_written_as_a_bids_derivative(nifti: Path, tmp_path: Path) -> None:
    run = evaluated(nifti, tmp_path, before=LABELS)

    said = ran("export-predictions", run, "--layout", "bids", "--out", tmp_path / "bids")

    out = tmp_path / "bids"
    files = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    assert files == [
        ".bidsignore",
        "dataset_description.json",
        "dseg.tsv",
        "failures.csv",
        "participants.json",
        "participants.tsv",
        "sub-BraTS20Training001/anat/sub-BraTS20Training001_desc-brightmake_dseg.nii.gz",
    ]
    assert (out / "dseg.tsv").read_text().splitlines()[:2] == ["index\tname", "0\tbackground"]
    assert "sub-BraTS20Training001\tBraTS20_Training_001" in (out / "participants.tsv").read_text()
    assert "Read by" not in said
    assert bids_errors(out) == []


def test_ids_of_bids_stay_and_are_imported_again_with_the_same_scores(tmp_path: Path) -> None:
    for name in ("sub-01", "sub-02"):
        write_study(tmp_path / "studies", fake_case(name, shape=SHAPE))
    run = evaluated(tmp_path / "studies", tmp_path, code=0, before=LABELS)

    said = ran("export-predictions", run, "--layout", "bids", "--out", tmp_path / "bids")

    pattern = said.split("--pattern '")[1].split("'")[0]
    assert pattern == "{study_id}/anat/{study_id}_desc-brightmake_dseg.nii.gz"
    ran(
        *(*LABELS, "import", tmp_path / "studies", "--name", "again", "--masks", tmp_path / "bids"),
        *("--pattern", pattern, "--labels", "brats-gli-2017", "--out", tmp_path / "again"),
    )
    assert scores_of(tmp_path / "again" / "again") == scores_of(run)


def test_a_session_has_a_folder_of_its_own(tmp_path: Path) -> None:
    write_study(tmp_path / "studies", fake_case("sub-01_ses-a", shape=SHAPE))
    run = evaluated(tmp_path / "studies", tmp_path, code=0, before=LABELS)

    ran("export-predictions", run, "--layout", "bids", "--out", tmp_path / "bids")

    (mask,) = (tmp_path / "bids").rglob("*.nii.gz")
    assert mask.parent == tmp_path / "bids" / "sub-01" / "ses-a" / "anat"
    assert mask.name == "sub-01_ses-a_desc-brightmake_dseg.nii.gz"
    assert nib.load(mask).shape == SHAPE


def test_two_studies_of_one_label_are_refused(tmp_path: Path) -> None:
    for name in ("a_1", "a-1"):
        write_study(tmp_path / "studies", fake_case(name, shape=SHAPE))
    run = evaluated(tmp_path / "studies", tmp_path, code=0, before=LABELS)

    said = ran("export-predictions", run, "--layout", "bids", "--out", tmp_path / "bids", code=1)

    assert "study a_1: as a subject of BIDS it is sub-a1, as is a-1" in said


@pytest.fixture
def dicom(tmp_path: Path) -> Path:
    """Two studies with references that people drew, the second without FLAIR."""
    pytest.importorskip("highdicom")
    from fakes.dicom_files import Writer
    from fakes.dicom_segmentations import Drawn, write_segments
    from gliobench.adapters.dicom import DicomStudySource
    from gliobench.domain.studies.pseudonyms import Pseudonyms

    for number in (1, 2):
        folder = tmp_path / "studies" / str(number)
        Writer(folder, study_uid=f"1.2.{number}").study(fake_case(shape=SHAPE).study)
        source = DicomStudySource(str(folder), Pseudonyms(KEY))
        images = source.images(source.study_ids()[0], Modality.T1C)
        inside = np.zeros(images.native_grid.shape, bool)
        inside[8:14, 9:16, 6:12] = True
        write_segments(folder / "seg", images, [Drawn("Tumor", inside)], uid=f"1.2.{number}.77")
    for file in (tmp_path / "studies" / "2").iterdir():
        if b"FLAIR" in file.read_bytes():
            file.unlink()
    return tmp_path / "studies"


def test_a_run_over_dicom_is_written_for_its_archive_and_imported_with_the_same_scores(
    dicom: Path, tmp_path: Path
) -> None:
    run = evaluated(dicom, tmp_path)
    out = tmp_path / "objects"

    said = ran("export-predictions", run, "--layout", "dicom", "--dataset", dicom, "--out", out)

    failed = (out / "failures.csv").read_text().splitlines()[1].partition(",")[0]
    (seg,), (report,) = out.glob("*_seg.dcm"), out.glob("*_sr.dcm")
    assert seg.name.partition("_")[0] != failed
    assert f"--masks {out}" in said
    ran("import", dicom, "--name", "again", "--masks", out, "--out", tmp_path / "again", code=3)
    assert scores_of(tmp_path / "again" / "again") == scores_of(run)
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (package dicom3tools) is not installed")
    for path in (seg, report):
        done = subprocess.run(
            ["dciodvfy", "-new", path], capture_output=True, text=True, check=False
        )
        assert "Error" not in done.stderr + done.stdout


@pytest.mark.parametrize("more", [(), ("--dataset", "studies"), ("--labels", "brats-gli-2017")])
def test_objects_want_dicom_images_and_no_labels(
    nifti: Path, tmp_path: Path, more: tuple[str, ...]
) -> None:
    run = evaluated(nifti, tmp_path, before=LABELS)
    command = ("export-predictions", run, "--layout", "dicom", *more)

    said = ran(*command, "--out", tmp_path / "objects", code=1)

    assert "wanted a DICOM dataset" in said or "is not of DICOM images" in said
    assert not list((tmp_path / "objects").glob("*.dcm"))
