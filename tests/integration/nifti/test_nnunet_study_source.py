"""Studies in nnU-Net's raw layout, and in the Medical Segmentation Decathlon's."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fakes.fake_study_source import fake_case
from fakes.layouts import CHANNELS, LABELS, write_json, write_msd, write_nnunet
from fakes.study_folder import write_image
from gliobench.adapters.nifti import NnunetStudySource, bounded_file, holds_nnunet
from gliobench.application.datasets.verify_dataset import verify_dataset
from gliobench.application.predict.load_modalities import load_modalities
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.proposal import DatasetLabels, UndeclaredLabelsError
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.image_hash import image_hashes
from gliobench.domain.studies.study import Grade, Modality

CASE = fake_case("BRATS_001")
WRITERS = [write_nnunet, write_msd]


def _described(root: Path, **changes: Any) -> NnunetStudySource:
    """Change dataset.json; None deletes a field."""
    path = root / "dataset.json"
    values = json.loads(path.read_text()) | changes
    write_json(path, {key: value for key, value in values.items() if value is not None})
    return NnunetStudySource(root)


@pytest.mark.parametrize("write", WRITERS)
def test_channels_and_labels_are_read_by_their_names(write: Any, tmp_path: Path) -> None:
    source = NnunetStudySource(write(tmp_path, [CASE]))

    study, reference = source.study("BRATS_001"), source.reference("BRATS_001")
    assert source.labels == DatasetLabels(BUILT_IN["nnunet-brats"])
    for modality in Modality:
        expected = CASE.study.volume(modality).astype(np.int16)
        np.testing.assert_array_equal(study.volume(modality), expected)
    for region, voxels in CASE.reference.regions.items():
        np.testing.assert_array_equal(reference.regions[region], voxels)


def test_a_study_is_the_same_image_however_its_channels_are_stored(tmp_path: Path) -> None:
    apart = NnunetStudySource(write_nnunet(tmp_path / "a", [CASE]))
    together = NnunetStudySource(write_msd(tmp_path / "b", [CASE]))

    assert image_hashes(apart.study("BRATS_001")) == image_hashes(together.study("BRATS_001"))
    assert apart.content_hash("BRATS_001") != together.content_hash("BRATS_001")


def test_the_content_of_a_file_of_channels_depends_on_their_order(tmp_path: Path) -> None:
    source = NnunetStudySource(write_msd(tmp_path, [CASE]))
    before = source.content_hash("BRATS_001")

    names = dict(enumerate(["T1", "T1ce", "T2", "FLAIR"]))
    after = _described(tmp_path, modality={str(at): name for at, name in names.items()})

    assert after.content_hash("BRATS_001") != before


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_file_of_channels_is_decompressed_once_and_its_bytes_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    write_msd(tmp_path, [CASE])
    path = tmp_path / "imagesTr" / "BRATS_001.nii.gz"
    if not suffix:
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    read: list[int] = []
    original = bounded_file._read
    monkeypatch.setattr(
        bounded_file, "_read", lambda file, limit: read.append(limit) or original(file, limit)
    )
    study = NnunetStudySource(tmp_path).study("BRATS_001")
    read.clear()

    load_modalities(study)

    voxels = int(np.prod(CASE.study.grid.shape))
    assert read == [352 + 4 * 2 * voxels + 1]
    assert study.volumes._content is None  # type: ignore[attr-defined]


def test_a_channel_that_is_not_finite_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    write_msd(tmp_path, [CASE])
    channels = [CASE.study.volume(modality).copy() for modality in CHANNELS]
    channels[1][0, 0, 0] = np.nan
    stacked = np.stack(channels, axis=-1)
    write_image(tmp_path / "imagesTr" / "BRATS_001.nii.gz", stacked, CASE.study.grid)

    study = NnunetStudySource(tmp_path).study("BRATS_001")

    with pytest.raises(FaultyStudyError, match="NaN"):
        study.volume(Modality.T1N)
    np.testing.assert_array_equal(study.volume(Modality.T2W), channels[3])


@pytest.mark.parametrize("shape", [(), (3,), (5,), (2, 2), (4, 4)])
def test_a_file_of_another_number_of_channels_is_a_fault(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    write_msd(tmp_path, [CASE, fake_case("BRATS_002")])
    volume = np.ones((*CASE.study.grid.shape, *shape), np.int16)
    write_image(tmp_path / "imagesTr" / "BRATS_001.nii.gz", volume, CASE.study.grid)
    source = NnunetStudySource(tmp_path)

    with pytest.raises(FaultyStudyError, match="wanted four axes, the last of 4 channels"):
        source.study("BRATS_001")
    assert source.study("BRATS_002").volume(Modality.T1C).any()


def test_a_truncated_file_of_channels_is_a_fault_of_each(tmp_path: Path) -> None:
    write_msd(tmp_path, [CASE])
    path = tmp_path / "imagesTr" / "BRATS_001.nii.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-10]))
    study = NnunetStudySource(tmp_path).study("BRATS_001")

    for modality in Modality:
        with pytest.raises(FaultyStudyError, match="truncated"):
            study.volume(modality)


@pytest.mark.parametrize(
    "names",
    [
        ("FLAIR", "T1", "T1ce", "T2"),
        ("t2f", "t1n", "t1c", "t2w"),
        ("T2-FLAIR", "T1w", "T1-Gd", "T2w"),
        ("flair", "T1 native", "T1+C", "t2"),
    ],
)
def test_channels_are_called_as_people_call_them(tmp_path: Path, names: tuple[str, ...]) -> None:
    write_nnunet(tmp_path, [CASE])

    source = _described(tmp_path, channel_names={str(at): name for at, name in enumerate(names)})

    np.testing.assert_array_equal(
        source.study("BRATS_001").volume(Modality.T1C),
        CASE.study.volume(Modality.T1C).astype(np.int16),
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channel_names": {"0": "FLAIR", "1": "ADC"}}, "channel 1 is called 'ADC'.*channel_names"),
        ({"channel_names": {"0": "T2*"}}, r"channel 0 is called 'T2\*'"),
        ({"channel_names": {"0": "T1", "1": "t1n"}}, "channels 0 and 1 are both t1n"),
        ({"channel_names": {"0": "T1", "2": "T2"}}, "wanted the names of channels 0, 1"),
        ({"channel_names": {"x": "T1"}}, "wanted the names of channels"),
        ({"channel_names": {}}, "wanted the names of channels"),
        ({"channel_names": None}, "wanted the names of channels"),
        ({"channel_names": ["T1"]}, "channel_names"),
        ({"channel_names": {"0": 5}}, r"channel_names\.0"),
        ({"labels": [1]}, "labels"),
        ({"file_ending": ".nrrd"}, r"file_ending '\.nrrd'"),
        ({"dataset": {"a": {"images": []}}}, "under 'dataset'"),
    ],
)
def test_a_description_that_is_not_understood_is_refused_in_one_line(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    write_nnunet(tmp_path, [CASE])

    with pytest.raises(InvalidInputError, match=message) as error:
        _described(tmp_path, **changes)
    assert "dataset.json" in str(error.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"[" * 100_000, b"\xff\xfe{\x00"])
def test_a_file_that_is_no_description_is_refused_in_one_line(
    tmp_path: Path, content: bytes
) -> None:
    write_nnunet(tmp_path, [CASE])
    (tmp_path / "dataset.json").write_bytes(content)

    with pytest.raises(InvalidInputError, match=r"dataset\.json"):
        NnunetStudySource(tmp_path)


def test_regions_of_the_description_are_the_masks(tmp_path: Path) -> None:
    write_nnunet(tmp_path, [CASE])
    labels = {"background": 0, "whole tumor": [1, 2, 3], "tumor core": [2, 3], "ET": 3}

    source = _described(tmp_path, labels=labels, regions_class_order=[1, 2, 3])

    regions = source.reference("BRATS_001").regions
    np.testing.assert_array_equal(regions[Region.TC], CASE.reference.regions[Region.TC])


@pytest.mark.parametrize("labels", [{"background": 0, "a": 1, "b": 2, "c": 3}, {}, None])
def test_labels_without_meaning_are_asked_about_whatever_the_studies_are_called(
    tmp_path: Path, labels: dict[str, int] | None
) -> None:
    named = fake_case("BraTS2021_00001")
    write_nnunet(tmp_path, [named])

    source = _described(tmp_path, labels=labels)

    assert source.study("BraTS2021_00001").volume(Modality.T1C).any()
    with pytest.raises(UndeclaredLabelsError, match=r"dataset\.json .*setting labels"):
        source.reference("BraTS2021_00001")
    declared = source.labelled(DatasetLabels(BUILT_IN["nnunet-brats"]))
    assert declared.reference("BraTS2021_00001").has_tumour


def test_the_declared_convention_goes_before_the_description(tmp_path: Path) -> None:
    write_nnunet(tmp_path, [CASE])
    declared = DatasetLabels(BUILT_IN["brats-gli-2023"])

    source = NnunetStudySource(tmp_path).labelled(declared)

    assert source.labels == declared
    assert not np.array_equal(
        source.reference("BRATS_001").regions[Region.TC], CASE.reference.regions[Region.TC]
    )


def test_test_studies_are_read_with_and_without_masks(tmp_path: Path) -> None:
    write_nnunet(tmp_path, [CASE])
    without = fake_case("BRATS_002", tumour=None)
    write_nnunet(tmp_path, [without], part="Ts")

    both, training = NnunetStudySource(tmp_path), NnunetStudySource(tmp_path / "imagesTr")

    assert both.study_ids() == ["BRATS_001", "BRATS_002"]
    assert both.reference("BRATS_002").has_tumour is None
    assert training.study_ids() == ["BRATS_001"]
    assert training.reference("BRATS_001").has_tumour


def test_one_id_in_both_parts_is_a_duplicate(tmp_path: Path) -> None:
    write_nnunet(tmp_path, [CASE])
    write_nnunet(tmp_path, [CASE], part="Ts")

    faults = verify_dataset(NnunetStudySource(tmp_path)).faults

    assert [fault.kind for fault in faults] == [FaultKind.DUPLICATE_ID]


def test_a_channel_twice_is_a_fault(tmp_path: Path) -> None:
    write_nnunet(tmp_path, [CASE])
    path = tmp_path / "imagesTr" / "BRATS_001_0000.nii.gz"
    path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))

    with pytest.raises(FaultyStudyError, match=r"t2f: 2 files \(BRATS_001_0000\.nii"):
        NnunetStudySource(tmp_path).study("BRATS_001")


def test_a_channel_that_is_not_described_is_refused(tmp_path: Path) -> None:
    write_nnunet(tmp_path, [CASE])
    path = tmp_path / "imagesTr" / "BRATS_001_0000.nii.gz"
    path.rename(path.with_name("BRATS_001_0004.nii.gz"))

    with pytest.raises(InvalidInputError, match=r"channel 4 is not in .*dataset\.json"):
        NnunetStudySource(tmp_path)


def test_an_absent_channel_is_an_absent_modality(tmp_path: Path) -> None:
    write_nnunet(tmp_path, [CASE])
    (tmp_path / "imagesTr" / "BRATS_001_0001.nii.gz").unlink()

    assert NnunetStudySource(tmp_path).study("BRATS_001").absent == (Modality.T1N,)


def test_four_digits_are_a_studys_where_the_description_lists_it(tmp_path: Path) -> None:
    cases = [fake_case(f"case_{number:04d}") for number in (1, 2, 7)]

    source = NnunetStudySource(write_msd(tmp_path, cases))

    assert source.study_ids() == ["case_0001", "case_0002", "case_0007"]
    assert set(source.study("case_0002").volumes) == set(Modality)


def test_hidden_and_other_files_are_passed_over(tmp_path: Path) -> None:
    write_msd(tmp_path, [CASE])
    for name in ("._BRATS_001.nii.gz", ".DS_Store", "notes.txt"):
        (tmp_path / "imagesTr" / name).write_bytes(b"x")

    assert NnunetStudySource(tmp_path).study_ids() == ["BRATS_001"]


def test_grades_come_from_a_name_mapping(tmp_path: Path) -> None:
    write_msd(tmp_path, [CASE])
    (tmp_path / "name_mapping.csv").write_text("study_id,grade,patient_id\nBRATS_001,LGG,P1\n")

    source = NnunetStudySource(tmp_path)

    assert source.grade("BRATS_001") is Grade.LGG
    assert source.origin("BRATS_001").patient_id == "P1"


def test_one_sequence_is_a_dataset_too(tmp_path: Path) -> None:
    write_nnunet(tmp_path, [CASE])
    for number in (1, 2, 3):
        (tmp_path / "imagesTr" / f"BRATS_001_000{number}.nii.gz").unlink()

    source = _described(tmp_path, channel_names={"0": "FLAIR"})

    assert set(source.study("BRATS_001").volumes) == {Modality.T2F}


def test_a_folder_is_nnunets_by_its_images_and_description(tmp_path: Path) -> None:
    root = write_nnunet(tmp_path / "a", [CASE])

    assert holds_nnunet(root)
    assert holds_nnunet(root / "imagesTr")
    assert not holds_nnunet(tmp_path)
    (root / "dataset.json").unlink()
    assert not holds_nnunet(root)


def test_a_dataset_without_images_is_none(tmp_path: Path) -> None:
    (tmp_path / "imagesTr").mkdir()
    channels = {str(at): name for at, name in enumerate(CHANNELS.values())}
    write_json(tmp_path / "dataset.json", {"channel_names": channels, "labels": LABELS})

    with pytest.raises(NotFoundError, match="imagesTr/<study>_0000"):
        NnunetStudySource(tmp_path)
