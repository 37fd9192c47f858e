"""Describe a predicted tumour as a radiologist would: side, region, diameters, slice."""

from __future__ import annotations

import numpy as np
import shapely

from gliobench.domain.geometry.grids import Axis, BoolArray, Box3D, Point, Point3D, Polygon
from gliobench.domain.position.brain_extent import BrainExtent
from gliobench.domain.position.diameters import (
    Diameters,
    axial_diameters,
    longest_diameter_mm,
    polygon_diameters,
)
from gliobench.domain.position.lesion import Lesion, describe_lesion
from gliobench.domain.predictions.forms import polygon_in_volume
from gliobench.domain.predictions.prediction import Mask
from gliobench.domain.studies.image_hash import image_at_hand
from gliobench.domain.studies.study import Study


def lesion_of(
    study: Study,
    *,
    centre: Point3D | None,
    mask: Mask | None,
    polygon: Polygon | None,
    box: Box3D | None,
) -> Lesion | None:
    """Describe a tumour by the best of what was answered: the mask, else the polygon, else a place.

    Args:
        study: Its first readable image shows the brain.
        centre: Of the tumour.
        mask: Not empty.
        polygon: On one slice.
        box: On one slice or in the volume; used for its centre only.

    Returns:
        None where nothing places a tumour, or where no image of the study can be read.

    Raises:
        StoreError: The source cannot be read now.
    """
    centre = centre or _centre(polygon, box)
    image = image_at_hand(study)
    if centre is None or image is None:
        return None
    is_volume = study.grid.shape[Axis.AXIAL] > 1
    voxels: BoolArray | None = mask.whole if mask else None
    if voxels is None and polygon is not None:
        voxels = polygon_in_volume(polygon, study.grid)
    return describe_lesion(
        centre=centre,
        voxels=voxels,
        brain=BrainExtent.of(np.asarray(image != 0), study.grid),
        grid=study.grid,
        diameters=_diameters(study, mask, polygon),
        longest_mm=longest_diameter_mm(mask.whole, mask.grid) if mask and is_volume else None,
    )


def _centre(polygon: Polygon | None, box: Box3D | None) -> Point3D | None:
    if polygon is not None:
        middle = shapely.Polygon(polygon.vertices).centroid
        return Point(polygon.plane, (middle.x, middle.y)).in_volume
    return box.centre if box else None


def _diameters(study: Study, mask: Mask | None, polygon: Polygon | None) -> Diameters | None:
    if mask is not None:
        return axial_diameters(mask.whole, mask.grid)
    if polygon is None or polygon.plane.axis != Axis.AXIAL:
        return None
    return polygon_diameters(polygon, study.grid)
