"""A mask as a small file: the regions' voxels as packed bits, compressed."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError, JobError
from gliobench.domain.geometry.grids import BoolArray, Grid, extent
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import Mask
from gliobench.domain.studies.extent import check_extent

LARGEST_BYTES = 2**27
"""Of all regions of a mask: eight of 2**27 voxels."""


def packed(mask: Mask) -> bytes:
    """Pack a mask; the same mask gives the same bytes.

    They are NumPy's `.npz`: `shape`, `affine`, and each region under its name, as `np.packbits` of
    its voxels in C order.
    """
    regions = {region.value: _bits(voxels) for region, voxels in mask.regions.items()}
    file = BytesIO()
    # numpy's stub lets a `**` of arrays fill `allow_pickle`, too.
    np.savez_compressed(file, shape=mask.grid.shape, affine=mask.grid.affine, **regions)  # type: ignore[arg-type]
    return file.getvalue()


def unpacked(content: bytes, *, place: str) -> Mask:
    """Unpack a mask, bit by bit.

    Args:
        content: As `packed` gave it.
        place: Where it was read, for messages.

    Raises:
        JobError: It is no such mask.
    """
    try:
        _check_size(content)
        with np.load(BytesIO(content), allow_pickle=False) as arrays:
            i, j, k = (int(length) for length in _of_kind("iu", arrays["shape"]))
            grid = Grid(shape=(i, j, k), affine=_of_kind("f", arrays["affine"]))
            check_extent(grid)
            regions = {
                region: np.unpackbits(arrays[region.value], count=i * j * k)
                .reshape(grid.shape)
                .astype(np.bool_)
                for region in Region
                if region.value in arrays
            }
            return Mask(grid=grid, regions=regions)
    except Exception as error:  # NumPy passes on whatever its parsers raise
        raise JobError(
            f"mask {place} cannot be read ({' '.join(str(error).split())}): delete the run to "
            "begin anew"
        ) from error


def _bits(voxels: BoolArray) -> NDArray[np.uint8]:
    """Pack voxels in C order; of a region in another memory order only its extent is turned, for speed."""
    turned = np.zeros(voxels.shape, dtype=np.bool_)
    if voxels.any():
        block = extent(voxels)
        turned[block] = voxels[block]
    return np.packbits(turned)


def _check_size(content: bytes) -> None:
    """Refuse an archive before it is inflated to more than masks take."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > LARGEST_BYTES:
        raise InvalidInputError(f"{size} bytes when inflated: wanted at most {LARGEST_BYTES}")


def _of_kind(kinds: str, array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind not in kinds:
        raise InvalidInputError(f"numbers of type {array.dtype}")
    return array
