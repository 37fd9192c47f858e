"""Heads with their skull, scanned in thick slices and moved in between, through the commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

pytest.importorskip("SimpleITK")
pytest.importorskip("nilearn")
pytest.importorskip("highdicom")

from pydicom import dcmread
from typer.testing import CliRunner, Result

from conftest import SharedFolder
from fakes.bids_validator import bids_errors
from fakes.dicom_files import SCANS, Writer
from fakes.scanned_head import in_a_head, scanned, turned
from gliobench.adapters.phantom import PhantomStudySource
from gliobench.adapters.simpleitk import registrar
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.orientation import canonical, reorient
from gliobench.domain.geometry.resampling import pulled_region
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.study import Modality
from gliobench.entrypoints.cli import app
from gliobench.entrypoints.container import container

KEY = "k" * 32
EDGE_MM = 3.0
SLICES_MM = (2.0, 2.0, 5.5)
ABOUT_MM = (-119.5, 119.5, 77.0)
MOTIONS = {
    Modality.T1N: turned((9, 4, 12), (12, -15, 25), ABOUT_MM),
    Modality.T1C: turned((14, -8, 10), (20, -15, 30), ABOUT_MM),
    Modality.T2W: turned((20, -8, 5), (20, -9, 36), ABOUT_MM),
    Modality.T2F: turned((14, -2, 18), (25, -15, 30), ABOUT_MM),
}
"""From the phantom's world to that of the scanner, when each sequence was taken, in their order."""


def write_scans(folder: Path, *, full: bool) -> None:
    """Write the scans of a head as DICOM, and the reference mask on the grid of T1c.

    T2w and T2-FLAIR are left out of the small dose: each sequence is registered, which takes longest.
    """
    source = PhantomStudySource(4, seed=3, spacing_mm=EDGE_MM)
    study = source.study("Phantom_0001")
    tumour = source.reference("Phantom_0001").regions[Region.WT]
    head = in_a_head(study, seed=1)
    writer = Writer(folder / "dicom")
    for modality, motion in MOTIONS.items():
        if modality in {Modality.T2W, Modality.T2F} and not full:
            continue
        voxels, grid = scanned(
            head.volume(modality), head.grid, motion=motion, spacing_mm=SLICES_MM
        )
        stored = np.rint(voxels).astype(np.int16)
        writer.series(stored, grid, SCANS[modality])
        if modality is Modality.T1C:
            mask = pulled_region(tumour, source=study.grid, target=grid, motion=motion)
            labels = nib.Nifti1Image(mask.astype(np.uint8), grid.affine)
            nib.save(labels, folder / "reference.nii.gz")


def invoked(cache: Path, *words: str) -> Result:
    settings = [f"cache_dir={cache}", f"dicom.pseudonym_key={KEY}"]
    flags = [item for setting in settings for item in ("--set", setting)]
    try:
        return CliRunner().invoke(app, [*flags, *words])
    finally:
        container.settings.reset_override()


@pytest.fixture(autouse=True, scope="module")
def fewer_poses(full: bool) -> Iterator[None]:
    """Follow one or two starts of a registration to its end, and all of them at the full dose."""
    with pytest.MonkeyPatch.context() as patch:
        if not full:
            patch.setattr(registrar, "_TRIED", (2, 1, 1))
        yield


@pytest.fixture(scope="module")
def scans(shared_folder: SharedFolder, full: bool) -> Path:
    return shared_folder("raw_head", partial(write_scans, full=full))


@pytest.fixture(scope="module")
def prepared(scans: Path, shared_folder: SharedFolder) -> Path:
    """What `prepare` writes of the scans, what it says of them, and the cache that it leaves."""

    def fill(folder: Path) -> None:
        result = invoked(
            *(folder / "cache", "prepare", str(scans / "dicom"), "--json"),
            *("--out", str(folder / "brats")),
        )
        assert result.exit_code == 0, result.stderr
        (folder / "said.json").write_text(result.stdout)

    return shared_folder("prepared_head", fill)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    return partial(invoked, tmp_path / "cache")


@pytest.fixture
def run_again(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    return partial(invoked, prepared / "cache")


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


@pytest.mark.slow
@pytest.mark.usefixtures("real_sizes")
def test_a_raw_study_is_predicted_on_the_grid_of_its_t1c(
    scans: Path, run_again, tmp_path: Path
) -> None:
    result = run_again(
        "predict", str(scans / "dicom"), "--prepare", "--dicom-seg", "--json", "--out", "out"
    )

    assert result.exit_code == 0, result.stderr
    said = json.loads(result.stdout)
    found = nib.load(tmp_path / said["files"]["mask"])
    reference = nib.load(scans / "reference.nii.gz")
    grids = [Grid(image.shape, image.affine) for image in (found, reference)]
    assert canonical(grids[0]) == canonical(grids[1])
    mask, truth = (
        reorient(np.asarray(image.dataobj) != 0, source=grid, target=canonical(grid))
        for image, grid in zip((found, reference), grids, strict=True)
    )
    assert overlap(mask, truth) > 0.75
    tags = dcmread(tmp_path / said["files"]["segmentation"])
    assert [int(tags.Rows), int(tags.Columns)] == [grids[1].shape[1], grids[1].shape[0]]


@pytest.mark.slow
def test_a_prepared_study_is_a_study_of_brats(prepared: Path, run) -> None:
    (said,) = json.loads((prepared / "said.json").read_text())

    verified = json.loads(run("dataset", "verify", str(prepared / "brats"), "--json").stdout)

    assert said["template_overlap"] > 0.85
    assert said["images"]["t1n"]["sharpness"] > 0.3
    assert 0 < said["images"]["t1n"]["bias"] < 0.3
    assert verified["n_studies"] == 1
    assert [fault["kind"] for fault in verified["faults"]] == []


@pytest.mark.slow
def test_derivatives_of_bids_are_read_as_bids(
    scans: Path, prepared: Path, run_again, tmp_path: Path
) -> None:
    result = run_again("prepare", str(scans / "dicom"), "--out", "bids", "--layout", "bids")

    assert result.exit_code == 0, result.stderr
    verified = json.loads(run_again("dataset", "verify", "bids", "--json").stdout)
    assert verified["n_studies"] == 1
    assert [fault["kind"] for fault in verified["faults"]] == []
    sidecar = json.loads(next((tmp_path / "bids").rglob("*ce-*_T1w.json")).read_text())
    assert sidecar["SkullStripped"] is True
    assert (
        len(list((prepared / "cache" / "prepared").iterdir())) == 1
    )  # nothing was registered again
    assert bids_errors(tmp_path / "bids") == []


def test_controls_of_prepared_images_are_refused(run) -> None:
    words = ("evaluate", "phantom:1", "--backend", "cnn-onnx", "--out", "run", "--prepare")

    result = run(*words, "--controls")

    assert result.exit_code == 1
    assert "controls alter prepared images" in result.stderr


def test_a_mask_of_the_brain_is_of_one_study(run, tmp_path: Path) -> None:
    result = run("prepare", "phantom:2", "--brain-mask", "brain.nii.gz", "--out", "out")

    assert result.exit_code == 1
    assert "is of one study: there are 2" in result.stderr


def test_a_command_that_writes_no_mask_is_refused(run) -> None:
    result = run(
        "--set", "prepare.brain_command=true {t1c}", "prepare", "phantom:1", "--out", "out"
    )

    assert result.exit_code == 1
    assert "prepare.brain_command: names no {output}" in result.stderr
