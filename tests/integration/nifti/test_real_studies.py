"""The real studies in ../shared/data, read as nibabel reads them."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from fakes.study_folder import image_of
from gliobench.adapters.nifti import BratsStudySource, write_mask
from gliobench.application.datasets.chosen_studies import ChosenStudies
from gliobench.application.datasets.verify_dataset import verify_dataset
from gliobench.application.predict.load_modalities import load_modalities
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import Mask
from gliobench.domain.studies.faults import FaultKind
from gliobench.domain.studies.image_hash import image_hash, image_hashes
from gliobench.domain.studies.study import Grade, Modality

pytestmark = pytest.mark.realdata
DOSE = 4
"""Every so manieth study is read, unless `--full` asks for all."""


@pytest.mark.parametrize(("folder", "n"), [("brats_2mm", 32), ("brats_full", 6), ("tcga_lgg", 2)])
def test_no_real_study_has_a_fault(real_data: Path, folder: str, n: int, full: bool) -> None:
    source = BratsStudySource(real_data / folder)
    ids = source.study_ids()

    verification = verify_dataset(ChosenStudies(source, ids if full else ids[::DOSE]))

    assert len(ids) == n
    assert verification.faults == []


def test_automatic_masks_are_noted_and_are_no_references(real_data: Path) -> None:
    notes = verify_dataset(BratsStudySource(real_data / "tcga_lgg")).notes

    assert [note.kind for note in notes] == [FaultKind.MISSING_MASK, FaultKind.UNUSED_MASK] * 2
    assert "autoseg_simple" in notes[1].detail


def test_a_tcga_study_is_the_brats_patient_whatever_the_folder(real_data: Path) -> None:
    alone = BratsStudySource(real_data / "tcga_lgg" / "TCGA-DU-7294")

    study = alone.study("TCGA-DU-7294")

    assert study.patient_id == "BraTS20_Training_295"
    assert study.site == "TCIA10"
    assert alone.reference(study.id).grade is Grade.LGG


def test_volumes_and_masks_are_nibabels(real_data: Path) -> None:
    root = real_data / "brats_full"
    source = BratsStudySource(root)
    study_id = source.study_ids()[0]

    study = source.study(study_id)
    volumes = load_modalities(study)

    assert study.grid.shape == (240, 240, 155)
    for modality, volume in volumes.items():
        image = nib.as_closest_canonical(nib.load(image_of(root / study_id, modality)))
        np.testing.assert_allclose(study.grid.affine, image.affine)
        np.testing.assert_array_equal(volume, np.asanyarray(image.dataobj).astype(np.float32))
    mask = nib.as_closest_canonical(nib.load(root / study_id / f"{study_id}_seg.nii.gz"))
    labels = np.asanyarray(mask.dataobj)
    regions = source.reference(study_id).regions
    np.testing.assert_array_equal(regions[Region.WT], labels > 0)
    np.testing.assert_array_equal(regions[Region.TC], (labels == 1) | (labels == 4))
    np.testing.assert_array_equal(regions[Region.ET], labels == 4)


def test_a_real_mask_written_again_is_the_file_it_came_from(
    real_data: Path, tmp_path: Path
) -> None:
    root = real_data / "brats_2mm"
    source = BratsStudySource(root)
    study = source.study("BraTS20_Training_033")
    mask = Mask(grid=study.grid, regions=source.reference(study.id).regions)

    write_mask(tmp_path / "mask.nii.gz", mask, study, BUILT_IN["brats-gli-2017"])

    written = nib.load(tmp_path / "mask.nii.gz")
    original = nib.load(root / study.id / f"{study.id}_seg.nii.gz")
    np.testing.assert_array_equal(written.affine, original.affine)
    np.testing.assert_array_equal(np.asanyarray(written.dataobj), np.asanyarray(original.dataobj))


def test_a_real_study_packed_anew_turned_and_renamed_is_told_again(
    real_data: Path, tmp_path: Path
) -> None:
    root, name, other = real_data / "brats_2mm", "BraTS20_Training_033", "Anonymous_1"
    copy = tmp_path / other
    copy.mkdir()
    for modality in ("t1", "t1ce", "t2", "flair"):
        image = nib.load(root / name / f"{name}_{modality}.nii.gz")
        turned = nib.as_closest_canonical(image)
        stored = nib.Nifti1Image(np.asanyarray(turned.dataobj, np.float64), turned.affine)
        stored.to_filename(copy / f"{other}_{modality}.nii.gz")
    original, renamed = BratsStudySource(root).study(name), BratsStudySource(tmp_path).study(other)

    assert image_hashes(renamed) == image_hashes(original)
    assert len(image_hashes(original)) == 4


def test_no_two_real_studies_share_an_image(real_data: Path) -> None:
    source = BratsStudySource(real_data / "brats_2mm")

    images = [source.study(one).volume(Modality.T1C) for one in source.study_ids()]

    assert len({image_hash(one) for one in images}) == len(images)


def test_each_modality_is_what_its_name_says(real_data: Path) -> None:
    source = BratsStudySource(real_data / "brats_2mm")
    study = source.study("BraTS20_Training_033")
    tumour = source.reference(study.id).regions[Region.ET]

    contrast = study.volume(Modality.T1C)[tumour].mean() / study.volume(Modality.T1N)[tumour].mean()

    assert contrast > 1.1  # what enhances does so after the contrast agent
