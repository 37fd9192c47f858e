"""How a localisation is held against its reference."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.empties import DECLARED, Meeting
from gliobench.domain.evaluation.scores import (
    WORST_MM,
    BoxScore,
    FormOutcome,
    FormScore,
    MaskScore,
    Place,
    PointScore,
    PolygonScore,
    RegionScore,
)
from gliobench.domain.geometry.grids import (
    Axis,
    BoolArray,
    Box,
    Box3D,
    Grid,
    Plane,
    Point,
    Point3D,
    Polygon,
)
from gliobench.domain.labels.regions import NESTED, Region, localised_region, nested
from gliobench.domain.metrics.localisation import box_iou, centre_error_mm, hit, polygon_dice
from gliobench.domain.metrics.segmentation import dice, hd95_mm, iou, nsd, volume_error_mm3
from gliobench.domain.predictions.forms import (
    box_in_volume,
    box_on_plane,
    in_volume,
    largest_plane,
    on_plane,
    point_in_volume,
    point_on_plane,
    polygon_on_plane,
)
from gliobench.domain.predictions.prediction import (
    NO_TUMOUR,
    Failure,
    Form,
    Localisation,
    LocalisationPrediction,
    Mask,
    NoTumour,
)

FoundT = TypeVar("FoundT")

NSD_TOLERANCE_MM = 1.0
"""How far apart two surfaces still agree: one voxel of BraTS."""

YIELDS: Mapping[Form, frozenset[Form]] = {
    Form.MASK: frozenset(Form),
    Form.BOX_3D: frozenset({Form.BOX_3D, Form.POINT_3D, Form.BOX, Form.POINT}),
    Form.POINT_3D: frozenset({Form.POINT_3D, Form.POINT}),
    Form.POLYGON: frozenset({Form.POLYGON}),
    Form.BOX: frozenset({Form.BOX}),
    Form.POINT: frozenset({Form.POINT, Form.POINT_3D}),
}
"""The forms in which an answer can be scored: a mask in all, a box by its centre too, …"""

WORST: Mapping[Form, FormScore] = {
    **DECLARED[Meeting.MISSED].places,
    Form.MASK: MaskScore(dict.fromkeys(NESTED, DECLARED[Meeting.MISSED].region)),
}
"""What a failure scores, where the reference shows a tumour."""


@dataclass(frozen=True, eq=False)
class Target:
    """A reference as every backend's answer is held against it.

    Args:
        grid: The study's RAS+ grid.
        regions: (I, J, K) bool by region, the experts'; they may be empty.
        plane: The axial plane of the whole tumour's largest area, where points, boxes and
            polygons are scored. It serves scoring only: no backend is told. None without a tumour.
    """

    grid: Grid
    regions: Mapping[Region, BoolArray]
    plane: Plane | None

    @classmethod
    def of(cls, regions: Mapping[Region, BoolArray], grid: Grid) -> Target | None:
        """Aim at a reference's regions; None where nobody has drawn any."""
        region = localised_region(regions)
        if region is None:
            return None
        plane = largest_plane(regions[region], Axis.AXIAL) if regions[region].any() else None
        return cls(grid=grid, regions=regions, plane=plane)

    @property
    def localised(self) -> Region:
        """The region that answers are held against: the whole tumour where there is one."""
        return localised_region(self.regions) or Region.WT

    @property
    def whole(self) -> BoolArray:
        """(I, J, K) bool, the whole tumour, or what stands for it."""
        return self.regions[self.localised]

    @property
    def nested(self) -> list[Region]:
        """The regions that every mask is asked for, as far as the reference has them."""
        return list(nested(self.regions))


def score_localisation(
    prediction: LocalisationPrediction | Failure,
    *,
    asked: Collection[Form],
    target: Target | None,
) -> dict[Form, FormOutcome]:
    """Score a prediction in every form that it yields, in the volume and on the scoring plane.

    Args:
        prediction: What the backend said, on the target's grid.
        asked: The forms that it was asked for.
        target: None where the reference is not known: nothing has a score then.

    Returns:
        By form. Where reference, answer or both show no tumour, scores are those of `empties`.

    Raises:
        InvalidInputError: A mask lies on another grid than the target.
    """
    if target is None or target.plane is None:
        answers = {} if isinstance(prediction, Failure) else prediction.answers
        said = {form: answers.get(form, prediction) for form in asked}
        outcomes = {form: _without_plane(one, form, target) for form, one in said.items()}
    elif isinstance(prediction, Failure):
        yielded = {form for one in asked for form in YIELDS[one]}
        outcomes = {form: _failed(form, prediction, target) for form in yielded}
    else:
        found = in_volume(prediction) | on_plane(prediction, target.plane, target.grid)
        outcomes = {
            form: _outcome(answer, form, target, target.plane) for form, answer in found.items()
        }
    return {form: outcomes[form] for form in Form if form in outcomes}


def _without_plane(answer: object, form: Form, target: Target | None) -> FormOutcome:
    """Score an answer where the reference shows no tumour, or is not known: a mask at most."""
    failure = answer if isinstance(answer, Failure) else None
    none = NO_TUMOUR if isinstance(answer, NoTumour) and form is not Form.MASK else None
    if target is None or form is not Form.MASK:
        return FormOutcome(None, failure, none)
    if failure is not None:
        return _failed(form, failure, target)
    return FormOutcome(_score_mask(answer if isinstance(answer, Mask) else None, target))


def _failed(form: Form, failure: Failure, target: Target) -> FormOutcome:
    if form is not Form.MASK:
        return FormOutcome(WORST[form], failure)
    worst = DECLARED[Meeting.MISSED].region
    regions = {
        region: replace(worst, reference_mm3=_mm3(target.regions[region], target.grid))
        for region in Region
        if region in target.regions
    }
    return FormOutcome(MaskScore(regions), failure)


def _outcome(
    answer: Localisation | NoTumour | Failure, form: Form, target: Target, plane: Plane
) -> FormOutcome:
    match answer:
        case Failure():
            return _failed(form, answer, target)
        case Mask():
            return FormOutcome(_score_mask(answer, target))
        case NoTumour() if form is Form.MASK:
            return FormOutcome(_score_mask(None, target))
        case NoTumour():
            return FormOutcome(DECLARED[Meeting.MISSED].places[form], answer=answer)
    return FormOutcome(_score_place(answer, target, plane), answer=answer)


def _score_place(answer: Place, target: Target, plane: Plane) -> FormScore:
    whole = target.whole
    match answer:
        case Box3D():
            return BoxScore(box_iou(reference=box_in_volume(whole), prediction=answer))
        case Point3D():
            centre = point_in_volume(whole)
            error_mm = centre_error_mm(reference=centre, prediction=answer, grid=target.grid)
            return PointScore(min(error_mm, WORST_MM), hit(reference=whole, prediction=answer))
        case Polygon():
            outline = _there(polygon_on_plane(whole, plane))
            return PolygonScore(polygon_dice(reference=outline, prediction=answer))
        case Box():
            box = _there(box_on_plane(whole, plane))
            return BoxScore(box_iou(reference=box, prediction=answer))
        case Point():
            point = _there(point_on_plane(whole, plane))
            error_mm = centre_error_mm(reference=point, prediction=answer, grid=target.grid)
            return PointScore(min(error_mm, WORST_MM), hit(reference=whole, prediction=answer))


def _score_mask(answer: Mask | None, target: Target) -> MaskScore:
    """Score the regions that a mask answers, or without one that there is no tumour in any."""
    if answer is not None and answer.grid != target.grid:
        raise InvalidInputError(f"mask on a grid of {answer.grid.shape} that is not the study's")
    if answer is None:
        nothing = np.zeros(target.grid.shape, dtype=np.bool_)
        said: Mapping[Region, BoolArray] = dict.fromkeys(target.nested, nothing)
    else:
        said = {**answer.regions, target.localised: answer.whole}
    return MaskScore(
        {
            region: _score_region(target.regions[region], voxels, target.grid)
            for region, voxels in said.items()
            if region in target.regions
        }
    )


def _score_region(reference: BoolArray, prediction: BoolArray, grid: Grid) -> RegionScore:
    meeting = Meeting.of(reference=bool(reference.any()), prediction=bool(prediction.any()))
    declared = DECLARED.get(meeting)
    return replace(
        declared.region if declared else _measured(reference, prediction, grid),
        volume_error_mm3=volume_error_mm3(
            reference=reference, prediction=prediction, spacing_mm=grid.spacing_mm
        ),
        reference_mm3=_mm3(reference, grid),
    )


def _measured(reference: BoolArray, prediction: BoolArray, grid: Grid) -> RegionScore:
    spacing = grid.spacing_mm
    distance_mm = hd95_mm(reference=reference, prediction=prediction, spacing_mm=spacing)
    return RegionScore(
        dice=dice(reference=reference, prediction=prediction),
        iou=iou(reference=reference, prediction=prediction),
        hd95_mm=min(distance_mm, WORST_MM),
        nsd=nsd(
            reference=reference,
            prediction=prediction,
            spacing_mm=spacing,
            tolerance_mm=NSD_TOLERANCE_MM,
        ),
        volume_error_mm3=None,
    )


def _mm3(region: BoolArray, grid: Grid) -> float:
    """Measure a region as `volume_error_mm3` does: less a reference of nothing."""
    return volume_error_mm3(
        reference=np.zeros_like(region), prediction=region, spacing_mm=grid.spacing_mm
    )


def _there(found: FoundT | None) -> FoundT:
    """Vouch that the tumour meets the scoring plane, which was chosen so."""
    if found is None:
        raise InvalidInputError("the scoring plane misses the tumour")
    return found
