"""Masks on disk."""

import os
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from fakes.fake_study_source import fake_case
from fakes.study_folder import write_image, write_study
from gliobench.adapters.nifti import BratsStudySource, write_mask
from gliobench.adapters.nifti.mask_file import read_regions
from gliobench.application.datasets.verify_dataset import verify_dataset
from gliobench.domain.errors import InvalidInputError, JobError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.predictions.prediction import Mask
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.study import Modality

CASE = fake_case()
OF_2017 = BUILT_IN["brats-gli-2017"]
MASK = Mask(grid=CASE.study.grid, regions=CASE.reference.regions)
# 14 x 12 x 10 voxels: the fake's j backwards, then its i, then its k backwards.
NATIVE = Grid(
    shape=(14, 12, 10),
    affine=np.array([[0, 1, 0, 0], [-1, 0, 0, 13], [0, 0, -1, 9], [0, 0, 0, 1]]),
)


@pytest.mark.parametrize(
    "convention",
    ["brats-gli-2012", "brats-gli-2017", "brats-gli-2024", "brats-ped-2024", "nnunet-brats"],
)
@pytest.mark.parametrize("name", ["mask.nii", "mask.nii.gz"])
def test_a_written_mask_is_read_back_as_it_was(tmp_path: Path, name: str, convention: str) -> None:
    write_mask(tmp_path / name, MASK, CASE.study, BUILT_IN[convention])

    read = read_regions(tmp_path / name, CASE.study.grid, BUILT_IN[convention])

    assert read.keys() == BUILT_IN[convention].regions.keys()
    for region in NESTED:
        np.testing.assert_array_equal(read[region], MASK.regions[region])


def test_a_mask_is_written_on_the_grid_of_the_studys_files(tmp_path: Path) -> None:
    folder = write_study(tmp_path, CASE, native=NATIVE)
    study = BratsStudySource(tmp_path).study("study-1")

    write_mask(tmp_path / "out" / "mask.nii.gz", MASK, study, OF_2017)

    written = nib.load(tmp_path / "out" / "mask.nii.gz")
    reference = nib.load(folder / "study-1_seg.nii.gz")
    assert study.grid == CASE.study.grid
    assert written.get_data_dtype() == np.uint8
    np.testing.assert_allclose(written.affine, reference.affine)
    np.testing.assert_array_equal(written.dataobj, reference.dataobj)


def test_a_whole_tumour_alone_is_labelled_oedema(tmp_path: Path) -> None:
    alone = Mask(grid=MASK.grid, regions={Region.WT: MASK.whole})

    write_mask(tmp_path / "mask.nii", alone, CASE.study, OF_2017)

    labels = np.asanyarray(nib.load(tmp_path / "mask.nii").dataobj)
    assert np.unique(labels).tolist() == [0, 2]


def test_a_mask_of_another_grid_is_not_written(tmp_path: Path) -> None:
    other = fake_case(spacing_mm=(2.0, 2.0, 2.0)).study

    with pytest.raises(InvalidInputError, match="not on the grid"):
        write_mask(tmp_path / "mask.nii", MASK, other, OF_2017)


def test_a_name_without_a_nifti_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"\.nii or \.nii\.gz"):
        write_mask(tmp_path / "mask.png", MASK, CASE.study, OF_2017)


def test_a_full_disk_leaves_the_old_mask_and_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mask.nii.gz"
    write_mask(path, MASK, CASE.study, OF_2017)
    old = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(JobError, match=r"mask\.nii\.gz cannot be written: No space left on device"):
        write_mask(path, MASK, CASE.study, OF_2017)

    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")

    with pytest.raises(JobError, match="cannot be written"):
        write_mask(tmp_path / "out" / "mask.nii", MASK, CASE.study, OF_2017)


@pytest.mark.parametrize(
    ("label", "told"),
    [
        (7, "label 7 is not of brats-gli-2017"),
        (-1, "label -1 is not"),
        (0.5, r"value 0\.5 at voxel \(4, 4, 4\)"),
        (260, "label 260 is not"),
    ],
)
def test_an_unknown_label_is_told_with_its_file(tmp_path: Path, label: float, told: str) -> None:
    labels = np.zeros(CASE.study.grid.shape, dtype=np.float32)
    labels[4, 4, 4] = label
    write_image(tmp_path / "mask.nii", labels, CASE.study.grid)

    with pytest.raises(FaultyStudyError, match=told) as caught:
        read_regions(tmp_path / "mask.nii", CASE.study.grid, OF_2017)

    assert caught.value.kind is FaultKind.UNKNOWN_LABEL


def test_a_mask_that_lies_elsewhere_than_its_study_is_refused(tmp_path: Path) -> None:
    moved = CASE.study.grid.affine.copy()
    moved[0, 3] += 1.0
    labels = CASE.reference.regions[Region.WT].astype(np.uint8)
    write_image(tmp_path / "mask.nii", labels, Grid(shape=CASE.study.grid.shape, affine=moved))

    with pytest.raises(FaultyStudyError, match=r"elsewhere.* 1 mm \(1 voxels\)") as caught:
        read_regions(tmp_path / "mask.nii", CASE.study.grid, OF_2017)

    assert caught.value.kind is FaultKind.AFFINE_MISMATCH


def _oblique(degrees: float) -> np.ndarray:
    turn = np.deg2rad(degrees)
    affine = np.diag([2.0, 2.0, 3.0, 1.0])
    affine[:2, :2] = 2 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return affine


@pytest.mark.parametrize("degrees", [7.3, 44.999])
@pytest.mark.parametrize("spoil", ["rounded", "noise", "shifted", "turned"])
def test_a_mask_whose_affine_was_rounded_lies_on_its_study(
    tmp_path: Path, degrees: float, spoil: str
) -> None:
    affine = _oblique(degrees)
    grid = Grid(shape=CASE.study.grid.shape, affine=affine)
    folder = write_study(tmp_path, replace(CASE, study=replace(CASE.study, grid=grid)))
    near = {
        "rounded": np.round(affine, 4),
        "noise": affine + np.pad(np.full((3, 3), 1e-4) * [-1, 1, -1], ((0, 1), (0, 1))),
        "turned": _oblique(degrees + 0.002),
        "shifted": affine + np.pad([[0.0203], [-0.0152], [0.0]], ((0, 1), (3, 0))),
    }[spoil]
    mask = folder / "study-1_seg.nii.gz"
    labels = np.asanyarray(nib.load(mask).dataobj)
    write_image(mask, labels, Grid(shape=labels.shape, affine=near))
    source = BratsStudySource(tmp_path).labelled(DatasetLabels(OF_2017))

    whole = source.reference("study-1").regions[Region.WT]

    image = source.study("study-1").volume(Modality.T1C)
    assert whole.sum() == CASE.reference.regions[Region.WT].sum()
    assert image[whole].min() >= 150  # the fake's tumour is brighter than its brain
    assert verify_dataset(source).faults == []
