"""Masks that another program wrote, scored by `gliobench import`."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from command_line import gliobench
from fakes.fake_study_source import fake_case
from fakes.study_folder import write_image, write_study
from gliobench.application.evaluate.request import EvaluationRequest
from gliobench.domain.geometry.grids import Grid, Point3D
from gliobench.domain.geometry.orientation import reorient
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.predictions.prediction import FailureReason, Form, GradePrediction
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Grade
from gliobench.entrypoints.container import adopt, container
from gliobench.entrypoints.settings import changed

OF_2017 = BUILT_IN["brats-gli-2017"]
CASES = [fake_case(f"BraTS20_Training_00{n}") for n in range(1, 5)]
IDS = [case.study.id for case in CASES]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    for case in CASES:
        write_study(tmp_path / "dataset", case)
    return tmp_path / "dataset"


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    """The references themselves, as a tool would write them."""
    folder = tmp_path / "masks"
    folder.mkdir()
    for case in CASES:
        write_mask(folder, case)
    return folder


def write_mask(folder: Path, case: Any, *, grid: Grid | None = None, end: str = "") -> Path:
    grid = grid or case.study.grid
    labels = OF_2017.merge(case.reference.regions)
    if grid.shape != labels.shape or not np.allclose(grid.affine, case.study.grid.affine):
        labels = reorient(labels, source=case.study.grid, target=grid)
    path = folder / f"{case.study.id}{end}.nii.gz"
    write_image(path, labels, grid)
    return path


class Imported:
    """What the command left behind."""

    def __init__(self, dataset: Path, masks: Path, *options: str, runs: str = "runs") -> None:
        out = masks.parent / runs
        command = ["import", str(dataset), "--name", "tool", "--masks", str(masks)]
        done = gliobench(*command, "--out", out, *options)
        self.code = done.exit_code
        self.printed = done.stdout
        self.error = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else ""
        store = container.run_store(str(out / "tool"))
        is_scored = (out / "tool").exists() and store.is_scored()
        self.manifest = store.manifest() if is_scored else None
        self.cases = list(store.scores()) if is_scored else []

    def dice(self) -> list[float]:
        return [case.localisation[Form.MASK].scores["WT_dice"] for case in self.cases]

    def failures(self) -> list[tuple[str, str, str]]:
        return [
            (case.study_id, failure.reason.value, failure.detail)
            for case in self.cases
            for failure in case.failures[:1]
        ]


def test_imported_references_score_full_marks(dataset: Path, masks: Path) -> None:
    done = Imported(dataset, masks)

    assert done.code == 0
    assert done.dice() == [1.0] * 4
    assert all(case.localisation[Form.MASK].scores["ET_dice"] == 1.0 for case in done.cases)
    assert done.manifest.trained_on is None
    assert done.manifest.provenance["masks"].startswith("4 NIfTI files, labels brats-gli-2017")


def test_another_orientation_of_the_same_grid_is_the_same_mask(dataset: Path, masks: Path) -> None:
    for case in CASES:
        i, j, _ = case.study.grid.shape
        flip = np.diag([-1.0, -1.0, 1.0, 1.0])
        flip[:2, 3] = [i - 1, j - 1]
        write_mask(masks, case, grid=Grid(case.study.grid.shape, flip))

    assert Imported(dataset, masks).dice() == [1.0] * 4


def test_a_study_without_a_mask_is_a_failure_and_a_mask_without_a_study_is_named(
    dataset: Path, masks: Path
) -> None:
    (masks / f"{IDS[1]}.nii.gz").rename(masks / "somebody else.nii.gz")

    done = Imported(dataset, masks)

    assert done.code == 3
    assert len(done.cases) == 4
    assert done.dice() == [1.0, 0.0, 1.0, 1.0]
    assert done.failures() == [
        (IDS[1], "missing_prediction", f"no mask of study {IDS[1]}"),
    ]
    assert done.manifest.provenance["masks of no study"] == "1 (somebody else.nii.gz)"
    assert "tool: masks of no study: 1 (somebody else.nii.gz)" in done.printed


def test_a_mask_on_another_grid_fails_its_study_unless_it_is_resampled(
    dataset: Path, masks: Path
) -> None:
    case = CASES[2]
    coarse = Grid((6, 7, 5), np.diag([2.0, 2.0, 2.0, 1.0]))
    labels = OF_2017.merge(case.reference.regions)[::2, ::2, ::2]
    write_image(masks / f"{IDS[2]}.nii.gz", labels, coarse)

    refused = Imported(dataset, masks)
    taken = Imported(dataset, masks, "--resample", runs="resampled")

    assert [reason for _, reason, _ in refused.failures()] == ["wrong_grid"]
    assert (
        "6 x 7 x 5 voxels of 2 x 2 x 2 mm, but study BraTS20_Training_003 has 12 x 14 x 10 voxels of "
        "1 x 1 x 1 mm: wanted the same grid, or --resample" in refused.failures()[0][2]
    )
    assert taken.failures() == []
    assert 0.5 < taken.dice()[2] < 1.0
    assert taken.manifest.provenance["masks"].endswith("nearest voxel where the grid differs")


def test_a_mask_whose_header_states_no_place_is_not_resampled(dataset: Path, masks: Path) -> None:
    labels = OF_2017.merge(CASES[2].reference.regions)[::2, ::2, ::2]
    image = nib.Nifti1Image(labels, None)
    assert (int(image.header["sform_code"]), int(image.header["qform_code"])) == (0, 0)
    nib.save(image, masks / f"{IDS[2]}.nii.gz")

    found = Imported(dataset, masks, "--resample")

    ((_, reason, detail),) = found.failures()
    assert reason == "wrong_grid"
    assert f"the header of {masks / f'{IDS[2]}.nii.gz'} states no place" in detail


def test_a_folder_keeps_the_scores_of_the_files_that_were_imported_first(
    dataset: Path, masks: Path
) -> None:
    first = Imported(dataset, masks)
    (masks / f"{IDS[1]}.nii.gz").unlink()

    other = Imported(dataset, masks)

    assert other.code == 1
    assert "runs/tool keeps a run of other predictions, or read with other options" in other.error
    assert other.dice() == first.dice()


def test_masks_that_are_all_on_other_grids_are_refused_before_anything_is_scored(
    dataset: Path, masks: Path
) -> None:
    for case in CASES:
        write_image(
            masks / f"{case.study.id}.nii.gz",
            np.ones((3, 3, 3), np.uint8),
            Grid((3, 3, 3), np.eye(4)),
        )

    done = Imported(dataset, masks, "--labels", "tumour")

    assert (done.code, done.cases) == (1, [])
    assert "no mask is on its study's grid" in done.error


def test_the_training_patients_are_stated_or_not(
    dataset: Path, masks: Path, tmp_path: Path
) -> None:
    (tmp_path / "trained.csv").write_text(f"patient_id,fold\n{IDS[0]},1\nBraTS-GLI-00003-001,2\n")

    stated = Imported(dataset, masks, "--trained-on", str(tmp_path / "trained.csv")).manifest
    none = Imported(dataset, masks, "--trained-on", "none").manifest

    assert {patient_hash(IDS[0]), patient_hash("BraTS-GLI-00003")} <= stated.trained_on
    assert none.trained_on == frozenset()


def test_failures_beside_the_masks_keep_their_reasons(dataset: Path, masks: Path) -> None:
    (masks / f"{IDS[3]}.nii.gz").unlink()
    (masks / "failures.csv").write_text(
        f"study_id,failure,failure_detail\n{IDS[3]},timeout,after an hour\n"
    )

    assert Imported(dataset, masks).failures() == [(IDS[3], "timeout", "after an hour")]


def test_a_study_with_a_mask_and_a_failure_is_refused(dataset: Path, masks: Path) -> None:
    (masks / "failures.csv").write_text(f"study_id,failure\n{IDS[3]},timeout\n")

    done = Imported(dataset, masks)

    assert (done.code, done.cases) == (1, [])
    assert f"study {IDS[3]} has the mask" in done.error


def test_no_tumour_found_is_an_answer_and_no_failure(dataset: Path, masks: Path) -> None:
    (masks / f"{IDS[0]}.nii.gz").unlink()
    (masks / "failures.csv").write_text(f"study_id,failure\n{IDS[0]},no_tumour_found\n")

    done = Imported(dataset, masks)

    assert (done.code, done.failures()) == (0, [])
    assert [case.found_tumour for case in done.cases] == [False, True, True, True]


def test_workers_and_shards_read_the_same_files(
    dataset: Path, masks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gliobench.toml").write_text(f"[backend.tool]\nkind = 'files'\nmasks = '{masks}'\n")
    monkeypatch.chdir(tmp_path)
    command = ["evaluate", str(dataset), "--backend", "tool", "--out", str(tmp_path / "r")]

    for shard, workers in (("0/2", "2"), ("1/2", "1")):
        gliobench(*command, "--workers", workers, "--shard", shard)
    merged = container.run_store(str(tmp_path / "r/tool"))
    exported = gliobench(
        "export-predictions", tmp_path / "r/tool", "--layout", "brats", "--out", tmp_path / "e"
    )

    assert [case.study_id for case in merged.scores()] == IDS
    assert exported.exit_code == 0, exported.output
    assert sorted(path.name for path in (tmp_path / "e").glob("*.nii.gz")) == [
        f"{one}.nii.gz" for one in IDS
    ]


def test_a_worker_does_not_read_all_masks_to_conclude_their_labels_again(
    dataset: Path, masks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {"kind": "files", "masks": str(masks)}
    adopt(changed(container.settings(), {"backend": {"tool": table}}))
    labels = DatasetLabels(OF_2017)
    request = EvaluationRequest(str(dataset), ("tool",), str(masks.parent / "runs"), labels=labels)
    make_work = pickle.loads(pickle.dumps(container.evaluate().work_of(request)))
    monkeypatch.delattr("gliobench.adapters.nifti.predicted_masks.read_integers")

    (manifest,) = make_work().manifests

    assert "labels brats-gli-2017" in manifest.provenance["masks"]


def test_grades_places_and_masks_make_one_arm(dataset: Path, masks: Path, tmp_path: Path) -> None:
    grades, points = tmp_path / "g.csv", tmp_path / "p.csv"
    grades.write_text(f"study_id,probability_hgg\n{IDS[0]},0.8\n")
    points.write_text(f"study_id,x_mm,y_mm,z_mm\n{IDS[0]},5,6,3.5\n")

    done = Imported(dataset, masks, "--grades", str(grades), "--points", str(points))

    first, second = done.cases[:2]
    assert first.grade == GradePrediction(Grade.HGG, 0.8)
    assert first.localisation[Form.POINT_3D].answer == Point3D((5.0, 6.0, 3.5))
    assert second.grade.reason is FailureReason.MISSING_PREDICTION
    assert done.dice() == [1.0] * 4


def test_labels_that_may_mean_two_things_are_asked_for(dataset: Path, masks: Path) -> None:
    for case in CASES:
        labels = BUILT_IN["nnunet-brats"].merge(case.reference.regions)
        write_image(masks / f"{case.study.id}.nii.gz", labels, case.study.grid)

    asked = Imported(dataset, masks)
    told = Imported(dataset, masks, "--labels", "nnunet-brats")

    assert asked.code == 1
    assert "the predicted masks hold labels 1, 2, 3" in asked.error
    assert "brats-gli-2023 or nnunet-brats" in asked.error
    assert [case.localisation[Form.MASK].scores["TC_dice"] for case in told.cases] == [1.0] * 4


def test_the_same_table_in_the_settings_makes_evaluate_do_it(
    dataset: Path, masks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gliobench.toml").write_text(
        f"[backend.tool]\nkind = 'files'\nmasks = '{masks}'\nfamily = 'nets'\n"
    )
    monkeypatch.chdir(tmp_path)

    command = ["evaluate", str(dataset), "--backend", "tool", "--out", str(tmp_path / "r")]
    done = gliobench(*command)
    listed = gliobench("backends")

    assert done.exit_code == 0
    assert container.run_store(str(tmp_path / "r/tool")).manifest().facts.family == "nets"
    assert "tool" in listed.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--name", "cnn-onnx"], "an installed one is called so"),
        (["--name", "a b"], "wanted a name of letters, digits"),
        (["--name", "../up"], "wanted a name of letters, digits"),
        (["--pattern", "../{study_id}.nii.gz"], "wanted a path within the folder"),
        (["--labels", "mine"], "no such convention"),
        (["--masks", "nowhere"], "no folder of masks"),
    ],
)
def test_options_that_cannot_be_are_refused_in_one_line(
    dataset: Path, masks: Path, options: list[str], said: str
) -> None:
    done = Imported(dataset, masks, *options)

    assert done.code == 1
    assert said in done.error
