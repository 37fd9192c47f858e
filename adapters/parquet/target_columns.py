"""What is known of a tumour, as columns of the table of scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from gliobench.adapters.parquet.place_numbers import numbers_of, place_of
from gliobench.domain.evaluation.target_facts import TargetFacts
from gliobench.domain.geometry.grids import Box, Grid, Plane, Point, Point3D, Polygon
from gliobench.domain.predictions.prediction import Form

Row: TypeAlias = dict[str, Any]

NUMBERS = pa.list_(pa.float64())

COLUMNS: Mapping[str, pa.DataType] = {
    "grid_shape": pa.list_(pa.int32()),
    "grid_affine": NUMBERS,
    "target_volume_mm3": pa.float64(),
    "target_area_mm2": pa.float64(),
    "target_right_share": pa.float64(),
    "target_centre": NUMBERS,
    "target_point": NUMBERS,
    "target_box": NUMBERS,
    "target_polygon": NUMBERS,
    "brain_centroid": NUMBERS,
}
"""Places are voxels of the study's RAS+ grid, the point, the box and the polygon on the scoring
plane; `grid_affine` is the (4, 4) matrix, row by row."""


def target_columns(target: TargetFacts) -> Row:
    """Lay a tumour out."""
    return {
        "grid_shape": target.grid.shape,
        "grid_affine": target.grid.affine.ravel().tolist(),
        "target_volume_mm3": target.volume_mm3,
        "target_area_mm2": target.area_mm2,
        "target_right_share": target.right_share,
        "target_centre": target.centre.at,
        "brain_centroid": target.brain.at if target.brain else None,
        **{f"target_{form.value}": numbers_of(place) for form, place in target.places.items()},
    }


def read_target(row: Row, plane: Plane | None) -> TargetFacts | None:
    """Read a tumour back; None where there is none.

    Args:
        row: The columns, others may be among them.
        plane: The scoring plane.

    Raises:
        ValueError: The columns hold no tumour.
    """
    if row["grid_shape"] is None:
        return None
    forms = (Form.POINT, Form.BOX, Form.POLYGON)
    match [place_of(form, row[f"target_{form.value}"], plane) for form in forms]:
        case [Point() as point, Box() as box, Polygon() as polygon]:
            i, j, k = row["grid_shape"]
            return TargetFacts(
                grid=Grid(shape=(i, j, k), affine=np.reshape(row["grid_affine"], (4, 4))),
                volume_mm3=row["target_volume_mm3"],
                centre=_point(row["target_centre"]),
                point=point,
                box=box,
                polygon=polygon,
                area_mm2=row["target_area_mm2"],
                brain=_point(row["brain_centroid"]) if row["brain_centroid"] else None,
                right_share=row["target_right_share"],
            )
    raise ValueError("the columns hold no point, box and polygon")


def _point(numbers: Sequence[float]) -> Point3D:
    i, j, k = numbers
    return Point3D(at=(i, j, k))
