"""From studies to a prediction by the command line: train, export, predict."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("monai", reason="the extra `train` is not installed")
pytest.importorskip("nilearn", reason="the extra `phantom` is not installed")

import onnx
from typer.testing import Result

from command_line import gliobench
from fakes.lesion_cube_file import write_lesion_cubes
from gliobench.adapters.monai import training_run
from gliobench.adapters.monai.onnx_export import write_onnx
from gliobench.adapters.monai.torch_network import TorchNetwork
from gliobench.adapters.nifti import BratsStudySource
from gliobench.adapters.phantom import PhantomStudySource, export_phantoms
from gliobench.domain.studies.image_hash import image_hashes
from gliobench.domain.studies.patients import patient_hash
from gliobench.entrypoints.errors import ExitCode

pytestmark = pytest.mark.slow

COUNT = 4


@dataclass(frozen=True)
class Place:
    """Where the chain finds its studies and leaves its runs."""

    studies: Path
    cubes: Path
    masks: Path
    localizer: Path
    grader: Path
    regions: Path
    weights: Path


@pytest.fixture(scope="module", autouse=True)
def export_once(
    full: bool, small_localizer: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Export each network once, but at the full dose."""
    with pytest.MonkeyPatch.context() as patch:
        if not full:
            written = partial(write_once, tmp_path_factory.mktemp("written"))
            patch.setattr(training_run, "write_onnx", written)
        yield


def write_once(written: Path, trained: TorchNetwork, path: Path) -> None:
    """Export a network, or copy what was written of these weights and this card before."""
    digest = sha256(trained.card.to_json().encode())
    for weight in trained.network.state_dict().values():
        digest.update(weight.numpy().tobytes())
    kept = written / f"{digest.hexdigest()}.onnx"
    if not kept.exists():
        write_onnx(trained, kept)
    shutil.copy(kept, path)


@pytest.fixture(scope="module")
def place(export_once: None, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Give phantoms as files, and a localizer and a grader that have barely learned from them."""
    root = tmp_path_factory.mktemp("chain")
    source = PhantomStudySource(COUNT, spacing_mm=2.0)
    export_phantoms(root / "studies", source)
    cubes, masks = write_lesion_cubes(root / "cubes", source)
    runs = [root / name for name in ("localizer", "grader", "regions", "weights")]
    place = Place(root / "studies", cubes, masks, *runs)
    few = ("--steps", 2, "--folds", 2)
    for command in (
        ("localizer", place.studies, "--cubes", cubes, "--masks", masks, "--out", place.localizer),
        ("grader", cubes, masks, "--folds-of", place.localizer, "--out", place.grader),
    ):
        result = gliobench("train", *command, *few)
        assert result.exit_code == 0, result.output
    segmented = ("--dataset", place.studies, "--localizer", place.localizer)
    result = gliobench(
        *("train", "regions", masks, *segmented, "--folds", 2, "--feature", "wt_ml"),
        *("--out", place.regions),
    )
    assert result.exit_code == 0, result.output
    return place


@pytest.fixture(scope="module")
def exported(place: Place) -> Result:
    return gliobench(
        *("export", place.localizer, place.grader, "--check", place.studies),
        *("--out", place.weights, "--limit", 2),
    )


def test_every_patient_is_held_out_once_by_both_networks(place: Place) -> None:
    folds = {}
    for run in (place.localizer, place.grader):
        rows = json.loads((run / "out_of_fold.json").read_text())
        source = BratsStudySource(place.studies)
        assert sorted(row["patient_id"] for row in rows) == sorted(
            source.study(study_id).patient_id for study_id in source.study_ids()
        )
        folds[run] = {row["patient_id"]: row["fold"] for row in rows}

    assert folds[place.localizer] == folds[place.grader]


def test_the_region_grader_is_judged_on_the_predicted_masks_of_the_same_folds(
    place: Place,
) -> None:
    rows = json.loads((place.regions / "out_of_fold.json").read_text())
    folds = json.loads((place.localizer / "folds.json").read_text())

    assert {row["patient_id"]: row["fold"] for row in rows} == folds
    assert all(row["segmented"] for row in rows)


def test_both_graders_are_exported_beside_one_localizer(place: Place, tmp_path: Path) -> None:
    exported = gliobench(
        *("export", place.localizer, place.grader, place.regions, "--check", place.studies),
        *("--out", tmp_path / "weights", "--limit", 1),
    )

    assert exported.exit_code == 0, exported.output
    assert sorted(path.name for path in (tmp_path / "weights").iterdir()) == [
        "grader.json",
        "grader.onnx",
        "localizer.onnx",
        "parity.json",
    ]
    assert "1 studies: no grade flipped" in exported.stdout
    result = gliobench(
        *("--set", f"weights_dir={tmp_path / 'weights'}", "predict"),
        *(place.studies / "Phantom_0000", "--out", tmp_path, "--json", "--force"),
    )
    assert result.exit_code == 0, result.output
    grade = json.loads(result.stdout)["grade"]
    assert [item["feature"] for item in grade["reasons"]] == ["wt_ml", "baseline"]
    assert "reasons" in (tmp_path / "prediction.json").read_text()


def test_a_grader_of_an_earlier_export_is_not_left_beside_another_localizer(
    place: Place, tmp_path: Path
) -> None:
    (tmp_path / "grader.onnx").write_bytes(b"of before")

    result = gliobench(
        *("export", place.localizer, place.regions, "--check", place.studies),
        *("--out", tmp_path, "--limit", 1),
    )

    assert result.exit_code == 1
    assert "grader.onnx is of an earlier export" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["grader.onnx"]


def test_a_finished_run_is_not_fitted_again(place: Place) -> None:
    before = {path: path.stat().st_mtime_ns for path in place.grader.rglob("checkpoint.pt")}

    result = gliobench(
        *("train", "grader", place.cubes, place.masks, "--folds-of", place.localizer),
        *("--out", place.grader, "--steps", 2, "--folds", 2),
    )

    assert result.exit_code == 0, result.output
    assert before == {path: path.stat().st_mtime_ns for path in place.grader.rglob("checkpoint.pt")}


def test_networks_that_read_studies_as_before_are_exported(place: Place, exported: Result) -> None:
    assert exported.exit_code == 0, exported.output
    assert sorted(path.name for path in place.weights.iterdir()) == [
        "grader.onnx",
        "localizer.onnx",
        "parity.json",
    ]
    parity = json.loads((place.weights / "parity.json").read_text())
    assert len(parity) == 2
    assert all(row["dice"] >= 0.999 and not row["grade_flipped"] for row in parity)
    assert "2 studies: no grade flipped" in exported.stdout


def test_exported_networks_predict_a_study(place: Place, exported: Result, tmp_path: Path) -> None:
    assert exported.exit_code == 0, exported.output

    result = gliobench(
        *("--set", f"weights_dir={place.weights}", "predict", place.studies / "Phantom_0000"),
        *("--out", tmp_path, "--json", "--force"),  # networks of a few steps see tumour everywhere
    )

    assert result.exit_code == 0, result.output
    shown = json.loads(result.stdout)
    assert 0 <= shown["grade"]["probability_hgg"] <= 1
    assert shown["localisation"]["volumes_mm3"]["WT"] > 0
    assert Path(shown["files"]["mask"]).is_file()


def test_exported_networks_say_whom_they_learned_from(place: Place, exported: Result) -> None:
    assert exported.exit_code == 0, exported.output
    from gliobench.adapters.onnx.backend import cnn_onnx
    from gliobench.application.ports.backend import BackendOptions

    backend = cnn_onnx(BackendOptions(weights_dir=str(place.weights)))

    source = BratsStudySource(place.studies)
    studies = [source.study(one) for one in source.study_ids()]
    images = set().union(*map(image_hashes, studies))
    assert len(images) == 4 * COUNT
    patients = {patient_hash(study.patient_id) for study in studies}
    assert len(patients) == COUNT
    assert backend.trained_on == patients | images


def test_a_training_study_under_another_name_and_packed_anew_stops_the_comparison(
    place: Place, exported: Result, tmp_path: Path
) -> None:
    assert exported.exit_code == 0, exported.output
    for number in range(2):
        copy_study(place.studies / f"Phantom_{number:04d}", tmp_path / "copies" / f"Anon_{number}")
    backends = ("--backend", "cnn-onnx", "--backend", "centre-prior")
    evaluated = gliobench(
        *("--set", f"weights_dir={place.weights}", "--set", "labels=brats-gli-2017"),
        *("evaluate", tmp_path / "copies", *backends),
        *("--out", tmp_path / "run"),
    )
    assert evaluated.exit_code in {ExitCode.DONE, ExitCode.WITH_RESERVATIONS}, evaluated.output

    compared = gliobench("compare", tmp_path / "run", "--out", tmp_path / "comparison")

    assert compared.exit_code == ExitCode.ERROR
    assert "cnn-onnx was trained on 2 of the 2 patients" in compared.stderr
    assert not (tmp_path / "comparison").exists()


def copy_study(study: Path, copy: Path) -> None:
    """Copy a study's files under another name, packed by another level of gzip."""
    copy.mkdir(parents=True)
    for file in study.iterdir():
        packed = file.read_bytes()
        again = gzip.compress(gzip.decompress(packed), compresslevel=1)
        assert again != packed
        (copy / file.name.replace(study.name, copy.name)).write_bytes(again)


def test_networks_that_read_studies_otherwise_are_not_exported(
    place: Place, exported: Result, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert exported.exit_code == 0, exported.output

    def write_negated(trained: TorchNetwork, path: Path) -> None:
        model = onnx.load(place.weights / path.name)
        for weight in model.graph.initializer:
            values = onnx.numpy_helper.to_array(weight)
            if values.ndim > 1:
                weight.CopyFrom(onnx.numpy_helper.from_array(-values, weight.name))
        onnx.save(model, path)

    monkeypatch.setattr(training_run, "write_onnx", write_negated)

    result = gliobench(
        *("export", place.localizer, place.grader, "--check", place.studies),
        *("--out", tmp_path / "weights", "--limit", 1),
    )

    assert result.exit_code == 1
    assert "error: parity fails on 1 of 1 studies, nothing is exported" in result.stderr
    assert list((tmp_path / "weights").iterdir()) == []


def test_a_run_that_is_not_finished_cannot_be_exported(place: Place, tmp_path: Path) -> None:
    result = gliobench(
        *("export", tmp_path / "no-run", place.grader, "--check", place.studies),
        *("--out", tmp_path / "weights"),
    )

    assert result.exit_code == 1
    assert "is not there: finish the run with gliobench train" in result.stderr


def test_folds_of_a_run_that_is_not_there_are_an_error_of_one_line(
    place: Place, tmp_path: Path
) -> None:
    result = gliobench(
        *("train", "grader", place.cubes, place.masks, "--folds-of", tmp_path / "no-run"),
        *("--out", tmp_path / "grader"),
    )

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("error: ")
    assert "no-run" in result.stderr


@pytest.mark.parametrize("swapped", [True, False], ids=["swapped", "grader-forgotten"])
def test_a_run_that_is_no_grader_s_is_told_of_in_one_line(
    place: Place, tmp_path: Path, *, swapped: bool
) -> None:
    runs = (place.grader, place.localizer) if swapped else (place.localizer,)

    result = gliobench("export", *runs, "--check", place.studies, "--out", tmp_path / "weights")

    assert result.exit_code == ExitCode.ERROR
    assert result.stderr.strip().splitlines()[-1].startswith("error: ")
    assert "out_of_fold.json is of no grader: name the localizer's run first" in result.stderr


def test_a_damaged_file_of_a_run_is_told_of_in_one_line(place: Place, tmp_path: Path) -> None:
    for kept in place.grader.glob("*.json"):
        (tmp_path / kept.name).write_text(kept.read_text()[:-9])

    result = gliobench(
        *("export", place.localizer, tmp_path, "--check", place.studies),
        *("--out", tmp_path / "weights"),
    )

    assert result.exit_code == ExitCode.ERROR
    assert f"error: {tmp_path / 'out_of_fold.json'} cannot be read: " in result.stderr


def test_a_run_is_not_gone_on_with_without_its_cubes(place: Place) -> None:
    record = place.localizer / "final" / "training_data.json"
    before = record.read_text()

    result = gliobench(
        *("train", "localizer", place.studies, "--out", place.localizer),
        *("--steps", 2, "--folds", 2),
    )

    assert result.exit_code == ExitCode.ERROR
    assert "fold-0 holds a fit on other data" in result.stderr
    assert record.read_text() == before


@pytest.mark.parametrize("option", ["--cubes", "--masks"])
def test_cubes_without_masks_or_masks_without_cubes_are_a_wrong_use(
    place: Place, tmp_path: Path, option: str
) -> None:
    result = gliobench(
        *("train", "localizer", place.studies, option, place.cubes, "--out", tmp_path / "run")
    )

    assert result.exit_code == ExitCode.USAGE
    assert "--cubes and --masks go together" in result.stderr
