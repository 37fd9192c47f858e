"""A mask as a small file: the regions' voxels as packed bits, compressed."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from gliobench.adapters.parquet.atomic import replacing
from gliobench.domain.errors import JobError
from gliobench.domain.geometry import Grid
from gliobench.domain.prediction import Mask
from gliobench.domain.regions import Region


def write_mask(mask: Mask, path: Path) -> None:
    """Write a mask whole or not at all.

    The file is NumPy's `.npz`: `shape`, `affine`, and each region under its name, as
    `np.packbits` of its voxels in C order.

    Raises:
        JobError: The file cannot be written.
    """
    regions = {region.value: np.packbits(voxels) for region, voxels in mask.regions.items()}
    with replacing(path) as temporary, temporary.open("wb") as file:
        # numpy's stub lets a `**` of arrays fill `allow_pickle`, too.
        np.savez_compressed(file, shape=mask.grid.shape, affine=mask.grid.affine, **regions)  # type: ignore[arg-type]


def read_mask(path: Path) -> Mask:
    """Read a mask back, bit by bit.

    Raises:
        JobError: The file is not there or not such a mask.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            i, j, k = (int(length) for length in arrays["shape"])
            grid = Grid(shape=(i, j, k), affine=arrays["affine"])
            regions = {
                region: np.unpackbits(arrays[region.value], count=i * j * k)
                .reshape(grid.shape)
                .astype(np.bool_)
                for region in Region
                if region.value in arrays
            }
            return Mask(grid=grid, regions=regions)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise JobError(
            f"mask {path} cannot be read ({_one_line(error)}): delete the run folder to begin anew"
        ) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
