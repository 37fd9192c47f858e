"""Masks of other things, folders that stand for files, and what archive tools leave."""

from pathlib import Path
from uuid import uuid4

import fsspec
import numpy as np
import pytest

from fakes.fake_study_source import fake_case
from fakes.study_folder import OF_2017, image_of, write_study
from gliobench.adapters.nifti import BratsStudySource, StudyFiles
from gliobench.adapters.storage import open_dataset
from gliobench.application.datasets.verify_dataset import verify_dataset
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.study import Modality

ID = "BraTS2021_00951"
CASE = fake_case(ID)


def _here(folder: Path) -> DatasetPath:
    return folder


def _in_a_store(folder: Path) -> DatasetPath:
    url = f"memory://{uuid4().hex}"
    fsspec.filesystem("memory").put(f"{folder}/", f"{url}/", recursive=True)
    return open_dataset(url, cache=folder.parent / "cache", cache_bytes=10_000_000)


def _into_folders(study: Path, inner: str = "00000951_brain_{}") -> None:
    """Put every file into a folder of its name, as some archive tools do."""
    for number, path in enumerate(sorted(study.iterdir())):
        content = path.read_bytes()
        path.unlink()
        within = path / inner.format(number)
        within.parent.mkdir(parents=True)
        within.with_name(f"{within.name}.nii.gz").write_bytes(content)


def test_a_mask_of_the_brain_is_no_tumour(tmp_path: Path) -> None:
    folder = write_study(tmp_path, CASE)
    (folder / f"{ID}_seg.nii.gz").rename(folder / f"{ID}_brain_segmentation.nii.gz")

    source = BratsStudySource(tmp_path)

    assert source.reference(ID).regions == {}
    assert [
        (note.kind, f"{ID}_brain_segmentation" in note.detail) for note in source.notes(ID)
    ] == [(FaultKind.UNUSED_MASK, True)]


def test_a_mask_of_the_tumour_is_taken_and_one_that_a_model_drew_is_not(tmp_path: Path) -> None:
    folder = write_study(tmp_path, CASE)
    (folder / f"{ID}_seg.nii.gz").rename(folder / f"{ID}_segm.nii.gz")
    (folder / f"{ID}_automated_approx_segm.nii.gz").write_bytes(b"not even an image")

    source = BratsStudySource(tmp_path)

    assert source.reference(ID).regions[Region.WT].any()
    assert source.notes(ID) == []


@pytest.mark.parametrize("other", [f"{ID}_tumor_segmentation.nii.gz", f"{ID}_seg.nii"])
def test_of_two_masks_of_the_tumour_neither_is_chosen(tmp_path: Path, other: str) -> None:
    folder = write_study(tmp_path, CASE)
    (folder / other).write_bytes(b"")

    reference = BratsStudySource(tmp_path).reference(ID)

    assert reference.regions == {}
    assert reference.fault is not None
    assert reference.fault.kind is FaultKind.AMBIGUOUS_FILE
    assert other in reference.fault.detail


def test_studies_in_one_folder_have_the_masks_that_begin_with_their_names(tmp_path: Path) -> None:
    for study_id in ("one", "one_2"):
        for path in write_study(tmp_path / "apart", fake_case(study_id)).iterdir():
            path.rename(tmp_path / path.name.replace("_seg", "_tumor_seg"))
    (tmp_path / "one_brain_seg.nii.gz").write_bytes(b"")

    source = BratsStudySource(tmp_path).labelled(OF_2017)

    assert source.study_ids() == ["one", "one_2"]
    assert all(source.reference(one).regions[Region.WT].any() for one in source.study_ids())


@pytest.mark.parametrize("place", [_here, _in_a_store])
@pytest.mark.parametrize("inner", ["00000951_brain_{}", "{}_t1ce", f"{ID}_flair.nii.gz/{{}}"])
def test_a_folder_called_like_a_file_stands_for_the_one_image_in_it(
    tmp_path: Path, inner: str, place: type[DatasetPath]
) -> None:
    study = write_study(tmp_path / "data", CASE)
    _into_folders(study, inner)
    (study / f"{ID}_t1.nii.gz" / "Thumbs.db").write_bytes(b"left behind")
    (study / f"{ID}_t1.nii.gz" / "._0.nii.gz").write_bytes(b"left behind")

    source = BratsStudySource(place(tmp_path / "data"))

    assert source.study_ids() == [ID]
    for modality in Modality:
        wanted = CASE.study.volume(modality).astype(np.int16)
        np.testing.assert_array_equal(source.study(ID).volume(modality), wanted)
    assert source.reference(ID).regions[Region.WT].any()
    assert verify_dataset(source).findings[1:] == ()  # but for the grade, which no table tells


def test_a_folder_that_is_one_study_may_hold_folders_called_like_files(tmp_path: Path) -> None:
    study = write_study(tmp_path, CASE)
    _into_folders(study)

    assert BratsStudySource(study).study_ids() == [ID]


def test_loose_files_may_be_folders_called_like_files(tmp_path: Path) -> None:
    study = write_study(tmp_path, CASE)
    images = {modality: image_of(study, modality) for modality in Modality}
    _into_folders(study)

    assert StudyFiles(images).study("study").volume(Modality.T1C).any()


def test_many_images_in_a_folder_called_like_a_file_are_named_in_part(tmp_path: Path) -> None:
    study = write_study(tmp_path, CASE)
    _into_folders(study)
    for number in range(100):
        (study / f"{ID}_t1ce.nii.gz" / f"{number:03}.nii").write_bytes(b"")

    with pytest.raises(FaultyStudyError, match=r"101 files .*, …\): wanted one") as caught:
        BratsStudySource(tmp_path).study(ID)

    assert len(str(caught.value)) < 200


def test_two_images_in_a_folder_called_like_a_file_are_not_chosen_from(tmp_path: Path) -> None:
    study = write_study(tmp_path, CASE)
    _into_folders(study)
    (study / f"{ID}_t1ce.nii.gz" / "second.nii").write_bytes(b"")

    with pytest.raises(
        FaultyStudyError, match=r"t1c: 2 files \(.*second\.nii\): wanted one"
    ) as caught:
        BratsStudySource(tmp_path).study(ID)

    assert caught.value.kind is FaultKind.AMBIGUOUS_FILE


def test_an_empty_folder_called_like_a_file_is_a_fault_of_that_modality(tmp_path: Path) -> None:
    study = write_study(tmp_path, CASE)
    t1c = image_of(study, Modality.T1C)
    t1c.unlink()
    t1c.mkdir()

    faults = verify_dataset(BratsStudySource(tmp_path)).faults

    assert [(fault.kind, str(t1c) in fault.detail) for fault in faults] == [
        (FaultKind.UNREADABLE, True)
    ]
    assert "a folder without an image" in faults[0].detail


def test_a_study_may_lie_in_a_folder_that_is_called_like_an_image(tmp_path: Path) -> None:
    write_study(tmp_path, CASE).rename(tmp_path / "patient 7.nii.gz")

    assert BratsStudySource(tmp_path).study_ids() == [ID]


def test_what_a_mac_leaves_in_archives_is_no_study(tmp_path: Path) -> None:
    study = write_study(tmp_path, CASE)
    left = tmp_path / "__MACOSX" / ID
    left.mkdir(parents=True)
    for path in study.iterdir():
        (left / path.name).write_bytes(b"a resource fork")
        (study / f"._{path.name}").write_bytes(b"a resource fork")
    (study / ".DS_Store").write_bytes(b"")

    assert BratsStudySource(tmp_path).study_ids() == [ID]
    assert verify_dataset(BratsStudySource(tmp_path)).faults == []
