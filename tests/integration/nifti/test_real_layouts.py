"""A real study in each layout is the same study: image, reference, scores."""

import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

import gliobench as gb
from fakes.layouts import BIDS_NAMES, CHANNELS, LABELS, write_json
from gliobench.adapters.nifti import BidsStudySource, BratsStudySource, NnunetStudySource
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.studies.study import Modality

pytestmark = pytest.mark.realdata
NAME = "BraTS20_Training_007"
OWN = ("study_id", "patient_id", "site", "content_hash")
"""What a layout may change in a row of scores."""


def _brats(study: Path, root: Path) -> str:
    shutil.copytree(study, root / NAME)
    (root / "name_mapping.csv").write_text(f"study_id,grade\n{NAME},HGG\n")
    return NAME


def _bids(study: Path, root: Path) -> str:
    anat, masks = (root / place / "sub-01/ses-1/anat" for place in ("", "derivatives/manual"))
    for folder in (anat, masks):
        folder.mkdir(parents=True)
    for modality, name in BIDS_NAMES.items():
        image = study / f"{NAME}_{modality.alias}.nii.gz"
        shutil.copy(image, anat / f"sub-01_ses-1_{name}.nii.gz")
    mask = masks / "sub-01_ses-1_desc-tumor_dseg.nii.gz"
    shutil.copy(study / f"{NAME}_seg.nii.gz", mask)
    table = "index\tname\n1\tnecrosis\n2\tedema\n4\tenhancing tumor\n"
    (root / "derivatives/manual/dseg.tsv").write_text(table)
    (root / "participants.tsv").write_text("participant_id\tage\tgrade\r\nsub-01\t60\tHGG\r\n")
    return "sub-01_ses-1"


def _nnunet(study: Path, root: Path) -> str:
    for folder in ("imagesTr", "labelsTr"):
        (root / folder).mkdir(parents=True)
    for channel, modality in enumerate(CHANNELS):
        image = study / f"{NAME}_{modality.alias}.nii.gz"
        shutil.copy(image, root / "imagesTr" / f"{NAME}_{channel:04d}.nii.gz")
    shutil.copy(study / f"{NAME}_seg.nii.gz", root / "labelsTr" / f"{NAME}.nii.gz")
    channels = {str(at): name for at, name in enumerate(CHANNELS.values())}
    labels = {"background": 0, "whole tumor": [1, 2, 4], "tumor core": [1, 4], "ET": [4]}
    write_json(root / "dataset.json", {"channel_names": channels, "labels": labels})
    (root / "name_mapping.csv").write_text(f"study_id,grade\n{NAME},HGG\n")
    return NAME


def _decathlon(study: Path, root: Path) -> str:
    for folder in ("imagesTr", "labelsTr"):
        (root / folder).mkdir(parents=True)
    images = [nib.load(study / f"{NAME}_{modality.alias}.nii.gz") for modality in CHANNELS]
    stacked = np.stack([np.asanyarray(image.dataobj) for image in images], axis=-1)
    nib.save(nib.Nifti1Image(stacked, images[0].affine), root / "imagesTr/BRATS_001.nii.gz")
    mask = nib.load(study / f"{NAME}_seg.nii.gz")
    labels = np.array([0, 2, 1, 0, 3], np.uint8)[np.asanyarray(mask.dataobj).astype(np.uint8)]
    nib.save(nib.Nifti1Image(labels, mask.affine), root / "labelsTr/BRATS_001.nii.gz")
    channels = {str(at): name for at, name in enumerate(CHANNELS.values())}
    write_json(root / "dataset.json", {"modality": channels, "labels": LABELS})
    (root / "name_mapping.csv").write_text("study_id,grade\nBRATS_001,HGG\n")
    return "BRATS_001"


@pytest.fixture
def study(real_data: Path) -> Path:
    return real_data / "brats_2mm" / NAME


@pytest.mark.parametrize(
    ("lay_out", "open_source"),
    [(_bids, BidsStudySource), (_nnunet, NnunetStudySource), (_decathlon, NnunetStudySource)],
)
def test_image_and_reference_are_those_of_the_brats_layout(
    study: Path, tmp_path: Path, lay_out, open_source
) -> None:
    _brats(study, tmp_path / "brats")
    name, brats = lay_out(study, tmp_path / "other"), BratsStudySource(tmp_path / "brats")

    source: StudySource = open_source(tmp_path / "other")

    expected, reference = brats.reference(NAME), source.reference(name)
    assert source.study_ids() == [name]
    assert source.study(name).grid == brats.study(NAME).grid
    for modality in Modality:
        volume = brats.study(NAME).volume(modality)
        np.testing.assert_array_equal(source.study(name).volume(modality), volume)
    assert reference.grade is expected.grade
    assert reference.regions.keys() == expected.regions.keys()
    for region, voxels in expected.regions.items():
        np.testing.assert_array_equal(reference.regions[region], voxels)
    of_same_files = lay_out is not _decathlon
    assert (source.content_hash(name) == brats.content_hash(NAME)) == of_same_files


@pytest.mark.slow
def test_predictions_have_the_scores_of_the_brats_layout(study: Path, tmp_path: Path) -> None:
    rows = {}
    for lay_out in (_brats, _bids, _nnunet, _decathlon):
        root = tmp_path / lay_out.__name__
        name = lay_out(study, root)
        report = gb.evaluate(root, "cnn-onnx", tmp_path / "runs" / lay_out.__name__)
        (row,) = report.cases("cnn-onnx").to_arrow().to_pylist()
        assert row["study_id"] == name
        rows[lay_out.__name__] = {key: row[key] for key in row if key not in OWN}

    assert rows["_brats"]["mask_WT_dice"] > 0.8
    assert rows["_bids"] == rows["_nnunet"] == rows["_decathlon"] == rows["_brats"]
