"""Studies in DICOM files: geometry, values, and files that are not as they should be."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Callable
from itertools import permutations, product
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

pytest.importorskip("pydicom", reason="the extra `dicom` is not installed")

from pydicom import Dataset, dcmread, uid
from pydicom.fileset import FileSet
from scipy.spatial.transform import Rotation

from fakes.dicom_files import SCANS, Scan, Writer
from fakes.fake_study_source import fake_case
from gliobench.adapters.dicom import DicomStudySource
from gliobench.domain.errors import GliobenchError, InvalidInputError, NotFoundError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.orientation import canonical, reorient
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.patients import assumptions
from gliobench.domain.studies.pseudonyms import Pseudonyms
from gliobench.domain.studies.study import Modality, Study

KEY = Pseudonyms("a key of many characters")
OBLIQUE = Rotation.from_euler("xyz", (13, -21, 37), degrees=True).as_matrix()
SPACING_MM = (0.9, 1.1, 2.5)
SYNTAXES = [
    uid.ExplicitVRLittleEndian,
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
    uid.RLELossless,
    uid.JPEG2000Lossless,
    uid.JPEGLSLossless,
]


def opened(folder: Path, **options: object) -> DicomStudySource:
    return DicomStudySource(folder, KEY, **options)


def only(source: DicomStudySource) -> Study:
    (study_id,) = source.study_ids()
    return source.study(study_id)


def voxels(shape: tuple[int, int, int] = (33, 36, 6), seed: int = 0, kind: type = np.int16):
    low = -1000 if np.iinfo(kind).min else 0
    return np.random.default_rng(seed).integers(low, 120, shape).astype(kind)


def grid_of(axes: np.ndarray, shape: tuple[int, ...] = (33, 36, 6)) -> Grid:
    affine = np.eye(4)
    affine[:3, :3] = axes @ np.diag(SPACING_MM)
    affine[:3, 3] = (-31.25, 17.5, 40.125)
    return Grid(shape=(shape[0], shape[1], shape[2]), affine=affine)


def flat_axes() -> list[np.ndarray]:
    """List all 48 orientations."""
    found = []
    for order, signs in product(permutations(range(3)), product((1, -1), repeat=3)):
        found.append(np.eye(3)[:, list(order)] * signs)
    return found


def assert_same(study: Study, stored: np.ndarray, grid: Grid, modality: Modality) -> None:
    wanted = canonical(grid)
    assert np.abs(study.grid.affine - wanted.affine).max() < 1e-3
    np.testing.assert_array_equal(
        study.volumes[modality], reorient(stored, source=grid, target=wanted)
    )


@pytest.mark.parametrize("turned", [np.eye(3), OBLIQUE], ids=["flat", "oblique"])
@pytest.mark.parametrize("multi_frame", [False, True])
def test_every_orientation_gives_the_same_array_and_affine(
    tmp_path: Path, multi_frame: bool, turned: np.ndarray
) -> None:
    for number, axes in enumerate(flat_axes()):
        grid, stored = grid_of(turned @ axes), voxels(seed=number)
        folder = tmp_path / str(number)
        Writer(folder, multi_frame=multi_frame, seed=number).series(
            stored, grid, SCANS[Modality.T1C]
        )

        assert_same(only(opened(folder)), stored, grid, Modality.T1C)


@pytest.mark.parametrize("kind", [np.int16, np.uint16, np.uint8])
@pytest.mark.parametrize("multi_frame", [False, True])
@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda one: uid.UID(one).keyword)
def test_every_encoding_gives_the_scaled_values(
    tmp_path: Path, syntax: str, multi_frame: bool, kind: type
) -> None:
    stored, grid = voxels(kind=kind), grid_of(OBLIQUE)
    writer = Writer(tmp_path, syntax=syntax, multi_frame=multi_frame)
    writer.series(stored, grid, SCANS[Modality.T2F], slope=0.5, intercept=-3.0)

    assert_same(only(opened(tmp_path)), stored * 0.5 - 3.0, grid, Modality.T2F)


@pytest.mark.parametrize("kind", [np.int16, np.uint16, np.uint8])
def test_lossless_jpeg_is_decoded_without_a_trace(
    tmp_path: Path, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitk = pytest.importorskip("SimpleITK")
    stored, grid = voxels(kind=kind), grid_of(np.eye(3))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))

    def compressed(datasets: list[Dataset]) -> None:
        for dataset in datasets:
            flat = np.frombuffer(dataset.PixelData, kind).reshape(dataset.Rows, dataset.Columns)
            writer = sitk.ImageFileWriter()
            writer.SetImageIO("GDCMImageIO")
            writer.UseCompressionOn()
            writer.SetCompressor("JPEG")
            writer.SetFileName(str(tmp_path / "one.dcm"))
            writer.Execute(sitk.GetImageFromArray(flat))
            dataset.PixelData = dcmread(tmp_path / "one.dcm").PixelData
            dataset["PixelData"].is_undefined_length = True

    writer = Writer(tmp_path / "study", syntax=uid.JPEGLosslessSV1, encoded=True)
    writer.series(stored, grid, SCANS[Modality.T1C], edit=compressed)

    assert_same(only(opened(tmp_path / "study")), stored, grid, Modality.T1C)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_an_oblique_series_lies_where_dcm2niix_places_it(tmp_path: Path) -> None:
    dcm2niix = pytest.importorskip("dcm2niix")
    stored, grid = voxels(), grid_of(OBLIQUE)
    Writer(tmp_path / "study").series(stored, grid, SCANS[Modality.T1C], slope=2.0, intercept=-5.0)
    command = [dcm2niix.bin, "-z", "n", "-f", "out", "-o", tmp_path, tmp_path / "study"]
    subprocess.run(command, check=True, capture_output=True)

    study = only(opened(tmp_path / "study"))

    wanted = nib.as_closest_canonical(nib.load(tmp_path / "out.nii"))
    np.testing.assert_allclose(study.grid.affine, wanted.affine, atol=1e-4)
    np.testing.assert_array_equal(study.volumes[Modality.T1C], wanted.get_fdata())


def test_bits_that_are_not_stored_are_not_read(tmp_path: Path) -> None:
    stored, grid = voxels(kind=np.uint16) & 0x0FFF, grid_of(np.eye(3))
    noisy = stored | 0xF000

    Writer(tmp_path).series(noisy, grid, SCANS[Modality.T1C], bits=12)

    assert_same(only(opened(tmp_path)), stored, grid, Modality.T1C)


def test_each_slice_has_its_own_slope(tmp_path: Path) -> None:
    stored, grid = voxels(), grid_of(np.eye(3))

    def scale(datasets: list[Dataset]) -> None:
        for index, dataset in enumerate(datasets):
            dataset.RescaleSlope, dataset.RescaleIntercept = index + 1.0, float(index)

    Writer(tmp_path).series(stored, grid, SCANS[Modality.T1C], edit=scale)

    steps = np.arange(stored.shape[2])
    assert_same(only(opened(tmp_path)), stored * (steps + 1.0) + steps, grid, Modality.T1C)


@pytest.mark.parametrize("slope", [2.0, 0.0], ids=["its own", "none"])
def test_a_frame_is_scaled_by_its_own_groups_before_the_tags_of_the_file(
    tmp_path: Path, slope: float
) -> None:
    stored, grid = voxels(), grid_of(np.eye(3))

    def scale(datasets: list[Dataset]) -> None:
        datasets[0].RescaleSlope, datasets[0].RescaleIntercept = 5.0, -1000.0

    writer = Writer(tmp_path, multi_frame=True)
    writer.series(stored, grid, SCANS[Modality.T1C], slope=slope, edit=scale)

    assert_same(only(opened(tmp_path)), stored * (slope or 1.0), grid, Modality.T1C)


def test_slices_of_interleaved_acquisitions_are_one_volume(tmp_path: Path) -> None:
    stored, grid = voxels(), grid_of(np.eye(3))

    def interleave(datasets: list[Dataset]) -> None:
        for index, dataset in enumerate(datasets):
            dataset.AcquisitionNumber, dataset.SliceThickness = index % 2 + 1, SPACING_MM[2]

    Writer(tmp_path).series(stored, grid, SCANS[Modality.T1C], edit=interleave)

    assert_same(only(opened(tmp_path)), stored, grid, Modality.T1C)


def test_the_sign_of_twelve_bits_is_the_highest_of_them(tmp_path: Path) -> None:
    stored, grid = voxels(), grid_of(np.eye(3))
    noisy = (stored.view(np.uint16) & 0x0FFF | 0x5000).view(np.int16)

    Writer(tmp_path).series(noisy, grid, SCANS[Modality.T1C], bits=12)

    assert_same(only(opened(tmp_path)), stored, grid, Modality.T1C)


def test_series_on_several_grids_say_that_they_must_be_registered(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    for modality in (Modality.T1C, Modality.T2W):
        writer.series(voxels(), grid_of(np.eye(3)), SCANS[modality])
    writer.series(voxels(), grid_of(OBLIQUE), SCANS[Modality.T2F])
    study = only(opened(tmp_path))

    assert study.volumes[Modality.T2W].shape == study.grid.shape
    with pytest.raises(FaultyStudyError, match="must be registered first") as error:
        study.volume(Modality.T2F)
    assert error.value.kind is FaultKind.AFFINE_MISMATCH


def _ordinary(folder: Path, **options: object) -> Writer:
    writer = Writer(folder, **options)
    writer.study(fake_case("a").study)
    return writer


def _files(folder: Path, description: str) -> list[Path]:
    """List the files of a series by the places of their slices."""
    found = [
        (float(header.ImagePositionPatient[2]), path)
        for path in folder.iterdir()
        if path.is_file()
        and (header := dcmread(path, stop_before_pixels=True)).SeriesDescription == description
    ]
    return [path for _, path in sorted(found)]


T1C, FLAIR = SCANS[Modality.T1C].description, SCANS[Modality.T2F].description


def _edited(path: Path, change: Callable[[Dataset], object]) -> None:
    dataset = dcmread(path)
    change(dataset)
    dataset.save_as(path)


def _remove(files: list[Path]) -> None:
    files[4].unlink()


def _move(files: list[Path]) -> None:
    _edited(files[4], lambda ds: setattr(ds, "ImagePositionPatient", [0, 0, 999]))


def _unplace(files: list[Path]) -> None:
    _edited(files[4], lambda ds: ds.__delattr__("ImagePositionPatient"))


def _vary_rows(files: list[Path]) -> None:
    def crop(dataset: Dataset) -> None:
        dataset.Rows -= 1
        dataset.PixelData = dataset.PixelData[: 2 * dataset.Rows * dataset.Columns]

    _edited(files[0], crop)


def _claim_rows(files: list[Path]) -> None:
    for file in files:
        _edited(file, lambda ds: setattr(ds, "Rows", 60000))


def _truncate(files: list[Path]) -> None:
    files[4].write_bytes(files[4].read_bytes()[:-20])


def _colour(files: list[Path]) -> None:
    _edited(files[4], lambda ds: setattr(ds, "PhotometricInterpretation", "RGB"))


def _turn(files: list[Path]) -> None:
    _edited(files[4], lambda ds: ds.ImageOrientationPatient.__setitem__(1, 0.001))


def _differ(files: list[Path]) -> None:
    other = files[4].with_name("another")
    shutil.copy(files[4], other)

    def change(dataset: Dataset) -> None:
        dataset.SOPInstanceUID = "1.2.3.4.5"
        dataset.PixelData = dataset.PixelData[::-1]

    _edited(other, change)


def _burn(files: list[Path]) -> None:
    _edited(files[0], lambda ds: setattr(ds, "BurnedInAnnotation", "YES"))


def _repeat_all(files: list[Path]) -> None:
    for number, file in enumerate(files):
        again = file.with_name(f"again{number}")
        shutil.copy(file, again)
        _edited(again, lambda ds: setattr(ds, "SOPInstanceUID", f"{ds.SOPInstanceUID}.9"))


def _name_alike(files: list[Path]) -> None:
    for file in files:
        _edited(file, lambda ds: setattr(ds, "SOPInstanceUID", "1.2.3.4.5"))


def _unscale(files: list[Path]) -> None:
    for file in files[:4] + files[5:]:
        _edited(file, lambda ds: setattr(ds, "RescaleSlope", 3.0))


def _invert(files: list[Path]) -> None:
    for file in files:
        _edited(file, lambda ds: setattr(ds, "PhotometricInterpretation", "MONOCHROME1"))


def _acquire_again(files: list[Path]) -> None:
    """Add the slices of a second acquisition, for which the head lay half a slice higher."""

    def change(dataset: Dataset, acquisition: int) -> None:
        dataset.AcquisitionNumber, dataset.SliceThickness = acquisition, 1.0
        dataset.SOPInstanceUID += f".{acquisition}"
        dataset.ImagePositionPatient[2] += 0.5 * (acquisition - 1)

    for number, file in enumerate(files):
        again = file.with_name(f"again{number}")
        shutil.copy(file, again)
        _edited(again, lambda ds: change(ds, 2))
        _edited(file, lambda ds: change(ds, 1))


def _align_left(files: list[Path]) -> None:
    _edited(files[4], lambda ds: setattr(ds, "BitsStored", 12))


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (_remove, "a gap of 2 mm between slices 4 and 5"),
        (_move, "apart"),
        (_unplace, "1 of 10 images lack their position"),
        (_vary_rows, "different Rows"),
        (_claim_rows, "60000"),
        (_truncate, "truncated"),
        (_colour, "pixels of colours, or inverted: wanted MONOCHROME2"),
        (_turn, "orientations of slices differ"),
        (_differ, "two different images at slice 5"),
        (_burn, "burnt-in annotations"),
        (_repeat_all, "2 images at each place"),
        (_name_alike, "images of several places have one SOPInstanceUID"),
        (_unscale, "1 of 10 images lack the RescaleSlope of the others"),
        (_invert, "inverted: wanted MONOCHROME2"),
        (_align_left, "highest bit is 15: wanted 11"),
        (_acquire_again, "slices of 1 mm from 2 acquisitions lie 0.5 mm apart"),
    ],
)
def test_a_damaged_series_is_one_line_and_leaves_the_others(
    tmp_path: Path, damage: Callable[[list[Path]], None], line: str
) -> None:
    _ordinary(tmp_path)
    _ordinary(tmp_path / "other", study_uid="1.2.3")
    damage(_files(tmp_path, T1C))

    source = opened(tmp_path)

    assert len(source.study_ids()) == 2
    faults = []
    for study_id in source.study_ids():
        study = source.study(study_id)
        faults += [(m, fault) for m in study.volumes if (fault := _fault(study, m))]
    ((modality, fault),) = faults
    assert modality is Modality.T1C
    assert line in fault
    assert len(fault.splitlines()) == 1


def _fault(study: Study, modality: Modality) -> str:
    try:
        study.volume(modality)
    except FaultyStudyError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "content", [b"", b"junk", bytes(200), b"\0" * 128 + b"DICM" + b"\xff" * 90]
)
def test_files_that_are_no_images_are_counted_and_passed_over(
    tmp_path: Path, content: bytes
) -> None:
    _ordinary(tmp_path)
    (tmp_path / "Geheimnis").write_bytes(content)

    source = opened(tmp_path)

    assert sum(source.content().passed_over.values()) == 1
    assert only(source).absent == ()


def test_a_damaged_file_is_noted_with_the_studies_of_its_folder(tmp_path: Path) -> None:
    _ordinary(tmp_path)
    files = _files(tmp_path, T1C)
    files[-1].write_bytes(files[-1].read_bytes()[:300])

    source = opened(tmp_path)
    (note,) = source.notes(source.study_ids()[0])

    assert note.kind is FaultKind.UNREADABLE_FILE
    assert "1 damaged" in note.detail


def test_series_of_several_frames_of_reference_are_noted(tmp_path: Path) -> None:
    _ordinary(tmp_path)
    for number, description in enumerate((T1C, FLAIR), 1):
        for file in _files(tmp_path, description):
            _edited(file, lambda ds, uid=f"1.2.{number}": setattr(ds, "FrameOfReferenceUID", uid))

    source = opened(tmp_path)
    (note,) = source.notes(source.study_ids()[0])

    assert note.kind is FaultKind.OTHER_FRAME_OF_REFERENCE
    assert note.kind.is_note


def test_frames_without_places_are_passed_over(tmp_path: Path) -> None:
    _ordinary(tmp_path)
    for file in _files(tmp_path, FLAIR):
        _edited(file, lambda ds: setattr(ds, "NumberOfFrames", 10**9))

    source = opened(tmp_path)

    assert only(source).absent == (Modality.T2F,)
    assert source.notes(source.study_ids()[0])


def test_two_patients_in_one_study_make_it_a_fault(tmp_path: Path) -> None:
    _ordinary(tmp_path)
    _edited(_files(tmp_path, T1C)[0], lambda ds: setattr(ds, "PatientID", "ANOTHER"))
    source = opened(tmp_path)

    with pytest.raises(FaultyStudyError, match="images are of 2 patients"):
        only(source)
    assert source.origin(source.study_ids()[0]).patient_id.startswith("patient-")


def test_an_empty_folder_and_one_without_images_say_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no MR image"):
        opened(tmp_path)
    (tmp_path / "Geheimnis.txt").write_text("Geheimnis")
    with pytest.raises(NotFoundError, match=r"no DICOM \(1 of them\)") as error:
        opened(tmp_path)
    assert "Geheimnis" not in str(error.value)
    with pytest.raises(NotFoundError, match="no file or folder"):
        opened(tmp_path / "nowhere")


def test_an_agent_that_was_not_administered_is_none(tmp_path: Path) -> None:
    def unused(datasets: list[Dataset]) -> None:
        (dataset,) = datasets
        dataset.ContrastBolusAgentSequence = [Dataset()]
        for groups in dataset.PerFrameFunctionalGroupsSequence:
            groups.ContrastBolusUsageSequence = [Dataset()]
            groups.ContrastBolusUsageSequence[0].ContrastBolusAgentAdministered = "NO"

    scan = Scan("T1 tra", (500, 10))
    Writer(tmp_path, multi_frame=True).series(voxels(), grid_of(np.eye(3)), scan, edit=unused)

    assert [*only(opened(tmp_path)).volumes] == [Modality.T1N]


def test_a_file_exported_twice_is_read_once(tmp_path: Path) -> None:
    _ordinary(tmp_path / "once")
    expected = only(opened(tmp_path)).volume(Modality.T1C)
    shutil.copytree(tmp_path / "once", tmp_path / "again")

    np.testing.assert_array_equal(only(opened(tmp_path)).volume(Modality.T1C), expected)


def test_links_out_of_the_folder_and_in_circles_are_not_followed(tmp_path: Path) -> None:
    _ordinary(tmp_path / "elsewhere", study_uid="1.2.3")
    _ordinary(tmp_path / "study")
    (tmp_path / "study" / "out").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "study" / "circle").symlink_to(tmp_path / "study")
    (tmp_path / "study" / "nowhere").symlink_to(tmp_path / "nothing")

    assert len(opened(tmp_path / "study").study_ids()) == 1


def test_a_series_of_several_planes_echoes_and_kinds_is_divided(tmp_path: Path) -> None:
    writer = _ordinary(tmp_path)

    def change(datasets: list[Dataset]) -> None:
        for index, dataset in enumerate(datasets):
            dataset.EchoTime = 20 if index % 2 else 100
            dataset.ImagePositionPatient = [0, 0, index // 2]

    dual = Scan("T2 dual", (4000, 100))
    writer.series(voxels((33, 36, 12)), grid_of(np.eye(3)), dual, edit=change)

    (study,) = opened(tmp_path).content().studies
    parts = [item for item in study.choice.series if item.description == "T2 dual"]
    assert sorted((item.echo_ms, item.n_images, item.flaw) for item in parts) == [
        (20.0, 6, ""),
        (100.0, 6, ""),
    ]


def test_series_that_were_given_one_uid_are_divided(tmp_path: Path) -> None:
    def same(datasets: list[Dataset]) -> None:
        for dataset in datasets:
            dataset.SeriesInstanceUID = "1.2.3"

    writer = Writer(tmp_path)
    for seed, modality in enumerate(SCANS):
        writer.series(voxels(seed=seed), grid_of(np.eye(3)), SCANS[modality], edit=same)

    assert only(opened(tmp_path)).volumes.keys() == set(Modality)


def test_what_is_in_doubt_makes_the_study_a_fault_until_it_is_declared(tmp_path: Path) -> None:
    writer = _ordinary(tmp_path)
    uid_of_more = writer.series(
        voxels((12, 14, 10)), fake_case("a").study.grid, Scan("T1 tra Gd again", (500, 10), "Gd")
    )
    source = opened(tmp_path)

    with pytest.raises(
        FaultyStudyError, match="t1c may be series .* settle it by --series"
    ) as error:
        only(source)
    assert error.value.kind is FaultKind.AMBIGUOUS_SERIES
    assert only(opened(tmp_path, declared={uid_of_more: Modality.T1C})).absent == ()
    assert only(opened(tmp_path, declared={uid_of_more: None})).absent == ()
    with pytest.raises(InvalidInputError, match="1 of 1 series are not in this dataset") as error:
        opened(tmp_path, declared={"1.2.3": None}, wanted=frozenset({"1.2.3"}))
    assert "1.2.3" not in str(error.value)


def test_a_zip_is_read_whatever_its_members_are_called(tmp_path: Path) -> None:
    _ordinary(tmp_path / "study")
    expected = only(opened(tmp_path / "study"))
    with zipfile.ZipFile(
        tmp_path / "export.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1
    ) as archive:
        for file in (tmp_path / "study").iterdir():
            archive.write(file, f"../../../{file.name}")
        archive.writestr("/etc/Geheimnis", b"junk")

    study = only(opened(tmp_path / "export.zip"))

    assert study.id == expected.id
    np.testing.assert_array_equal(study.volume(Modality.T2F), expected.volume(Modality.T2F))
    assert {path.name for path in tmp_path.iterdir()} == {"study", "export.zip"}


def test_a_zip_that_inflates_without_bounds_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        block = bytes(2**26)
        for number in range(17):
            archive.writestr(f"{number}", block)

    with pytest.raises(InvalidInputError, match="a zip of 17 files"):
        opened(tmp_path / "bomb.zip")


@pytest.mark.parametrize("content", [b"PK\x03\x04junk", b"PK\x05\x06" + bytes(18)])
def test_a_damaged_or_empty_zip_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "damaged.zip").write_bytes(content)

    with pytest.raises(GliobenchError):
        opened(tmp_path / "damaged.zip")


def test_a_zip_of_nifti_says_that_it_is_not_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as archive:
        archive.writestr("Anna_t1.nii.gz", b"x")

    with pytest.raises(NotFoundError, match=r"no DICOM but NIfTI.*from a zip") as error:
        opened(tmp_path / "study.zip")
    assert "Anna" not in str(error.value)


def test_a_deflated_file_that_inflates_without_bounds_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ordinary(tmp_path, syntax=uid.DeflatedExplicitVRLittleEndian)
    monkeypatch.setattr("gliobench.adapters.dicom.files.LARGEST_FILE", 1000)

    with pytest.raises(NotFoundError, match="a deflated file of more than"):
        opened(tmp_path)


def test_a_dicomdir_lists_what_has_to_be_there(tmp_path: Path) -> None:
    _ordinary(tmp_path / "study")
    files = FileSet()
    for file in sorted((tmp_path / "study").iterdir()):
        files.add(file)
    files.write(tmp_path / "disc")
    files._stage["t"].cleanup()  # pydicom leaves it to the collector, which warns
    assert only(opened(tmp_path / "disc" / "DICOMDIR")).absent == ()

    last = max(
        (
            path
            for path in (tmp_path / "disc").rglob("*")
            if path.is_file() and path.name != "DICOMDIR"
        ),
        key=lambda path: (
            (header := dcmread(path)).SeriesDescription == T1C,
            float(header.ImagePositionPatient[2]),
        ),
    )
    last.unlink()

    with pytest.raises(FaultyStudyError, match="1 images that DICOMDIR lists are not there"):
        only(opened(tmp_path / "disc")).volume(Modality.T1C)


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 100", "M\u00fcller^J\u00f6rg"),
        ("ISO_IR 192", "\u0418\u0432\u0430\u043d\u043e\u0432^\u041f"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=\u5c71\u7530^\u592a\u90ce"),
    ],
)
def test_names_in_any_charset_are_hashed_and_hidden(
    tmp_path: Path, charset: str | list[str], name: str
) -> None:
    scan = Scan(f"T1 Gd {name}", (500, 10), "Gd", {"SpecificCharacterSet": charset})
    secrets = {"PatientName": name, "PatientID": "4711"}
    Writer(tmp_path, secrets=secrets).series(voxels(), grid_of(np.eye(3)), scan)

    (study,) = opened(tmp_path).content().studies

    shown = study.choice.series[0].shown
    assert shown.startswith("T1 Gd ")
    assert not {
        part for part in name.replace("=", "^").split("^") if len(part) > 1 and part in shown
    }


def test_an_unknown_charset_does_no_harm(tmp_path: Path) -> None:
    scan = Scan("T1 Gd", (500, 10), "Gd", {"SpecificCharacterSet": "ISO_IR 100"})
    Writer(tmp_path).series(voxels(), grid_of(np.eye(3)), scan)
    for file in tmp_path.iterdir():
        file.write_bytes(file.read_bytes().replace(b"ISO_IR 100", b"NO SUCH SE"))

    assert only(opened(tmp_path)).volume(Modality.T1C).any()


def test_private_tags_and_images_of_other_kinds_do_no_harm(tmp_path: Path) -> None:
    writer = _ordinary(tmp_path)
    for file in _files(tmp_path, T1C):
        _edited(
            file, lambda ds: ds.private_block(0x0029, "MAKER", create=True).add_new(1, "LO", "x")
        )
    other = dcmread(_files(tmp_path, T1C)[0])
    other.Modality, other.SOPInstanceUID = "SEG", "1.2.3.4"
    writer.write(other, tmp_path / "seg")

    source = opened(tmp_path)

    assert only(source).absent == ()
    assert dict(source.content().passed_over) == {"a DICOM file that is no MR image": 1}


def test_wrong_types_of_tags_are_passed_over(tmp_path: Path) -> None:
    _ordinary(tmp_path)
    for number, file in enumerate(_files(tmp_path, FLAIR)):
        content = file.read_bytes()
        at = content.find(b"\x20\x00\x32\x00DS")  # ImagePositionPatient
        assert at > 0
        file.write_bytes(
            content[: at + 4] + (b"US", b"SQ", b"UN", b"PN")[number % 4] + content[at + 6 :]
        )

    study = only(opened(tmp_path))

    assert study.volume(Modality.T1C).any()
    assert Modality.T2F in study.absent or _fault(study, Modality.T2F)


def test_a_table_beside_the_images_has_grades_by_pseudonym(tmp_path: Path) -> None:
    _ordinary(tmp_path)
    (study_id,) = opened(tmp_path).study_ids()
    (tmp_path / "name_mapping.csv").write_text(f"study_id,grade\n{study_id},LGG\n")

    source = opened(tmp_path)
    (tmp_path / "name_mapping.csv").write_text("study_id,grade\nPAT-4711-XQ,HGG\n")

    assert source.grade(study_id) is not None
    assert source.origin(study_id).patient_id.startswith("patient-")
    (note,) = opened(tmp_path).notes(study_id)
    assert note.kind is FaultKind.MISSING_GRADE
    assert "wanted pseudonyms" in note.detail
    assert "4711" not in note.detail


@pytest.mark.parametrize(
    "names",
    [{"PatientID": "ANONYMOUS", "PatientName": "ANON^"}, {"PatientID": "", "PatientName": "0"}],
)
def test_a_placeholder_is_no_patient_of_all_studies(tmp_path: Path, names: dict[str, str]) -> None:
    for number in ("1.2.1", "1.2.2"):
        writer = Writer(tmp_path / number, study_uid=number, secrets=names)
        writer.series(voxels(), grid_of(np.eye(3)), SCANS[Modality.T1C])
    source = opened(tmp_path)

    patients = {name: source.origin(name).patient_id for name in source.study_ids()}

    assert [*patients] == [*patients.values()]
    assert "2 studies whose tags name no patient" in assumptions(patients)[0]


def test_a_study_for_each_sequence_of_a_patient_is_noted(tmp_path: Path) -> None:
    for number, modality in enumerate((Modality.T1C, Modality.T2F)):
        writer = Writer(tmp_path / str(number), study_uid=f"1.2.{number}")
        writer.series(voxels(), grid_of(np.eye(3)), SCANS[modality])
    source = opened(tmp_path)

    (note,) = source.notes(source.study_ids()[0])

    assert note.kind is FaultKind.STUDY_IN_PARTS
    assert source.study_ids()[1] in note.detail


def test_a_series_for_each_image_says_why_there_is_no_modality(tmp_path: Path) -> None:
    def alone(datasets: list[Dataset]) -> None:
        for dataset in datasets:
            dataset.SeriesInstanceUID = f"{dataset.SOPInstanceUID}.1"

    Writer(tmp_path).series(voxels(), grid_of(np.eye(3)), SCANS[Modality.T1C], edit=alone)

    with pytest.raises(FaultyStudyError, match=r"none of its 6 series .* 1 images: wanted 5"):
        only(opened(tmp_path))


def test_the_tags_of_each_slice_are_there_for_what_is_written_about_them(tmp_path: Path) -> None:
    _ordinary(tmp_path)
    source = opened(tmp_path)
    (study_id,) = source.study_ids()

    images = source.images(study_id, Modality.T1C)
    datasets = list(images.datasets())

    assert [index for _, index in datasets] == [0] * 10
    for k, (dataset, _) in enumerate(datasets):
        x, y, z = images.native_grid.to_mm((0, 0, k))
        np.testing.assert_allclose(dataset.ImagePositionPatient, (-x, -y, z), atol=1e-6)
