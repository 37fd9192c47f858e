import csv
from pathlib import Path

import nibabel
import numpy as np
import pytest

pytest.importorskip("nilearn", reason="the extra `phantom` is not installed")

from gliobench.adapters.nifti.brats_study_source import BratsStudySource
from gliobench.adapters.phantom import PhantomStudySource, export_phantoms
from gliobench.domain.geometry.orientation import reorient
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.regions import NESTED
from gliobench.domain.studies.study import Modality

STUDY = "Phantom_0001"


@pytest.fixture(scope="module")
def source() -> PhantomStudySource:
    return PhantomStudySource(2, spacing_mm=4.0)


@pytest.fixture(scope="module")
def folder(source: PhantomStudySource, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("phantoms")
    export_phantoms(out, source)
    return out


def test_a_study_is_five_files_of_brats_2020(folder: Path) -> None:
    names = {path.name for path in (folder / STUDY).iterdir()}

    assert names == {f"{STUDY}_{part}.nii.gz" for part in ("flair", "t1", "t1ce", "t2", "seg")}


def test_the_voxels_are_written_as_they_are_on_a_grid_to_the_left_and_the_back(
    folder: Path, source: PhantomStudySource
) -> None:
    study = source.study(STUDY)
    for modality in Modality:
        image = nibabel.load(folder / STUDY / f"{STUDY}_{modality.alias}.nii.gz")
        assert nibabel.aff2axcodes(image.affine) == ("L", "P", "S")
        assert image.get_data_dtype() == np.int16
        assert study.native_grid is not None
        np.testing.assert_array_equal(
            reorient(np.asarray(image.dataobj), source=study.native_grid, target=study.grid),
            study.volume(modality),
        )


def test_the_mask_holds_the_regions_in_the_labels_of_2020(
    folder: Path, source: PhantomStudySource
) -> None:
    image = nibabel.load(folder / STUDY / f"{STUDY}_seg.nii.gz")
    labels = np.asarray(image.dataobj)
    regions = BUILT_IN["brats-gli-2017"].split(labels[::-1, ::-1])

    assert labels.dtype == np.uint8
    for region in NESTED:
        np.testing.assert_array_equal(regions[region], source.reference(STUDY).regions[region])


def test_the_grades_are_listed_as_in_brats_2020(folder: Path, source: PhantomStudySource) -> None:
    with (folder / "name_mapping.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))

    grades = {row["BraTS_2019_subject_ID"]: row["Grade"] for row in rows}
    assert grades == {name: source.reference(name).grade.value for name in source.study_ids()}
    assert rows[0]["BraTS_2018_subject_ID"] == "NA"


def test_the_folder_is_read_back_as_the_same_studies(
    folder: Path, source: PhantomStudySource
) -> None:
    read = BratsStudySource(folder)

    assert read.study_ids() == source.study_ids()
    for name in read.study_ids():
        assert read.study(name).patient_id == source.study(name).patient_id
        assert read.study(name).grid == source.study(name).grid
        assert read.reference(name).grade == source.reference(name).grade
        for modality in Modality:
            np.testing.assert_array_equal(
                read.study(name).volume(modality), source.study(name).volume(modality)
            )
        for region in NESTED:
            np.testing.assert_array_equal(
                read.reference(name).regions[region], source.reference(name).regions[region]
            )


def test_an_exported_phantom_is_known_as_one_by_its_files_whatever_they_are_called(
    folder: Path, tmp_path: Path
) -> None:
    renamed = tmp_path / "patient7"
    renamed.mkdir()
    for file in (folder / STUDY).iterdir():
        (renamed / file.name.replace(STUDY, "patient7")).write_bytes(file.read_bytes())

    assert BratsStudySource(folder).study(STUDY).is_simulated
    assert BratsStudySource(tmp_path).study("patient7").is_simulated


def test_a_phantom_that_an_older_version_exported_is_known_by_its_name(
    folder: Path, tmp_path: Path
) -> None:
    older = tmp_path / STUDY
    older.mkdir()
    for file in (folder / STUDY).iterdir():
        image = nibabel.load(file)
        image.header["descrip"] = b""
        nibabel.save(image, older / file.name)

    assert BratsStudySource(tmp_path).study(STUDY).is_simulated
