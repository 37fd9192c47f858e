"""DICOM through the command line, and nothing of the patient in what it writes."""

from __future__ import annotations

import csv
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

pytest.importorskip("pydicom", reason="the extra `dicom` is not installed")

from typer.testing import CliRunner

from fakes.dicom_files import SCANS, SECRETS, Scan, Writer
from fakes.fake_study_source import fake_case
from gliobench.adapters.nifti import BratsStudySource
from gliobench.domain.studies.study import Modality
from gliobench.entrypoints.cli import app

KEY = "GLIOBENCH_DICOM__PSEUDONYM_KEY"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(KEY, "a key of many characters")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A PACS export: two studies of one patient, one of them with a doubtful series, and much else."""
    folder = tmp_path / "export"
    for number, study in enumerate(("a", "b"), 1):
        writer = Writer(
            folder / f"{SECRETS['PatientName']}{number}", study_uid=f"1.2.{number}99887"
        )
        writer.study(fake_case(study).study)
        writer.series(
            np.zeros((12, 14, 3), np.int16),
            fake_case(study).study.grid,
            Scan("Localizer Geheimnis"),
        )
    writer.series(
        np.ones((12, 14, 10), np.int16),
        fake_case("b").study.grid,
        Scan("T1 km Anneliese", (500, 10), "Gd"),
    )
    (folder / "Geheimnis.pdf").write_text("Geheimnis")
    return folder


def run(*args: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [str(arg) for arg in args])
    assert done.exit_code == code, done.output
    return done.stdout + done.stderr


def run_json(*args: object, code: int = 0) -> Any:
    done = CliRunner().invoke(app, [*map(str, args), "--json"])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def secrets() -> set[str]:
    parts = {part for value in SECRETS.values() for part in value.replace("^", " ").split()}
    return {
        part for part in parts if len(part) > 4
    }  # "Otto" is in "bottom" | {"99887", *SECRETS.values()}


def revealed(*texts: bytes) -> set[str]:
    return {item for item in secrets() for text in texts if item.lower().encode() in text.lower()}


def test_the_table_of_series_has_reasons_and_asks_about_the_doubtful_one(export: Path) -> None:
    shown = run_json("dataset", "series", export, code=3)

    (asked,) = [study for study in shown["studies"] if study["questions"]]
    assert len({study["patient"] for study in shown["studies"]}) == 1
    assert "t1c may be series" in asked["questions"][0]
    by_description = {row["description"]: row for row in asked["series"]}
    assert by_description["T1 km ***"]["candidate"] == "t1c"
    assert by_description["FLAIR tra"]["modality"] == "t2f"
    assert by_description["FLAIR tra"]["confidence"] == "sure"
    assert by_description["Localizer ***"]["reason"].startswith("localiser")
    assert shown["passed_over"] == {"a file that is no DICOM": 1}


def test_a_completed_table_settles_what_is_in_doubt(export: Path, tmp_path: Path) -> None:
    run("dataset", "series", export, "--out", tmp_path / "series.csv", code=3)
    rows = list(csv.DictReader((tmp_path / "series.csv").read_text().splitlines()))
    for row in rows:
        if row["description"] == "T1 km ***":
            row["modality"] = "t1c"
    with (tmp_path / "settled.csv").open("w") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)

    shown = run("dataset", "series", export, "--series", tmp_path / "settled.csv")

    assert "in doubt" not in shown


def test_a_series_is_declared_by_its_id_or_its_uid(export: Path) -> None:
    shown = run_json("dataset", "series", export, code=3)
    (series,) = [
        row["series"]
        for study in shown["studies"]
        for row in study["series"]
        if row["description"] == "T1 km ***"
    ]

    for name in (series, "1.2.299887.6"):
        settled = run("dataset", "verify", export, "--json", "--series", f"t1c={name}", code=3)
        assert "ambiguous_series" not in settled
    assert "1.2.299887" not in run(
        "dataset", "series", export, "--series", "t1c=1.2.299887.77", code=1
    )
    assert "wanted one of t1n" in run("dataset", "series", export, "--series", "t9=1", code=1)


def test_nothing_of_the_patient_is_in_any_output(export: Path, tmp_path: Path) -> None:
    outputs = [
        run("dataset", "series", export, code=3),
        run(
            "dataset", "series", export, "--json", "--out", tmp_path / "out" / "series.csv", code=3
        ),
        run(
            "dataset",
            "verify",
            export,
            "--json",
            "--quarantine",
            tmp_path / "out" / "q.json",
            code=3,
        ),
        run("dataset", "fingerprint", export, "--json"),
        run("dataset", "split", export, "--folds", 2, "--out", tmp_path / "out" / "c.json", code=1),
        run(
            "evaluate",
            export,
            "--backend",
            "brain-centroid",
            "--out",
            tmp_path / "out" / "run",
            code=3,
        ),
        run("predict", export, "--out", tmp_path / "out" / "p", code=1),
        run(
            *("predict", export / f"{SECRETS['PatientName']}1", "--out", tmp_path / "out" / "p"),
            *("--backend", "brain-centroid", "--force"),
        ),
    ]
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]

    assert len(files) > 6
    assert revealed(*(text.encode() for text in outputs)) == set()
    assert revealed(*(path.read_bytes() for path in files)) == set()
    assert revealed(*(str(path.relative_to(tmp_path)).encode() for path in files)) == set()


def test_burnt_in_annotations_are_refused_unless_allowed(tmp_path: Path) -> None:
    burnt = Scan("T1 km", (500, 10), "Gd", {"BurnedInAnnotation": "YES"})
    study = fake_case("a").study
    Writer(tmp_path / "study").study(study, {**SCANS, Modality.T1C: burnt})

    assert "burnt-in" in run("dataset", "verify", tmp_path / "study", "--json", code=3)
    run("dataset", "verify", tmp_path / "study", "--json", "--allow-burned-in")


def test_without_a_key_one_is_made_once_for_this_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY)
    Writer(tmp_path / "study").study(fake_case("a").study)

    first, again = (run_json("dataset", "fingerprint", tmp_path / "study") for _ in range(2))

    (kept,) = (tmp_path / "data" / "gliobench").iterdir()
    assert first == again
    assert kept.stat().st_mode & 0o777 == 0o600
    assert len(kept.read_text()) == 64
    assert kept.read_text() not in run("config", "show", "--json")


def test_several_machines_need_one_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY)
    Writer(tmp_path / "study").study(fake_case("a").study)

    shown = run("--set", "shards=2", "dataset", "verify", tmp_path / "study", code=1)

    assert f"set {KEY}" in shown


def test_a_shard_is_of_several_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY)
    Writer(tmp_path / "study").study(fake_case("a").study)
    command = ("evaluate", tmp_path / "study", "--backend", "majority", "--out", tmp_path / "out")

    shown = run(*command, "--shard", "0/2", code=1)

    assert f"set {KEY}" in shown
    assert not (tmp_path / "out").exists()


def test_a_key_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Writer(tmp_path / "study").study(fake_case("a").study)
    monkeypatch.setenv(KEY, "hidden-key")

    shown = run("dataset", "verify", tmp_path / "study", code=1)

    assert "hidden-key" not in shown
    assert "10 characters: wanted 16" in shown


def test_without_the_extra_one_line_names_it(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("gliobench.adapters.dicom")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pydicom", None)

    shown = run("dataset", "verify", export, code=1)

    assert shown == "error: Reading DICOM needs an extra: pip install 'gliobench[dicom]'\n"


def test_a_zip_is_a_dataset(export: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        for number, file in enumerate(sorted(path for path in export.rglob("*") if path.is_file())):
            archive.write(file, f"{number}")

    folder, archived = (
        run_json("dataset", "series", place, code=3) for place in (export, tmp_path / "export.zip")
    )

    assert folder == archived


def test_a_folder_with_nifti_is_no_dataset_of_dicom(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "study")
    writer.study(fake_case("a").study)
    nib.save(nib.Nifti1Image(np.ones((4, 4, 4)), np.eye(4)), tmp_path / "study" / "A_t1.nii.gz")

    assert "pseudonym" not in run("dataset", "verify", tmp_path / "study", "--json", code=3)


@pytest.mark.slow
def test_a_real_study_written_as_dicom_is_answered_as_the_study_is(
    real_data: Path, real_sizes: None, tmp_path: Path
) -> None:
    place = real_data / "brats_2mm"
    study_id = BratsStudySource(place).study_ids()[0]
    study = BratsStudySource(place).study(study_id)
    Writer(tmp_path / "dicom", multi_frame=True).study(study)

    as_nifti = run_json("predict", place / study_id, "--out", tmp_path / "n")
    as_dicom = run_json("predict", tmp_path / "dicom", "--out", tmp_path / "d")

    assert as_dicom["grade"] == as_nifti["grade"]
    (of_nifti,) = (tmp_path / "n").glob("*_mask.nii.gz")
    (of_dicom,) = (tmp_path / "d").glob("*_mask.nii.gz")
    wanted, got = (nib.as_closest_canonical(nib.load(path)) for path in (of_nifti, of_dicom))
    np.testing.assert_allclose(got.affine, wanted.affine, atol=1e-3)
    np.testing.assert_array_equal(got.get_fdata(), wanted.get_fdata())
    assert got.get_fdata().any()
