"""What is written for an archive lies where the images lie, and says what was predicted."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("highdicom")

import highdicom
from pydicom import dcmread
from typer.testing import CliRunner

from fakes.bright_backend import write_bright
from fakes.dicom_files import SCANS, SECRETS, Writer
from fakes.fake_study_source import fake_case
from gliobench.adapters.dicom.dicom_study_source import DicomStudySource
from gliobench.adapters.dicom.measurement_report import write_measurement_report
from gliobench.adapters.dicom.segmentation import Author, segmentation_of, write_segmentation
from gliobench.application.predict.archived_findings import ArchivedFindings
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.orientation import canonical, reorient
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.predictions.prediction import GradePrediction, Mask
from gliobench.domain.studies.pseudonyms import Pseudonyms
from gliobench.domain.studies.study import Grade, Modality, Study
from gliobench.entrypoints.cli import app

AUTHOR = Author("a-backend", "ab" * 32)
KEY = "k" * 32
SHAPE = (7, 9, 6)
TURNS = [np.eye(3)[order] for order in ([0, 1, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0])]
MIRRORS = [np.diag(signs) for signs in ((1, 1, 1), (-1, 1, -1), (1, -1, -1), (-1, -1, 1))]
ANGLE = 0.3
OBLIQUE = np.array(
    [[np.cos(ANGLE), -np.sin(ANGLE), 0], [np.sin(ANGLE), np.cos(ANGLE), 0], [0, 0, 1]]
)
AFFINES = [
    turn @ mirror @ tilt for turn in TURNS for mirror in MIRRORS for tilt in (np.eye(3), OBLIQUE)
]


def grid_of(axes: np.ndarray) -> Grid:
    affine = np.eye(4)
    affine[:3, :3] = axes @ np.diag([1.0, 1.5, 3.0])
    affine[:3, 3] = -12, 7, 30
    return Grid(SHAPE, affine)


def written(folder: Path, grid: Grid, *, multi_frame: bool) -> tuple[DicomStudySource, str]:
    stored = np.random.default_rng(0).integers(1, 900, SHAPE).astype(np.int16)
    Writer(folder, multi_frame=multi_frame).series(stored, grid, SCANS[Modality.T1C])
    source = DicomStudySource(str(folder), Pseudonyms(KEY))
    return source, source.study_ids()[0]


def mask_on(grid: Grid, seed: int = 0) -> Mask:
    inside = np.random.default_rng(seed).random(grid.shape)
    inside[:, :, [0, -1]] = 0  # slices without a voxel are left out of a segmentation
    return Mask(grid, {region: inside > 0.5 + 0.15 * n for n, region in enumerate(NESTED)})


def found_in(mask: Mask, grade: GradePrediction) -> ArchivedFindings:
    made = AUTHOR.backend, AUTHOR.fingerprint, mask
    return ArchivedFindings("a", *made, grade=grade, diameters_mm=(30.5, 20.25), longest_mm=41.5)


def read_back(path: Path, grid: Grid) -> dict[str, np.ndarray]:
    """Read segments by their labels, (I, J, K) on a grid, by places in the patient alone."""
    segmentation = highdicom.seg.segread(path)
    volume = segmentation.get_volume(combine_segments=False)
    to_ras = np.diag([-1.0, -1.0, 1.0, 1.0])
    places = np.argwhere(np.asarray(volume.array).any(-1))
    world = to_ras @ np.asarray(volume.affine) @ np.column_stack([places, np.ones(len(places))]).T
    at = np.rint((np.linalg.inv(grid.affine) @ world)[:3]).astype(int)
    assert np.allclose(grid.affine @ np.vstack([at, np.ones(at.shape[1])]), world, atol=1e-3)
    found = {}
    for number, segment in enumerate(segmentation.SegmentSequence):
        voxels = np.zeros(grid.shape, dtype=bool)
        voxels[tuple(at)] = np.asarray(volume.array)[(*places.T, number)] > 0
        found[str(segment.SegmentLabel).partition(":")[0]] = voxels
    return found


@pytest.mark.parametrize("multi_frame", [False, True])
def test_a_mask_lies_voxel_for_voxel_where_it_was_by_another_library(
    tmp_path: Path, multi_frame: bool
) -> None:
    for number, axes in enumerate(AFFINES[::3]):
        folder = tmp_path / str(number)
        source, study_id = written(folder, grid_of(axes), multi_frame=multi_frame)
        images, study = source.images(study_id, Modality.T1C), source.study(study_id)
        mask = mask_on(study.grid, seed=number)

        write_segmentation(folder / "seg.dcm", mask, images, AUTHOR)

        found = read_back(folder / "seg.dcm", study.grid)
        assert list(found) == ["WT", "TC", "ET"]
        for region in NESTED:
            np.testing.assert_array_equal(found[region.value], mask.regions[region])


def test_each_frame_refers_to_the_image_that_it_lies_on(tmp_path: Path) -> None:
    source, study_id = written(tmp_path, grid_of(OBLIQUE), multi_frame=False)
    mask, images = mask_on(source.study(study_id).grid), source.images(study_id, Modality.T1C)
    places = {
        str(tags.SOPInstanceUID): [float(value) for value in tags.ImagePositionPatient]
        for tags, _ in images.datasets()
    }

    made = segmentation_of(mask, images, AUTHOR)

    for frame in made.PerFrameFunctionalGroupsSequence:
        (derived,) = frame.DerivationImageSequence
        (referred,) = derived.SourceImageSequence
        lies_at = frame.PlanePositionSequence[0].ImagePositionPatient
        assert places[str(referred.ReferencedSOPInstanceUID)] == pytest.approx(lies_at, abs=1e-3)


def test_a_mask_written_twice_has_one_uid_and_another_mask_another(tmp_path: Path) -> None:
    source, study_id = written(tmp_path, grid_of(np.eye(3)), multi_frame=False)
    images, grid = source.images(study_id, Modality.T1C), source.study(study_id).grid

    uids = [
        segmentation_of(mask_on(grid, seed), images, AUTHOR).SOPInstanceUID for seed in (0, 0, 1)
    ]

    assert uids[0] == uids[1] != uids[2]


def test_images_without_optional_tags_and_in_other_order_do_as_well(tmp_path: Path) -> None:
    def bare(datasets: list) -> None:
        for dataset in datasets:
            for name in ("StudyDate", "StudyTime", "SeriesNumber", "PatientBirthDate", "StudyID"):
                if name in dataset:
                    delattr(dataset, name)

    grid = grid_of(TURNS[1])
    stored = np.ones(SHAPE, dtype=np.int16)
    Writer(tmp_path).series(stored, grid, SCANS[Modality.T1C], edit=bare)
    source = DicomStudySource(str(tmp_path), Pseudonyms(KEY))
    study = source.study(source.study_ids()[0])
    mask = mask_on(study.grid)

    write_segmentation(tmp_path / "seg", mask, source.images(study.id, Modality.T1C), AUTHOR)

    np.testing.assert_array_equal(read_back(tmp_path / "seg", study.grid)["WT"], mask.whole)


def test_a_mask_without_a_voxel_and_images_without_a_frame_of_reference_are_refused(
    tmp_path: Path,
) -> None:
    def lost(datasets: list) -> None:
        for dataset in datasets:
            del dataset.FrameOfReferenceUID

    stored = np.ones(SHAPE, dtype=np.int16)
    Writer(tmp_path).series(stored, grid_of(np.eye(3)), SCANS[Modality.T1C], edit=lost)
    source = DicomStudySource(str(tmp_path), Pseudonyms(KEY))
    study = source.study(source.study_ids()[0])
    images, empty = source.images(study.id, Modality.T1C), np.zeros(study.grid.shape, dtype=bool)

    with pytest.raises(InvalidInputError, match="an empty mask"):
        segmentation_of(Mask(study.grid, {Region.WT: empty}), images, AUTHOR)
    with pytest.raises(InvalidInputError, match="no FrameOfReferenceUID"):
        segmentation_of(mask_on(study.grid), images, AUTHOR)


def values_of(item: object) -> dict[str, object]:
    """Collect numbers and codes of a report by the meaning of their names."""
    found: dict[str, object] = {}
    for child in getattr(item, "ContentSequence", ()):
        name = (
            child.ConceptNameCodeSequence[0].CodeMeaning
            if "ConceptNameCodeSequence" in child
            else ""
        )
        if child.ValueType == "NUM":
            found.setdefault(name, float(child.MeasuredValueSequence[0].NumericValue))
        if child.ValueType == "CODE":
            found.setdefault(name, child.ConceptCodeSequence[0].CodeMeaning)
        found = values_of(child) | found
    return found


def test_a_report_states_volume_diameters_grade_and_its_use(tmp_path: Path) -> None:
    source, study_id = written(tmp_path, grid_of(np.eye(3)), multi_frame=False)
    images, grid = source.images(study_id, Modality.T1C), source.study(study_id).grid
    mask = mask_on(grid)

    write_measurement_report(
        tmp_path / "sr", found_in(mask, GradePrediction(Grade.HGG, 0.875)), images, AUTHOR
    )

    said = values_of(dcmread(tmp_path / "sr"))
    assert said["Volume"] == pytest.approx(mask.whole.sum() * grid.voxel_volume_mm3)
    assert (said["Long axis"], said["Short axis"], said["Diameter"]) == (30.5, 20.25, 41.5)
    assert said["Probability of high-grade glioma"] == 0.875
    assert said["Histologic grade (observable entity)"] == "High-grade glioma"
    assert said["Permitted use"] == "Research use only, not for diagnosis"


def test_a_validator_that_others_wrote_finds_no_error(tmp_path: Path) -> None:
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (package dicom3tools) is not installed")
    for multi_frame in (False, True):
        folder = tmp_path / str(multi_frame)
        source, study_id = written(folder, grid_of(OBLIQUE), multi_frame=multi_frame)
        images, mask = source.images(study_id, Modality.T1C), mask_on(source.study(study_id).grid)
        write_segmentation(folder / "seg", mask, images, AUTHOR)
        found = found_in(mask, GradePrediction(Grade.LGG, 0.1))
        write_measurement_report(folder / "sr", found, images, AUTHOR)
        for name in ("seg", "sr"):
            done = subprocess.run(
                ["dciodvfy", "-new", folder / name], capture_output=True, text=True, check=False
            )
            assert "Error" not in done.stderr + done.stdout


@pytest.fixture
def study() -> Study:
    return fake_case(shape=(24, 28, 20)).study


def test_predict_writes_both_beside_its_other_files(
    tmp_path: Path, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLIOBENCH_DICOM__PSEUDONYM_KEY", KEY)
    Writer(tmp_path / "images").study(study)
    command = ["predict", str(tmp_path / "images"), "--backend", write_bright(tmp_path), "--force"]

    result = CliRunner().invoke(
        app, [*command, "--dicom-seg", "--dicom-sr", "--out", str(tmp_path / "out")]
    )

    assert result.exit_code == 0, result.output
    (seg,) = (tmp_path / "out").glob("*_seg.dcm")
    (report,) = (tmp_path / "out").glob("*_sr.dcm")
    assert str(dcmread(seg).PatientID) == str(dcmread(report).PatientID) == SECRETS["PatientID"]
    assert not any(secret in result.output for secret in SECRETS.values())
    grid = canonical(study.file_grid)
    whole = read_back(seg, grid)["WT"]
    bright = np.rint(study.volume(Modality.T2F)) > 150
    np.testing.assert_array_equal(whole, reorient(bright, source=study.grid, target=grid))


def test_one_of_several_studies_has_objects_of_its_own(
    tmp_path: Path, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLIOBENCH_DICOM__PSEUDONYM_KEY", KEY)
    uids = [f"1.2.3.{number}" for number in (1, 2)]
    for uid in uids:
        Writer(tmp_path / "images" / uid, study_uid=uid).study(study)
    second = Pseudonyms(KEY).of("study", uids[1])
    command = ["predict", str(tmp_path / "images"), "--study", second, "--force", "--dicom-seg"]

    result = CliRunner().invoke(
        app, [*command, "--backend", write_bright(tmp_path), "--out", str(tmp_path / "out")]
    )

    assert result.exit_code == 0, result.output
    assert str(dcmread(tmp_path / "out" / f"{second}_seg.dcm").StudyInstanceUID) == uids[1]


def test_predict_refuses_them_before_it_reads_images_that_are_no_dicom(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["predict", "phantom:1:0:3", "--dicom-seg", "--out", str(tmp_path / "out")]
    )

    assert result.exit_code == 1
    assert "is not of DICOM images" in result.output
    assert not (tmp_path / "out").exists()
