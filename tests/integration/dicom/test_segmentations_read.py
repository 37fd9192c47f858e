"""DICOM segmentations as references and as somebody's predictions."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("highdicom")

from pydicom import Dataset, dcmread
from pydicom.sr.codedict import codes
from typer.testing import CliRunner

from fakes.dicom_files import SCANS, SECRETS, Writer
from fakes.dicom_segmentations import Drawn, shuffled, tumour_parts, write_segments
from fakes.fake_study_source import fake_case
from fakes.study_folder import write_study
from gliobench.adapters.dicom.dicom_study_source import DicomStudySource
from gliobench.adapters.dicom.predicted_segmentations import predicted_segmentations
from gliobench.adapters.dicom.segmentation import Author, write_segmentation
from gliobench.adapters.dicom.series_images import SeriesImages
from gliobench.application.backends.mask_answers import NOTHING_BESIDE
from gliobench.application.ports.dataset_path import resolved
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.orientation import reorient
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.predictions.prediction import Form, LocalisationPrediction, Mask
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.pseudonyms import Pseudonyms
from gliobench.domain.studies.study import Modality, Reference
from gliobench.entrypoints.cli import app
from gliobench.entrypoints.container import container

KEY = "k" * 32
AUTHOR = Author("a-backend", "ab" * 32)
SHAPE = (7, 9, 6)
ANGLE = 0.3
OBLIQUE = np.array(
    [[np.cos(ANGLE), -np.sin(ANGLE), 0], [np.sin(ANGLE), np.cos(ANGLE), 0], [0, 0, 1]]
)
TURNS = [
    np.eye(3)[list(order)] * signs
    for order, signs in product(permutations(range(3)), product((1, -1), repeat=3))
]
SERIES = Pseudonyms(KEY).of("series", "1.2.826.0.1.3680043.8.498.88001")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLIOBENCH_DICOM__PSEUDONYM_KEY", KEY)


def grid_of(axes: np.ndarray, shape: tuple[int, int, int] = SHAPE) -> Grid:
    affine = np.eye(4)
    affine[:3, :3] = axes @ np.diag([1.0, 1.5, 3.0])
    affine[:3, 3] = -12, 7, 30
    return Grid(shape, affine)


def written(folder: Path, grid: Grid, *, multi_frame: bool = False, **more: object) -> None:
    stored = np.random.default_rng(0).integers(1, 900, grid.shape).astype(np.int16)
    writer = Writer(folder, multi_frame=multi_frame, **more)  # type: ignore[arg-type]
    for modality in (Modality.T1C, Modality.T2F):
        writer.series(stored, grid, SCANS[modality])


def opened(folder: Path, **options: object) -> tuple[DicomStudySource, str, SeriesImages]:
    source = DicomStudySource(str(folder), Pseudonyms(KEY), **options)  # type: ignore[arg-type]
    study_id = source.study_ids()[0]
    return source, study_id, source.images(study_id, Modality.T1C)


def nested_on(grid: Grid, seed: int = 0) -> dict[str, np.ndarray]:
    inside = np.random.default_rng(seed).random(grid.shape)
    inside[:, :, [0, -1]] = 0  # empty frames are left out
    return {region.value: inside > 0.5 + 0.15 * n for n, region in enumerate(NESTED)}


def read_by(folder: Path, **options: object) -> Reference:
    source, study_id, _ = opened(folder, **options)
    return source.reference(study_id)


def check_is(reference: Reference, native: dict[str, np.ndarray], folder: Path) -> None:
    source, study_id, images = opened(folder)
    assert reference.fault is None
    assert {region.value for region in reference.regions} == native.keys()
    for name, inside in native.items():
        expected = reorient(inside, source=images.native_grid, target=source.study(study_id).grid)
        np.testing.assert_array_equal(reference.regions[Region(name)], expected)


@pytest.mark.parametrize(
    ("tilt", "half"), [(np.eye(3), 0), (OBLIQUE, 1)], ids=["straight", "oblique"]
)
def test_a_mask_written_and_read_is_equal_voxel_for_voxel_in_all_orientations(
    tmp_path: Path, tilt: np.ndarray, half: int, full: bool
) -> None:
    for number, axes in enumerate(TURNS):
        if number % 2 != half and not full:
            continue
        folder = tmp_path / str(number)
        written(folder, grid_of(tilt @ axes), multi_frame=bool(number // 2 % 2))
        source, study_id, images = opened(folder)
        grid = source.study(study_id).grid
        regions = {Region(name): voxels for name, voxels in nested_on(grid, number).items()}
        write_segmentation(folder / "seg", Mask(grid, regions), images, AUTHOR)

        found = read_by(folder, masks=frozenset({AUTHOR.uid(series_uid(images), "segmentation")}))

        assert found.regions.keys() == regions.keys()
        for region, voxels in regions.items():
            np.testing.assert_array_equal(found.regions[region], voxels)


def two_lesions(
    folder: Path, second: np.ndarray, *, label: str = "Lesion 2"
) -> dict[str, np.ndarray]:
    """Write the images, and two segmentations of one lesion each."""
    written(folder, grid_of(np.eye(3)))
    images = opened(folder)[2]
    first = np.zeros(images.native_grid.shape, bool)
    first[1:3, 1:3, 1:3] = True
    for number, (name, inside) in enumerate([("Lesion 1", first), (label, second)]):
        uid = f"1.2.826.0.1.3680043.8.498.8800{number + 1}"
        drawn = [Drawn(name, inside, codes.SCT.Neoplasm)]
        write_segments(folder / f"seg{number}", images, drawn, uid=uid)
    return {"WT": first | second}


def _away(at: int) -> np.ndarray:
    inside = np.zeros(SHAPE, bool)
    inside[at : at + 2, 1:3, 2:4] = True
    return inside


def test_two_segmentations_of_one_lesion_each_are_the_reference_together(tmp_path: Path) -> None:
    native = two_lesions(tmp_path, _away(4))

    check_is(read_by(tmp_path), native, tmp_path)


def test_segmentations_of_two_lesions_that_overlap_are_refused(tmp_path: Path) -> None:
    two_lesions(tmp_path, _away(2))

    found = read_by(tmp_path)

    assert found.fault is not None
    assert found.fault.kind is FaultKind.AMBIGUOUS_SERIES
    assert re.search(r"series-\w+ shares voxels with series-\w+", found.fault.detail)


def test_segmentations_of_one_number_are_asked_about(tmp_path: Path) -> None:
    two_lesions(tmp_path, _away(4), label="Lesion 1")

    found = read_by(tmp_path)

    assert found.fault is not None
    assert "the reference mask may be series-" in found.fault.detail


def test_predictions_of_one_lesion_each_are_taken_together(tmp_path: Path) -> None:
    native = two_lesions(tmp_path / "all", _away(4))
    segs = tmp_path / "segs"
    segs.mkdir()
    for file in (tmp_path / "all").glob("seg*"):
        file.rename(segs / file.name)
    source, study_id, images = opened(tmp_path / "all")

    found = predicted_segmentations(
        resolved(segs), Pseudonyms(KEY), source=source, beside=NOTHING_BESIDE
    ).localise(source.study(study_id))

    assert isinstance(found, LocalisationPrediction)
    mask = found.answers[Form.MASK]
    assert isinstance(mask, Mask)
    expected = reorient(native["WT"], source=images.native_grid, target=mask.grid)
    np.testing.assert_array_equal(mask.regions[Region.WT], expected)


def test_a_mask_is_read_on_its_own_grid_where_no_image_can_be_opened(tmp_path: Path) -> None:
    written(tmp_path, grid_of(np.eye(3)))
    source, study_id, images = opened(tmp_path)
    grid = source.study(study_id).grid
    regions = {Region(name): voxels for name, voxels in nested_on(grid).items()}
    write_segmentation(tmp_path / "seg", Mask(grid, regions), images, AUTHOR)
    uid = AUTHOR.uid(series_uid(images), "segmentation")
    heights = {
        path: float(dcmread(path).ImagePositionPatient[2]) for path in tmp_path.glob("S*_IM*")
    }
    for path, height in heights.items():
        if height == sorted(set(heights.values()))[2]:
            path.unlink()

    source = DicomStudySource(str(tmp_path), Pseudonyms(KEY), masks=frozenset({uid}))
    with pytest.raises(FaultyStudyError, match="about 1 missing"):
        source.study(study_id)
    found = source.reference(study_id)

    assert found.grid is not None
    assert found.grid.voxel_volume_mm3 == pytest.approx(grid.voxel_volume_mm3)
    for region, voxels in regions.items():
        assert np.count_nonzero(found.regions[region]) == np.count_nonzero(voxels)


def test_a_region_without_a_voxel_is_read_as_empty_and_accepted_by_a_validator(
    tmp_path: Path,
) -> None:
    written(tmp_path, grid_of(np.eye(3)))
    source, study_id, images = opened(tmp_path)
    grid = source.study(study_id).grid
    regions = {Region(name): voxels for name, voxels in nested_on(grid).items()}
    regions[Region.ET] = np.zeros(grid.shape, bool)

    write_segmentation(tmp_path / "seg", Mask(grid, regions), images, AUTHOR)

    found = read_by(tmp_path, masks=frozenset({AUTHOR.uid(series_uid(images), "segmentation")}))
    assert found.regions.keys() == regions.keys()
    assert not found.regions[Region.ET].any()
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (package dicom3tools) is not installed")
    done = subprocess.run(
        ["dciodvfy", "-new", tmp_path / "seg"], capture_output=True, text=True, check=False
    )
    assert "Error" not in done.stderr + done.stdout


def test_the_table_of_series_settles_what_it_lists(tmp_path: Path) -> None:
    written(tmp_path / "export", grid_of(np.eye(3)))
    _, _, images = opened(tmp_path / "export")
    native = nested_on(images.native_grid)
    write_segments(tmp_path / "export" / "seg", images, drawn_parts(native), by="AUTOMATIC")
    place, table = str(tmp_path / "export"), tmp_path / "series.csv"
    listed = CliRunner().invoke(app, ["dataset", "series", place, "--out", str(table)])
    assert listed.exit_code == 0, listed.output
    rows = table.read_text()
    assert f"{SERIES},,9," in rows

    table.write_text(rows.replace(f"{SERIES},,9,", f"{SERIES},mask,9,"))
    done = CliRunner().invoke(app, ["dataset", "series", place, "--series", str(table), "--json"])

    assert done.exit_code == 0, done.output
    assert [mask["used"] for mask in json.loads(done.stdout)["studies"][0]["masks"]] == [True]


def series_uid(images: SeriesImages) -> str:
    return next(str(tags.SeriesInstanceUID) for tags, _ in images.datasets())


def drawn_parts(native: dict[str, np.ndarray], *, fractions: bool = False) -> list[Drawn]:
    """Lay out disjoint parts under names and codes that dcmqi's users give."""
    types = (codes.SCT.Edema, codes.SCT.Necrosis, codes.NCIt.EnhancingLesion)
    parts = tumour_parts(native).items()
    share = 0.75 if fractions else 1
    return [
        Drawn(label, inside * share if fractions else inside, code)
        for (label, inside), code in zip(parts, types, strict=True)
    ]


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
@pytest.mark.parametrize("in_order", [True, False])
def test_parts_that_others_drew_make_up_the_regions(
    tmp_path: Path, kind: str, in_order: bool
) -> None:
    written(tmp_path, grid_of(OBLIQUE @ TURNS[5]))
    _, _, images = opened(tmp_path)
    native = nested_on(images.native_grid)
    parts = drawn_parts(native, fractions=kind == "FRACTIONAL")

    write_segments(tmp_path / "seg", images, parts, kind=kind, edit=None if in_order else shuffled)

    check_is(read_by(tmp_path), native, tmp_path)


def test_a_fraction_of_half_or_less_is_outside(tmp_path: Path) -> None:
    written(tmp_path, grid_of(np.eye(3)))
    _, _, images = opened(tmp_path)
    shares = np.random.default_rng(1).random(SHAPE)

    write_segments(tmp_path / "seg", images, [Drawn("Tumor", shares)], kind="FRACTIONAL")

    check_is(read_by(tmp_path), {"WT": np.rint(shares * 255) > 127.5}, tmp_path)


def test_a_prediction_in_the_archive_is_noted_and_used_only_where_it_is_declared(
    tmp_path: Path,
) -> None:
    written(tmp_path, grid_of(np.eye(3)))
    source, study_id, images = opened(tmp_path)
    native = nested_on(images.native_grid)
    write_segments(tmp_path / "seg", images, drawn_parts(native), by="AUTOMATIC")

    source, study_id, _ = opened(tmp_path)

    assert not source.reference(study_id).regions
    (note,) = source.notes(study_id)
    assert (note.kind, "their-net" in note.detail) == (FaultKind.UNUSED_MASK, True)
    check_is(read_by(tmp_path, masks=frozenset({SERIES})), native, tmp_path)


def test_two_masks_of_one_study_are_asked_about(tmp_path: Path) -> None:
    written(tmp_path, grid_of(np.eye(3)))
    _, _, images = opened(tmp_path)
    first, second = nested_on(images.native_grid), nested_on(images.native_grid, seed=1)
    other = "1.2.826.0.1.3680043.8.498.88002"
    write_segments(tmp_path / "seg1", images, drawn_parts(first))
    write_segments(tmp_path / "seg2", images, drawn_parts(second), uid=other)
    place = str(tmp_path)

    done = CliRunner().invoke(app, ["dataset", "series", place, "--json"])

    assert done.exit_code == 3, done.output
    (study,) = json.loads(done.stdout)["studies"]
    assert SERIES in study["questions"][0]
    assert len(study["masks"]) == 2
    fault = read_by(tmp_path).fault
    assert fault is not None
    assert fault.kind is FaultKind.AMBIGUOUS_SERIES
    check_is(read_by(tmp_path, masks=frozenset({other})), second, tmp_path)
    check_is(read_by(tmp_path, declared={other: None}), first, tmp_path)
    settled = CliRunner().invoke(app, ["dataset", "series", place, "--series", f"mask={other}"])
    assert settled.exit_code == 0, settled.output
    assert "declared" in settled.stdout


def test_the_same_segmentation_exported_twice_is_one(tmp_path: Path) -> None:
    written(tmp_path, grid_of(np.eye(3)))
    _, _, images = opened(tmp_path)
    native = nested_on(images.native_grid)
    write_segments(tmp_path / "seg", images, drawn_parts(native))
    (tmp_path / "again").write_bytes((tmp_path / "seg").read_bytes())

    check_is(read_by(tmp_path), native, tmp_path)


def test_a_mask_on_another_grid_of_the_study_makes_that_the_grid(tmp_path: Path) -> None:
    fine, coarse = grid_of(np.eye(3), (14, 9, 6)), grid_of(np.eye(3))
    writer = Writer(tmp_path)
    for grid, modality in zip(
        (coarse, coarse, fine), (Modality.T1N, Modality.T2F, Modality.T1C), strict=True
    ):
        writer.series(np.ones(grid.shape, np.int16), grid, SCANS[modality])
    source, study_id, images = opened(tmp_path)
    assert source.study(study_id).grid.shape == coarse.shape
    native = nested_on(images.native_grid)

    write_segments(tmp_path / "seg", images, drawn_parts(native))

    source, study_id, _ = opened(tmp_path)
    assert source.study(study_id).grid.shape == fine.shape
    check_is(source.reference(study_id), native, tmp_path)


def _moved(made: Dataset) -> None:
    places = [group.PlanePositionSequence[0] for group in made.PerFrameFunctionalGroupsSequence]
    for place in {id(place): place for place in places}.values():  # frames may share one
        x, y, z = place.ImagePositionPatient
        place.ImagePositionPatient = [float(x) + 0.4, y, z]


def _twice(made: Dataset) -> None:
    groups = made.PerFrameFunctionalGroupsSequence
    groups[1].PlanePositionSequence = groups[0].PlanePositionSequence


def _of_unknown_segment(made: Dataset) -> None:
    frame = made.PerFrameFunctionalGroupsSequence[0]
    frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber = 7


def _cut(made: Dataset) -> None:
    made.PixelData = made.PixelData[:8]


def _renamed(made: Dataset) -> None:
    made.SegmentSequence[0].SegmentLabel = f"Nerve of {SECRETS['PatientName'].partition('^')[0]}"
    del made.SegmentSequence[0].SegmentedPropertyTypeCodeSequence


@pytest.mark.parametrize(
    ("edit", "kind", "why"),
    [
        (_moved, FaultKind.AFFINE_MISMATCH, "pixels lie up to 0.4 voxels beside"),
        (_twice, FaultKind.UNREADABLE, "two frames of a segment lie at one place"),
        (_of_unknown_segment, FaultKind.UNREADABLE, "segment 7, which is not described"),
        (_cut, FaultKind.TRUNCATED, "truncated"),
        (_renamed, FaultKind.UNKNOWN_LABEL, r"'Nerve of \*\*\*'. is no known part of a tumour"),
    ],
)
def test_what_cannot_be_read_is_a_fault_in_one_line_without_a_name(
    tmp_path: Path, edit, kind: FaultKind, why: str
) -> None:
    written(tmp_path, grid_of(np.eye(3)))
    _, _, images = opened(tmp_path)
    native = nested_on(images.native_grid)

    write_segments(tmp_path / "seg", images, drawn_parts(native), edit=edit)

    reference = read_by(tmp_path)
    assert not reference.regions
    assert reference.fault is not None
    assert reference.fault.kind is kind
    assert re.search(why, reference.fault.detail)
    assert reference.fault.detail.startswith(SERIES)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Two studies, each with a mask that people drew."""
    for number in (1, 2):
        folder = tmp_path / "dataset" / str(number)
        written(folder, grid_of(OBLIQUE, (20, 24, 16)), study_uid=f"1.2.{number}", seed=number)
        _, _, images = opened(folder)
        parts = drawn_parts(blob(images.native_grid, 3.0))
        write_segments(folder / "seg", images, parts, uid=f"1.2.{number}.77")
    return tmp_path / "dataset"


def blob(grid: Grid, radius: float) -> dict[str, np.ndarray]:
    centre = (np.array(grid.shape) - 1) / 2
    away = np.linalg.norm(np.moveaxis(np.indices(grid.shape), 0, -1) - centre, axis=-1)
    return {region.value: away < radius - n for n, region in enumerate(NESTED)}


def imported(
    dataset: Path, segs: Path, out: Path, *more: str, code: int = 0, before: Sequence[str] = ()
) -> str:
    command = [*before, "import", str(dataset), "--name", "theirs", "--masks", str(segs), *more]
    done = CliRunner().invoke(app, [*command, "--out", str(out)])
    assert done.exit_code == code, done.output
    return done.output


def outcomes(out: Path) -> list[float | str]:
    """Return the Dice of each study, or the reason of its failure, in the order of their ids."""
    cases = sorted(
        container.run_store(str(out / "theirs")).scores(), key=lambda case: case.study_id
    )
    found = [case.localisation[Form.MASK] for case in cases]
    return [
        score.failure.reason.value if score.failure else score.leading(Form.MASK) or 0.0
        for score in found
    ]


def ids() -> list[str]:
    return [Pseudonyms(KEY).of("study", f"1.2.{number}") for number in (1, 2)]


def by_id(*values: float | str) -> list[float | str]:
    """Order what is said of the studies 1 and 2 as their ids are."""
    return [value for _, value in sorted(zip(ids(), values, strict=True))]


def predicted(dataset: Path, number: int, path: Path, **more: object) -> None:
    _, _, images = opened(dataset / str(number))
    parts = drawn_parts(blob(images.native_grid, 3.0))
    write_segments(path, images, parts, by="AUTOMATIC", **more)  # type: ignore[arg-type]


def test_segmentations_are_imported_as_predictions_of_the_studies_that_they_name(
    dataset: Path, tmp_path: Path
) -> None:
    predicted(dataset, 1, tmp_path / "segs" / "any name")

    said = imported(dataset, tmp_path / "segs", tmp_path / "out", code=3)

    assert outcomes(tmp_path / "out") == by_id(1.0, "missing_prediction")
    assert not any(secret in said for secret in SECRETS.values())


def _of_another_study(made: Dataset) -> None:
    made.StudyInstanceUID = "1.2.3.4"


def test_a_segmentation_with_a_study_of_its_own_is_matched_by_the_series_that_it_names(
    dataset: Path, tmp_path: Path
) -> None:
    predicted(dataset, 1, tmp_path / "segs" / "1", edit=_of_another_study)
    predicted(dataset, 2, tmp_path / "segs" / "2", edit=_moved, uid="1.2.9")

    imported(dataset, tmp_path / "segs", tmp_path / "out", code=3)

    assert outcomes(tmp_path / "out") == by_id(1.0, "wrong_grid")
    imported(dataset, tmp_path / "segs", tmp_path / "taken", "--resample")
    assert outcomes(tmp_path / "taken") == [1.0, 1.0]
    provenance = container.run_store(str(tmp_path / "taken" / "theirs")).manifest().provenance
    assert "nearest voxel where the grid differs" in str(provenance)


def test_two_predictions_of_a_study_are_refused_until_one_is_excluded(
    dataset: Path, tmp_path: Path
) -> None:
    for number, uid in enumerate(("1.2.9.1", "1.2.9.2")):
        predicted(dataset, 1, tmp_path / "segs" / str(number), uid=uid)
    predicted(dataset, 2, tmp_path / "segs" / "of 2", uid="1.2.9.3")

    said = imported(dataset, tmp_path / "segs", tmp_path / "out", code=1)

    assert "2 segmentations of study" in said
    imported(dataset, tmp_path / "segs", tmp_path / "out", "--exclude", "1.2.9.2")
    assert outcomes(tmp_path / "out") == [1.0, 1.0]
    strange = imported(dataset, tmp_path / "segs", tmp_path / "x", "--exclude", "1.2", code=1)
    assert "--exclude: 1 of 1 series are not in" in strange


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (["--labels", "nnunet-brats"], "holds DICOM segmentations, for which there is no labels"),
    ],
)
def test_options_of_other_masks_are_refused(
    dataset: Path, tmp_path: Path, more: list[str], why: str
) -> None:
    predicted(dataset, 1, tmp_path / "segs" / "1")

    assert why in imported(dataset, tmp_path / "segs", tmp_path / "out", *more, code=1)


def test_images_among_predictions_and_studies_that_are_no_dicom_are_refused(
    dataset: Path, tmp_path: Path
) -> None:
    predicted(dataset, 1, tmp_path / "segs" / "1")
    write_study(tmp_path / "nifti", fake_case("a"))
    labels = ["--set", "labels=brats-gli-2017"]

    beside = imported(dataset, dataset, tmp_path / "out", code=1)
    other = imported(tmp_path / "nifti", tmp_path / "segs", tmp_path / "out", code=1, before=labels)

    assert "holds MR images" in beside
    assert "the dataset no DICOM" in other
