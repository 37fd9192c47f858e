"""Describe a predicted tumour as a radiologist would: side, region, diameters, slice."""

from __future__ import annotations

import numpy as np
import shapely

from gliobench.domain.geometry.grids import Axis, Box, Point, Point3D, Polygon
from gliobench.domain.position.brain_extent import BrainExtent
from gliobench.domain.position.diameters import (
    axial_diameters,
    longest_diameter_mm,
    polygon_diameters,
)
from gliobench.domain.position.lesion import Lesion, describe_lesion
from gliobench.domain.predictions.forms import in_volume, polygon_in_volume
from gliobench.domain.predictions.prediction import Form, LocalisationPrediction, Mask
from gliobench.domain.studies.image_hash import image_at_hand
from gliobench.domain.studies.study import Study


def lesion_of(study: Study, localisation: LocalisationPrediction) -> Lesion | None:
    """Describe a tumour by the best of what was answered: the mask, else the polygon, else a place.

    Args:
        study: Its first readable image shows the brain.
        localisation: What a backend answered; a box is used for its centre only.

    Returns:
        None where nothing places a tumour, or where no image of the study can be read.

    Raises:
        StoreError: The source cannot be read now.
    """
    mask, polygon = (localisation.answers.get(form) for form in (Form.MASK, Form.POLYGON))
    centre, image = _centre(localisation), image_at_hand(study)
    if centre is None or image is None:
        return None
    voxels, diameters, longest_mm = None, None, None
    if isinstance(mask, Mask) and not mask.is_empty:
        voxels, diameters = mask.whole, axial_diameters(mask.whole, mask.grid)
        if study.grid.shape[Axis.AXIAL] > 1:
            longest_mm = longest_diameter_mm(mask.whole, mask.grid)
    elif isinstance(polygon, Polygon):
        voxels = polygon_in_volume(polygon, study.grid)
        if polygon.plane.axis == Axis.AXIAL:
            diameters = polygon_diameters(polygon, study.grid)
    return describe_lesion(
        centre=centre,
        voxels=voxels,
        brain=BrainExtent.of(np.asarray(image != 0), study.grid),
        grid=study.grid,
        diameters=diameters,
        longest_mm=longest_mm,
    )


def _centre(localisation: LocalisationPrediction) -> Point3D | None:
    centre = in_volume(localisation).get(Form.POINT_3D)
    if isinstance(centre, Point3D):
        return centre
    polygon, box = (localisation.answers.get(form) for form in (Form.POLYGON, Form.BOX))
    if isinstance(polygon, Polygon):
        middle = shapely.Polygon(polygon.vertices).centroid
        return Point(polygon.plane, (middle.x, middle.y)).in_volume
    return box.in_volume.centre if isinstance(box, Box) else None
