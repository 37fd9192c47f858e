"""Kept cases as flat rows: a picture, and of a few studies a volume."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gliobench.domain.evaluation.saved_case import SavedCase, SavedSlice, SavedVolume
from gliobench.domain.geometry.grids import Axis, Grid, Plane
from gliobench.domain.slices.view import SliceView
from gliobench.domain.studies.study import Modality

Row: TypeAlias = dict[str, Any]

NUMBERS = pa.list_(pa.float64())
LENGTHS = pa.list_(pa.int32())
VOXELS = ("grey", "reference", "prediction")

SCHEMA = pa.schema(
    [
        ("study_id", pa.string()),
        ("modality", pa.string()),
        ("picture", pa.binary()),
        ("plane_axis", pa.int8()),
        ("plane_index", pa.int32()),
        ("plane_shape", LENGTHS),
        ("size_px", pa.int32()),
        ("middle", NUMBERS),
        ("field_vox", NUMBERS),
        ("mirrored", pa.bool_()),
        ("shape", LENGTHS),
        ("affine", NUMBERS),
        *((name, pa.binary()) for name in VOXELS),
    ]
)
"""`middle` and `field_vox` place the square picture on its plane, as `SliceView` says. `grey`,
`reference` and `prediction` are uint8 voxels in C order, `affine` 16 numbers row by row; they are
null where no volume is kept."""


def saved_table(cases: Iterable[SavedCase]) -> pa.Table:
    """Lay kept cases out, a row each."""
    return pa.Table.from_pylist([_row(case) for case in cases], schema=SCHEMA)


def read_saved(row: Row) -> SavedCase:
    """Read a case back from its row.

    Raises:
        LookupError, ValueError, TypeError: It is no row of `saved_table`.
    """
    return SavedCase(
        study_id=row["study_id"],
        modality=Modality(row["modality"]),
        picture=None if row["picture"] is None else _read_slice(row),
        volume=None if row["grey"] is None else _read_volume(row),
    )


def _row(case: SavedCase) -> Row:
    row: Row = {"study_id": case.study_id, "modality": case.modality.value}
    if case.picture is not None:
        row |= _of_slice(case.picture)
    if case.volume is not None:
        row |= _of_volume(case.volume)
    return row


def _of_slice(kept: SavedSlice) -> Row:
    view = kept.view
    return {
        "picture": kept.file,
        "plane_axis": view.plane.axis.value,
        "plane_index": view.plane.index,
        "plane_shape": view.shape,
        "size_px": view.size_px,
        "middle": view.middle,
        "field_vox": view.field_vox,
        "mirrored": view.mirrored,
    }


def _read_slice(row: Row) -> SavedSlice:
    first, second = row["plane_shape"]
    (x, y), (across, down) = row["middle"], row["field_vox"]
    view = SliceView(
        plane=Plane(Axis(row["plane_axis"]), row["plane_index"]),
        shape=(first, second),
        size_px=row["size_px"],
        middle=(x, y),
        field_vox=(across, down),
        mirrored=row["mirrored"],
    )
    return SavedSlice(view, row["picture"])


def _of_volume(volume: SavedVolume) -> Row:
    arrays = {name: getattr(volume, name) for name in VOXELS}
    return {
        "shape": volume.grid.shape,
        "affine": volume.grid.affine.ravel().tolist(),
        **{name: None if one is None else one.tobytes() for name, one in arrays.items()},
    }


def _read_volume(row: Row) -> SavedVolume:
    i, j, k = row["shape"]
    grid = Grid(shape=(i, j, k), affine=np.reshape(row["affine"], (4, 4)))
    return SavedVolume(
        grid=grid,
        grey=_voxels(row["grey"], grid),
        reference=None if row["reference"] is None else _voxels(row["reference"], grid),
        prediction=None if row["prediction"] is None else _voxels(row["prediction"], grid),
    )


def _voxels(packed: bytes, grid: Grid) -> NDArray[np.uint8]:
    return np.frombuffer(packed, dtype=np.uint8).reshape(grid.shape)
