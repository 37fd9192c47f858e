"""The 3D viewer: NiiVue and the volumes, compressed and embedded in the page."""

from __future__ import annotations

import gzip
from base64 import b64encode
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.comparison.casebook import CaseEntry
from gliobench.domain.geometry.grids import Grid

FOLDER = Path(__file__).parent
LEVEL = 6
"""Level of compression: the highest one takes three times as long and saves 3 %."""


@cache
def source(name: str) -> str:
    """Read a file of this package."""
    return (FOLDER / name).read_text(encoding="utf-8")


def viewer_script() -> str:
    """Read NiiVue."""
    return source("niivue/niivue.js")


@cache
def packed_viewer() -> str:
    """Return NiiVue packed, as a page stores it until a volume is opened."""
    return _packed(viewer_script().encode())


def packed_volumes(entry: CaseEntry, backends: tuple[str, ...]) -> dict[str, str]:
    """Pack a case's volume and masks as gzipped NIfTI files in base64.

    Args:
        entry: The case.
        backends: In the order of the page.

    Returns:
        `grey`, `reference` and the backends by their number, where they exist; empty without a
        stored volume.
    """
    volume = entry.kept.volume if entry.kept else None
    if volume is None:
        return {}
    arrays = {"grey": volume.grey, "reference": volume.reference}
    arrays |= {str(n): entry.masks.get(name) for n, name in enumerate(backends)}
    known = {name: array for name, array in arrays.items() if array is not None}
    return {name: _packed(_nifti(array, volume.grid)) for name, array in known.items()}


def _nifti(array: NDArray[np.uint8], grid: Grid) -> bytes:
    import nibabel as nib

    image = nib.Nifti1Image(array, grid.affine)
    image.header.set_xyzt_units("mm")
    file: bytes = image.to_bytes()
    return file


def _packed(content: bytes) -> str:
    return b64encode(gzip.compress(content, LEVEL, mtime=0)).decode()
