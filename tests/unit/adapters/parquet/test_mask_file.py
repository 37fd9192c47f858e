import io
import pickle
import zipfile

import numpy as np
import pytest

from gliobench.adapters.parquet.prediction_parts import packed, unpacked
from gliobench.domain.errors import JobError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import Mask

GRID = Grid(shape=(3, 4, 5), affine=np.diag([2.0, 2.0, 2.0, 1.0]))
WHOLE = np.zeros(GRID.shape, dtype=np.bool_)
WHOLE[1, 1:3, 2] = True
GOOD = {
    "shape": np.array(GRID.shape),
    "affine": GRID.affine,
    Region.WT.value: np.packbits(WHOLE),
}


def _archive(**changes: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **{**GOOD, **changes})
    return file.getvalue()


def test_a_mask_is_unpacked_bit_by_bit() -> None:
    mask = unpacked(packed(Mask(GRID, {Region.WT: WHOLE})), place="m.npz")

    assert mask.grid == GRID
    assert np.array_equal(mask.whole, WHOLE)


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": np.array([10**9, 10**9, 10**9])},
        {"shape": np.array([-3, 4, 5])},
        {"shape": np.array([3, 4])},
        {"shape": np.array([3j, 4j, 5j])},
        {"shape": np.array(["3", "4", "5"])},
        {"affine": np.full((4, 4), np.nan)},
        {"affine": np.diag([2j, 2, 2, 1])},
        {"affine": np.eye(3)},
        {"affine": np.diag([1e-9, 1e-9, 1e-9, 1.0])},
        {Region.WT.value: np.array([1.5])},
        {Region.WT.value: np.array([[object()]], dtype=object)},
    ],
)
def test_arrays_that_are_no_mask_are_refused_in_one_line(changes: dict[str, np.ndarray]) -> None:
    with pytest.raises(JobError, match=r"^mask m\.npz cannot be read \([^\n]+: delete the run"):
        unpacked(_archive(**changes), place="m.npz")


def test_an_archive_that_inflates_to_gigabytes_is_refused_before_it_does() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("shape.npy", bytes(2**27 + 1))

    with pytest.raises(JobError, match="134217729 bytes when inflated"):
        unpacked(file.getvalue(), place="m.npz")


@pytest.mark.parametrize("shape", ["(1,", "(" * 500, "(4000000000000,)", "'x'"])
def test_a_header_that_is_no_header_is_refused(shape: str) -> None:
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("shape.npy", b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text)

    with pytest.raises(JobError, match="cannot be read"):
        unpacked(file.getvalue(), place="m.npz")


@pytest.mark.parametrize("content", [b"", b"PK", pickle.dumps({"shape": 1}), b"\x93NUMPY"])
def test_what_is_no_archive_is_refused(content: bytes) -> None:
    with pytest.raises(JobError, match="cannot be read"):
        unpacked(content, place="m.npz")
