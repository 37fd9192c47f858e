"""From slices to held-out answers by the command line: train, export with its folds, evaluate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("monai", reason="the extra `train` is not installed")


from command_line import gliobench
from fakes.fake_study_source import fake_case
from fakes.slice_folder import write_slices
from fakes.study_folder import write_study
from gliobench.adapters.monai import slice_networks
from gliobench.adapters.monai.training_run import TrainedNetworks
from gliobench.adapters.onnx.backend import cnn_2d_onnx
from gliobench.adapters.onnx.network import OnnxNetwork
from gliobench.application.ports.backend import BackendOptions
from gliobench.domain.geometry.grids import Box3D
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Grade

pytestmark = pytest.mark.slow

COUNT = 6
NAMES = [f"patient-{number}" for number in range(COUNT)]


@dataclass(frozen=True)
class Place:
    """Where the chain finds its slices and leaves its run and its weights."""

    slices: Path
    run: Path
    weights: Path


@pytest.fixture(scope="module", autouse=True)
def smaller_networks(full: bool) -> Iterator[None]:
    """Export fewer layers, since the exporter is slow: all of them at the full dose."""
    with pytest.MonkeyPatch.context() as patch:
        if not full:
            patch.setattr(slice_networks, "LOCALIZER_CHANNELS", (8, 16))
            patch.setattr(slice_networks, "GRADER_STAGES", 2)
        yield


@pytest.fixture(scope="module")
def place(smaller_networks: None, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Give slices of two grades as files, and networks that have barely learned from them."""
    root = tmp_path_factory.mktemp("slices")
    cases = [
        fake_case(
            name,
            grade=list(Grade)[number % 2],
            shape=(90, 100, 6),
            tumour=Box3D(start=(20 + 4 * number, 30, 1), stop=(50 + 4 * number, 55, 5)),
        )
        for number, name in enumerate(NAMES)
    ]
    place = Place(write_slices(root / "slices", cases), root / "run", root / "weights")
    trained = gliobench(
        *("train", "slices", place.slices, "--out", place.run, "--steps", 6, "--folds", 2)
    )
    assert trained.exit_code == 0, trained.output
    exported = gliobench(
        *("export", place.run, "--folds", "--check", place.slices, "--out", place.weights)
    )
    assert exported.exit_code == 0, exported.output
    return place


def test_every_patient_is_held_out_once(place: Place) -> None:
    rows = json.loads((place.run / "out_of_fold.json").read_text())

    assert sorted(row["patient_id"] for row in rows) == NAMES


def test_every_folds_networks_are_exported_with_their_parity(place: Place) -> None:
    for folder in (place.weights / "fold-0", place.weights / "fold-1"):
        files = [path.name for path in folder.iterdir() if path.is_file()]
        assert sorted(files) == ["grader.onnx", "localizer.onnx", "parity.json"]
        parity = json.loads((folder / "parity.json").read_text())
        assert len(parity) == COUNT
        assert all(row["dice"] >= 0.999 and not row["grade_flipped"] for row in parity)


def test_a_folds_networks_say_whom_they_learned_from(place: Place) -> None:
    folds = json.loads((place.run / "folds.json").read_text())

    for fold in range(2):
        patients = [name for name in NAMES if folds[name] != fold]
        backend = cnn_2d_onnx(BackendOptions(weights_dir=str(place.weights / f"fold-{fold}")))
        of_all = {patient_hash(name): name for name in NAMES}
        assert sorted(of_all[one] for one in backend.trained_on & of_all.keys()) == patients


def test_a_folds_temperature_knows_nothing_of_the_patients_it_held_out(place: Place) -> None:
    before = TrainedNetworks.of(place.run, fold=0).grader.card.temperature
    kept = place.run / "out_of_fold.json"
    rows = json.loads(kept.read_text())
    changed = [row | {"logit": -9.0 if row["fold"] == 0 else row["logit"]} for row in rows]
    try:
        kept.write_text(json.dumps(changed))
        after = TrainedNetworks.of(place.run, fold=0).grader.card.temperature
    finally:
        kept.write_text(json.dumps(rows))

    assert after == before
    card = OnnxNetwork(place.weights / "fold-0" / "grader.onnx", kind="grader").card
    assert card.temperature == pytest.approx(before)


def test_training_patients_are_evaluated_by_the_folds_that_held_them_out(
    place: Place, tmp_path: Path
) -> None:
    result = gliobench(
        *("--set", f"backend.cnn-2d-onnx.held_out={place.weights}"),
        *("evaluate", place.slices, "--backend", "cnn-2d-onnx", "--out", tmp_path / "run"),
    )

    assert result.exit_code in {0, 3}, result.output  # such networks may find no tumour
    assert "predicts each patient by the fold that has not seen them" in " ".join(
        result.stdout.split()
    )
    manifest = json.loads((tmp_path / "run" / "cnn-2d-onnx" / "manifest.json").read_text())
    assert manifest["trained_on"] == []
    assert manifest["facts"]["held_out"]
    page = (tmp_path / "run" / "report.html").read_text()
    assert "each patient by the fold that has not seen them" in page
    assert "<summary>Leakage" not in page


def test_the_networks_of_all_patients_know_them_all(place: Place) -> None:
    card = TrainedNetworks.of(place.run).localizer.card

    assert card.trained_on == tuple(map(patient_hash, NAMES))


def test_networks_without_their_folds_say_that_they_have_learned_from_them(
    place: Place, tmp_path: Path
) -> None:
    result = gliobench(
        *("--set", f"backend.cnn-2d-onnx.weights_dir={place.weights / 'fold-0'}"),
        *("evaluate", place.slices, "--backend", "cnn-2d-onnx", "--out", tmp_path / "run"),
    )

    assert "was trained on 3 of the 6 patients" in " ".join(result.stdout.split())


def test_a_dataset_of_volumes_is_refused_in_one_line(place: Place, tmp_path: Path) -> None:
    write_study(tmp_path / "volumes", fake_case("BraTS-1"))

    result = gliobench(
        *("--set", f"backend.cnn-2d-onnx.weights_dir={place.weights / 'fold-0'}"),
        *("--set", "labels=brats-gli-2017"),
        *("evaluate", tmp_path / "volumes", "--backend", "cnn-2d-onnx", "--out", tmp_path / "run"),
    )

    assert result.exit_code == 1
    assert "cnn-2d-onnx is not made for this dataset: study BraTS-1 is a volume of" in result.stderr


def test_slices_are_refused_by_the_networks_of_volumes_in_one_line(
    place: Place, tmp_path: Path
) -> None:
    result = gliobench("evaluate", place.slices, "--backend", "cnn-onnx", "--out", tmp_path / "run")

    assert result.exit_code == 1
    assert result.stderr.strip().splitlines()[-1] == (
        "error: backend cnn-onnx is not made for this dataset: study patient-0 is a single slice: "
        "wanted volumes"
    )
