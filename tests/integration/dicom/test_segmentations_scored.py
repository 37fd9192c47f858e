"""`gliobench score` of DICOM segmentations, with no images beside them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

pytest.importorskip("highdicom")

from pydicom import Dataset
from typer.testing import CliRunner, Result

from fakes.dicom_files import SCANS, SECRETS, Writer
from fakes.dicom_segmentations import Drawn, write_segments
from gliobench.adapters.dicom.dicom_study_source import DicomStudySource
from gliobench.adapters.dicom.series_images import SeriesImages
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.studies.pseudonyms import Pseudonyms
from gliobench.domain.studies.study import Modality
from gliobench.entrypoints.cli import app

KEY = "k" * 32
SHAPE = (20, 18, 12)
ANGLE = 0.3
AXES = np.array(
    [[np.cos(ANGLE), -np.sin(ANGLE), 0], [np.sin(ANGLE), np.cos(ANGLE), 0], [0, 0, 1]]
) @ np.diag([1.0, -1.5, 3.0])
STUDY = Pseudonyms(KEY).of("study", "1.2.1")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLIOBENCH_DICOM__PSEUDONYM_KEY", KEY)


@pytest.fixture
def images(tmp_path: Path) -> SeriesImages:
    """An oblique series of one study."""
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = AXES, (-12, 7, 30)
    stored = np.random.default_rng(0).integers(1, 900, SHAPE).astype(np.int16)
    writer = Writer(tmp_path / "images", study_uid="1.2.1", seed=1)
    writer.series(stored, Grid(SHAPE, affine), SCANS[Modality.T1C])
    source = DicomStudySource(str(tmp_path / "images"), Pseudonyms(KEY))
    return source.images(STUDY, Modality.T1C)


def block(start: int, stop: int) -> np.ndarray:
    """Fill slices of the native grid, so that all others are left out of a segmentation."""
    inside = np.zeros(SHAPE, bool)
    inside[4:14, 5:12, start:stop] = True
    return inside


def score(*arguments: object, code: int = 0) -> dict[str, Any]:
    result = invoked(*arguments, "--json")
    assert result.exit_code == code, result.output
    assert not any(secret in result.output for secret in SECRETS.values())
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def invoked(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["score", *map(str, arguments)])


def whole(found: dict[str, Any], measure: str) -> float:
    value: float = found["intention_to_treat"]["WT"]["measures"][measure]["value"]
    return value


def test_segmentations_are_scored_against_segmentations_of_the_same_study(
    images: SeriesImages, tmp_path: Path
) -> None:
    write_segments(tmp_path / "ours" / "a", images, [Drawn("Tumor", block(3, 7))])
    theirs = [Drawn("Whole tumor", block(5, 9))]
    write_segments(tmp_path / "theirs" / "b", images, theirs, by="AUTOMATIC", uid="1.2.9")

    found = score(tmp_path / "ours", tmp_path / "theirs")

    assert [(study["study_id"], study["failure"]) for study in found["studies"]] == [(STUDY, "")]
    assert whole(found, "dice") == pytest.approx(0.5)
    assert whole(found, "hd95_mm") == pytest.approx(6.0)
    assert whole(found, "brats2023_sensitivity") == pytest.approx(0.5)


def test_what_depends_on_the_size_of_the_images_is_left_out(
    images: SeriesImages, tmp_path: Path
) -> None:
    write_segments(tmp_path / "ours" / "a", images, [Drawn("Tumor", block(3, 7))])
    (tmp_path / "nothing").mkdir()

    for theirs, code in (("ours", 0), ("nothing", 3)):
        found = score(tmp_path / "ours", tmp_path / theirs, code=code)

        assert "brats2023_specificity" not in found["intention_to_treat"]["WT"]["measures"]
        assert "WT_brats2023_specificity" not in found["studies"][0]["scores"]


@pytest.mark.parametrize("ours", [True, False])
def test_segmentations_and_nifti_masks_are_scored_in_either_order(
    images: SeriesImages, tmp_path: Path, ours: bool
) -> None:
    write_segments(tmp_path / "segs" / "a", images, [Drawn("Tumor", block(3, 7))])
    image = nib.Nifti1Image(block(5, 9).astype(np.uint8), images.native_grid.affine)
    (tmp_path / "nifti").mkdir()
    nib.save(image, tmp_path / "nifti" / f"{STUDY}.nii.gz")
    folders = ["segs", "nifti"] if ours else ["nifti", "segs"]

    found = score(*(tmp_path / name for name in folders), "--labels", "tumour")

    assert whole(found, "dice") == pytest.approx(0.5)
    measures = found["intention_to_treat"]["WT"]["measures"]
    assert ("brats2023_specificity" in measures) is not ours


def _of_another_study(made: Dataset) -> None:
    made.StudyInstanceUID = "1.2.3.4"


def _of_nothing_known(made: Dataset) -> None:
    _of_another_study(made)
    del made.ReferencedSeriesSequence


def test_a_segmentation_in_a_study_of_its_own_is_matched_by_the_series_that_both_name(
    images: SeriesImages, tmp_path: Path
) -> None:
    write_segments(tmp_path / "ours" / "a", images, [Drawn("Tumor", block(3, 7))])
    for name, edit in (("b", _of_another_study), ("c", _of_nothing_known)):
        path = tmp_path / "theirs" / name
        write_segments(
            path, images, [Drawn("Tumor", block(3, 7))], edit=edit, uid=f"1.2.9.{ord(name)}"
        )

    found = score(tmp_path / "ours", tmp_path / "theirs")

    assert whole(found, "dice") == 1.0
    assert len(found["predictions_of_no_reference"]) == 1
    assert found["predictions_of_no_reference"][0].startswith("series-")


def test_one_of_two_segmentations_of_a_study_is_left_out(
    images: SeriesImages, tmp_path: Path
) -> None:
    write_segments(tmp_path / "ours" / "a", images, [Drawn("Tumor", block(3, 7))])
    shutil.copytree(tmp_path / "ours", tmp_path / "theirs")
    write_segments(tmp_path / "theirs" / "b", images, [Drawn("Tumor", block(5, 9))], uid="1.2.9")

    refused = invoked(tmp_path / "ours", tmp_path / "theirs")
    found = score(tmp_path / "ours", tmp_path / "theirs", "--exclude", "1.2.9")
    unknown = invoked(tmp_path / "ours", tmp_path / "ours", "--exclude", "1.2.8")

    assert "2 segmentations of study" in refused.stderr
    assert whole(found, "dice") == 1.0
    assert "--exclude: 1 of 1 series are in neither folder" in unknown.stderr
    assert (refused.exit_code, unknown.exit_code) == (1, 1)


def _beside_voxels(made: Dataset) -> None:
    places = [group.PlanePositionSequence[0] for group in made.PerFrameFunctionalGroupsSequence]
    for place in {id(place): place for place in places}.values():
        x, y, z = place.ImagePositionPatient
        place.ImagePositionPatient = [float(x) + 0.4, y, z]


def test_a_mask_beside_the_voxels_is_taken_by_the_nearest_one_and_keeps_its_false_positives(
    images: SeriesImages, tmp_path: Path
) -> None:
    write_segments(tmp_path / "ours" / "a", images, [Drawn("Tumor", block(3, 7))])
    moved = [Drawn("Tumor", block(5, 9))]
    write_segments(tmp_path / "moved" / "b", images, moved, edit=_beside_voxels)

    refused = score(tmp_path / "ours", tmp_path / "moved", code=3)
    taken = score(tmp_path / "ours", tmp_path / "moved", "--resample")

    assert refused["studies"][0]["failure"] == "wrong_grid"
    assert "wanted the same grid, or --resample" in refused["studies"][0]["detail"]
    assert whole(taken, "dice") == pytest.approx(0.5)


def _without_meaning(made: Dataset) -> None:
    made.SegmentSequence[0].SegmentLabel = "Nerve"


def test_what_cannot_be_scored_is_named_in_one_line(images: SeriesImages, tmp_path: Path) -> None:
    write_segments(tmp_path / "ours" / "a", images, [Drawn("Tumor", block(3, 7))])
    vague = [Drawn("Tumor", block(3, 7))]
    write_segments(tmp_path / "vague" / "b", images, vague, edit=_without_meaning)

    unread = score(tmp_path / "vague", tmp_path / "ours", code=3)
    images_there = invoked(tmp_path / "images", tmp_path / "ours")
    idle = invoked(tmp_path / "ours", tmp_path / "ours", "--labels", "tumour")

    assert "no segment is of a tumour" in unread["unreadable_references"][STUDY]
    assert "holds MR images" in images_there.stderr
    assert "--labels: is of NIfTI masks" in idle.stderr
    assert (images_there.exit_code, idle.exit_code) == (1, 1)
