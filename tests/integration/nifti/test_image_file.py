"""Images as they come, and as nobody should send them."""

import gzip
import os
import struct
import tracemalloc
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.study_folder import write_image
from gliobench.adapters.nifti.image_file import ImageFile
from gliobench.domain.errors import GliobenchError, NotFoundError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError

SHAPE = (5, 6, 7)
VOXELS = np.arange(210, dtype=np.int16).reshape(SHAPE)
LPS = Grid(shape=SHAPE, affine=np.array([[-1, 0, 0, 4], [0, -2, 0, 9], [0, 0, 3, 0], [0, 0, 0, 1]]))


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image.nii.gz"
    write_image(path, VOXELS, LPS)
    return path


def test_voxels_come_as_float32_in_ras_as_nibabel_would_bring_them(image: Path) -> None:
    wanted = nib.as_closest_canonical(nib.load(image))

    opened = ImageFile.open(image)

    assert opened.grid.shape == wanted.shape
    np.testing.assert_allclose(opened.grid.affine, wanted.affine)
    np.testing.assert_array_equal(opened.read(), wanted.get_fdata(dtype=np.float32))
    assert opened.read().dtype == np.float32


@pytest.mark.parametrize("orientation", ["RAS", "LPS", "PIR", "SAL", "AIL", "IPR"])
def test_every_orientation_is_brought_to_the_one_that_nibabel_brings_it_to(
    tmp_path: Path, orientation: str
) -> None:
    codes = nib.orientations.axcodes2ornt(orientation)
    ras = nib.Nifti1Image(VOXELS, np.diag([1.0, 2.0, 3.0, 1.0]))
    turned = ras.as_reoriented(nib.orientations.ornt_transform(codes, [[0, 1], [1, 1], [2, 1]]))
    nib.save(turned, tmp_path / "turned.nii")
    wanted = nib.as_closest_canonical(turned)

    opened = ImageFile.open(tmp_path / "turned.nii")

    np.testing.assert_allclose(opened.grid.affine, wanted.affine)
    np.testing.assert_array_equal(opened.read(), np.asanyarray(wanted.dataobj))


@pytest.mark.parametrize("dtype", ["<i2", ">i2", "u1", "<f4", ">f8", "<i4", "<u2"])
def test_types_and_byte_orders_that_scanners_write_are_read(tmp_path: Path, dtype: str) -> None:
    header = nib.Nifti1Header(endianness=">" if dtype.startswith(">") else "<")
    header.set_data_dtype(np.dtype(dtype))
    stored = nib.Nifti1Image(VOXELS.astype(np.dtype(dtype)), np.eye(4), header)
    nib.save(stored, tmp_path / "image.nii")

    voxels = ImageFile.open(tmp_path / "image.nii").read()

    np.testing.assert_array_equal(voxels, VOXELS.astype(np.float32))


def test_slope_and_intercept_are_applied(image: Path, tmp_path: Path) -> None:
    raw = bytearray(gzip.decompress(image.read_bytes()))
    struct.pack_into("<ff", raw, 112, 0.5, -3.0)
    (tmp_path / "scaled.nii").write_bytes(raw)

    voxels = ImageFile.open(tmp_path / "scaled.nii").read()

    np.testing.assert_array_equal(voxels, VOXELS[::-1, ::-1] * 0.5 - 3.0)


@pytest.mark.parametrize(("dtype", "bytes_a_voxel"), [(np.int16, 6), (np.float64, 12)])
def test_scaling_takes_no_room_beside_what_is_stored_and_what_is_given(
    tmp_path: Path, dtype: type, bytes_a_voxel: int
) -> None:
    path, shape = tmp_path / "scaled.nii", (100, 90, 80)
    raw = bytearray(nib.Nifti1Image(np.zeros(shape, dtype), np.eye(4)).to_bytes())
    struct.pack_into("<ff", raw, 112, 0.5, -3.0)
    path.write_bytes(raw)
    tracemalloc.start()

    ImageFile.open(path).read()

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.1 * bytes_a_voxel * np.prod(shape)


def test_nifti_2_is_read(tmp_path: Path) -> None:
    nib.save(nib.Nifti2Image(VOXELS, np.eye(4)), tmp_path / "image.nii.gz")

    assert ImageFile.open(tmp_path / "image.nii.gz").read().sum() == VOXELS.sum()


def test_a_fourth_axis_of_one_is_dropped_and_a_real_one_refused(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Image(VOXELS[..., None], np.eye(4)), tmp_path / "one.nii")
    nib.save(nib.Nifti1Image(np.stack([VOXELS] * 2, -1), np.eye(4)), tmp_path / "two.nii")

    assert ImageFile.open(tmp_path / "one.nii").read().shape == SHAPE
    with pytest.raises(FaultyStudyError, match="wanted three axes"):
        ImageFile.open(tmp_path / "two.nii")


def test_the_first_bytes_tell_a_gzip_not_the_name(image: Path, tmp_path: Path) -> None:
    renamed = image.rename(tmp_path / "image.nii")
    bare = tmp_path / "bare.nii.gz"
    bare.write_bytes(gzip.decompress(renamed.read_bytes()))

    np.testing.assert_array_equal(ImageFile.open(renamed).read(), ImageFile.open(bare).read())


@pytest.mark.parametrize("padding", [512, 70_000, 200_000])  # a chunk is 65,536 bytes
def test_a_gzip_of_several_members_and_padding_is_read(image: Path, padding: int) -> None:
    wanted = ImageFile.open(image).read()
    raw = gzip.decompress(image.read_bytes())
    members = [gzip.compress(raw[start : start + 100]) for start in range(0, len(raw), 100)]
    zeros = b"\0" * padding
    image.write_bytes(b"".join(members) + zeros + gzip.compress(b"") + zeros)

    np.testing.assert_array_equal(ImageFile.open(image).read(), wanted)


@pytest.mark.parametrize("kept", [0.9, 0.5])
def test_a_truncated_gzip_says_so(tmp_path: Path, kept: float) -> None:
    path = tmp_path / "image.nii.gz"
    noise = np.random.default_rng(0).integers(0, 1000, (20, 20, 20), dtype=np.int16)
    write_image(path, noise, Grid(shape=(20, 20, 20), affine=np.eye(4)))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])

    with pytest.raises(FaultyStudyError, match=r"image\.nii\.gz: truncated: \d+ of") as caught:
        ImageFile.open(path).read()

    assert caught.value.kind is FaultKind.TRUNCATED


def test_a_gzip_that_lacks_only_its_checksum_is_truncated(image: Path) -> None:
    image.write_bytes(image.read_bytes()[:-4])

    with pytest.raises(FaultyStudyError, match="truncated"):
        ImageFile.open(image).read()


def test_a_gzip_whose_checksum_is_wrong_is_refused(image: Path) -> None:
    content = bytearray(image.read_bytes())
    content[-8] ^= 0xFF
    image.write_bytes(content)

    with pytest.raises(FaultyStudyError, match="bad gzip"):
        ImageFile.open(image).read()


@pytest.mark.parametrize(
    "content",
    [b"", b"PNG", b"\x1f\x8b", os.urandom(400), gzip.compress(b"hello"), b"\0" * 2000],
    ids=["empty", "short", "gzip magic only", "noise", "gzip of text", "zeros"],
)
def test_what_is_no_nifti_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "image.nii.gz"
    path.write_bytes(content)

    with pytest.raises(FaultyStudyError) as caught:
        ImageFile.open(path)

    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_image_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no file"):
        ImageFile.open(tmp_path / "image.nii.gz")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "image.nii.gz")

    with pytest.raises(NotFoundError):
        ImageFile.open(tmp_path / "image.nii.gz")


@pytest.mark.parametrize(
    "shape", [(32767, 32767, 32767), (1025, 2, 2), (1000, 1000, 1000), (0, 5, 5)]
)
def test_a_huge_or_empty_declared_shape_is_refused_by_the_header(
    tmp_path: Path, shape: tuple[int, int, int]
) -> None:
    path = tmp_path / "huge.nii.gz"
    path.write_bytes(gzip.compress(_header(shape)))

    with pytest.raises(FaultyStudyError, match="declares shape"):
        ImageFile.open(path)


def test_a_volume_larger_than_any_head_is_refused_by_the_header(tmp_path: Path) -> None:
    path = tmp_path / "huge.nii.gz"
    path.write_bytes(gzip.compress(_header((240, 240, 240), spacing_mm=20)))

    with pytest.raises(FaultyStudyError, match=r"huge\.nii\.gz: 240 voxels of 20 mm") as caught:
        ImageFile.open(path)

    assert caught.value.kind is FaultKind.UNREADABLE


def test_a_file_that_inflates_without_end_costs_no_more_than_it_declares(tmp_path: Path) -> None:
    path = tmp_path / "bomb.nii.gz"
    path.write_bytes(gzip.compress(_header((10, 10, 10)) + bytes(2**25), compresslevel=1))
    tracemalloc.start()

    with pytest.raises(FaultyStudyError, match="goes on after the 2352 bytes"):
        ImageFile.open(path).read()

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


def test_a_header_that_claims_more_than_the_file_holds_costs_no_more_than_the_file(
    tmp_path: Path,
) -> None:
    path = tmp_path / "liar.nii.gz"
    path.write_bytes(gzip.compress(_header((500, 500, 500)) + bytes(1000)))
    tracemalloc.start()

    with pytest.raises(FaultyStudyError, match="truncated: 1352 of 250000352"):
        ImageFile.open(path).read()

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
def test_a_voxel_that_is_no_number_is_named_with_its_file(tmp_path: Path, hole: float) -> None:
    voxels = VOXELS.astype(np.float32)
    voxels[1, 2, 3] = hole
    write_image(tmp_path / "image.nii", voxels, LPS)

    with pytest.raises(FaultyStudyError, match=r"image\.nii: holds NaN or infinity") as caught:
        ImageFile.open(tmp_path / "image.nii").read()

    assert caught.value.kind is FaultKind.NOT_FINITE


def test_a_float64_beyond_float32_is_infinite(tmp_path: Path) -> None:
    write_image(tmp_path / "image.nii", np.full(SHAPE, 1e200), LPS)

    with pytest.raises(FaultyStudyError, match="infinity"):
        ImageFile.open(tmp_path / "image.nii").read()


@pytest.mark.parametrize("dtype", [np.complex64, np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])])
def test_complex_and_colour_voxels_are_refused(tmp_path: Path, dtype: np.dtype) -> None:
    nib.save(nib.Nifti1Image(np.zeros(SHAPE, dtype), np.eye(4)), tmp_path / "image.nii")

    with pytest.raises(FaultyStudyError, match="wanted integers or floats"):
        ImageFile.open(tmp_path / "image.nii")


def test_an_affine_that_flattens_the_volume_is_refused(tmp_path: Path) -> None:
    image = nib.Nifti1Image(VOXELS, np.eye(4))
    image.header["sform_code"], image.header["srow_z"] = 1, 0
    raw = bytearray(image.to_bytes())
    struct.pack_into("<h12f", raw, 254, 1, *([0.0] * 12))
    (tmp_path / "flat.nii").write_bytes(raw)

    with pytest.raises(FaultyStudyError, match=r"flat\.nii: affine cannot be inverted"):
        ImageFile.open(tmp_path / "flat.nii")


@pytest.mark.parametrize(("unit", "scale"), [("meter", 5e-4), ("micron", 1e3)])
def test_a_header_in_another_unit_than_mm_is_refused_by_its_name(
    tmp_path: Path, unit: str, scale: float
) -> None:
    image = nib.Nifti1Image(VOXELS, np.diag([scale, scale, scale, 1.0]))
    image.header.set_xyzt_units(unit)
    nib.save(image, tmp_path / "unit.nii")

    with pytest.raises(
        FaultyStudyError, match=f"in {unit[:3]}.*s by its header, which are read as mm"
    ):
        ImageFile.open(tmp_path / "unit.nii")


@given(at=st.integers(0, 351), value=st.binary(min_size=1, max_size=8))
def test_whatever_a_header_says_it_is_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, at: int, value: bytes
) -> None:
    raw = bytearray(_header(SHAPE) + VOXELS.tobytes())
    raw[at : at + len(value)] = value
    path = tmp_path_factory.getbasetemp() / "fuzzed.nii"
    path.write_bytes(raw)

    assert "\n" not in _refusal(path)


@given(at=st.integers(0, 10_000), value=st.integers(1, 255))
def test_a_damaged_gzip_never_passes_for_another_image(
    tmp_path_factory: pytest.TempPathFactory, at: int, value: int
) -> None:
    whole = _header(SHAPE) + VOXELS.tobytes()
    packed = bytearray(gzip.compress(whole, mtime=0))
    packed[at % len(packed)] ^= value
    path = tmp_path_factory.getbasetemp() / "damaged.nii.gz"
    path.write_bytes(packed)

    try:
        voxels = ImageFile.open(path).read()
    except GliobenchError:
        return
    np.testing.assert_array_equal(voxels, VOXELS.reshape(-1).reshape(SHAPE, order="F"))


def _refusal(path: Path) -> str:
    """Say why an image is not read; nothing where it is, and then all of it is numbers."""
    try:
        voxels = ImageFile.open(path).read()
    except GliobenchError as error:
        return str(error)
    return "" if np.isfinite(voxels).all() else "holds\nNaN"


def _header(shape: tuple[int, int, int], *, spacing_mm: float = 1) -> bytes:
    header = nib.Nifti1Header()
    header.set_data_dtype(np.int16)
    header["dim"][:4] = [3, *shape]
    header["pixdim"][1:4] = spacing_mm
    header["vox_offset"] = 352
    header["magic"] = b"n+1"
    header.set_sform(np.diag([spacing_mm] * 3 + [1]), code=1)
    return header.binaryblock + b"\0\0\0\0"
