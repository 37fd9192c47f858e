"""How a localisation is held against its reference."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.scores import (
    WORST_MM,
    BoxScore,
    FormOutcome,
    FormScore,
    MaskScore,
    PointScore,
    PolygonScore,
    RegionScore,
)
from gliobench.domain.forms import (
    box_in_volume,
    box_on_plane,
    in_volume,
    largest_plane,
    on_plane,
    point_in_volume,
    point_on_plane,
    polygon_on_plane,
)
from gliobench.domain.geometry import (
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
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.metrics.localisation import box_iou, centre_error_mm, hit, polygon_dice
from gliobench.domain.metrics.segmentation import dice, hd95_mm, iou, nsd, volume_error_mm3
from gliobench.domain.prediction import (
    Failure,
    Form,
    Localisation,
    LocalisationPrediction,
    Mask,
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

_NOTHING_FOUND = RegionScore(dice=0.0, iou=0.0, hd95_mm=WORST_MM, nsd=0.0, volume_error_mm3=None)
WORST: Mapping[Form, FormScore] = {
    Form.MASK: MaskScore(dict.fromkeys(NESTED, _NOTHING_FOUND)),
    Form.BOX_3D: BoxScore(iou=0.0),
    Form.POINT_3D: PointScore(error_mm=WORST_MM, hit=False),
    Form.POLYGON: PolygonScore(dice=0.0),
    Form.BOX: BoxScore(iou=0.0),
    Form.POINT: PointScore(error_mm=WORST_MM, hit=False),
}
"""What a failure scores."""


@dataclass(frozen=True, eq=False)
class Target:
    """A tumour as every backend's answer is held against it.

    Args:
        grid: The study's RAS+ grid.
        regions: (I, J, K) bool by region, the experts'.
        plane: The axial plane of the whole tumour's largest area, where points, boxes and
            polygons are scored. It serves scoring only: no backend is told.
    """

    grid: Grid
    regions: Mapping[Region, BoolArray]
    plane: Plane

    @classmethod
    def of(cls, regions: Mapping[Region, BoolArray], grid: Grid) -> Target | None:
        """Aim at a reference's regions; None where they show no tumour."""
        whole = regions.get(Region.WT)
        if whole is None or not whole.any():
            return None
        return cls(grid=grid, regions=regions, plane=largest_plane(whole, Axis.AXIAL))

    @property
    def whole(self) -> BoolArray:
        """(I, J, K) bool, the whole tumour."""
        return self.regions[Region.WT]


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
        target: None where the reference shows no tumour: nothing has a score then.

    Raises:
        InvalidInputError: A mask lies on another grid than the target.
    """
    if target is None:
        answers = {} if isinstance(prediction, Failure) else prediction.answers
        said = {form: answers.get(form, prediction) for form in asked}
        outcomes = {form: FormOutcome(None, _failure_in(one)) for form, one in said.items()}
    elif isinstance(prediction, Failure):
        yielded = {form for one in asked for form in YIELDS[one]}
        outcomes = {form: FormOutcome(WORST[form], prediction) for form in yielded}
    else:
        found = in_volume(prediction) | on_plane(prediction, target.plane, target.grid)
        outcomes = {form: _outcome(answer, form, target) for form, answer in found.items()}
    return {form: outcomes[form] for form in Form if form in outcomes}


def _failure_in(answer: object) -> Failure | None:
    return answer if isinstance(answer, Failure) else None


def _outcome(answer: Localisation | Failure, form: Form, target: Target) -> FormOutcome:
    if isinstance(answer, Failure):
        return FormOutcome(WORST[form], answer)
    return FormOutcome(_score(answer, target), answer=None if isinstance(answer, Mask) else answer)


def _score(answer: Localisation, target: Target) -> FormScore:
    whole, plane = target.whole, target.plane
    match answer:
        case Mask():
            return MaskScore(
                {
                    region: _score_region(target.regions[region], voxels, target.grid)
                    for region, voxels in answer.regions.items()
                    if region in target.regions
                }
            )
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


def _score_region(reference: BoolArray, prediction: BoolArray, grid: Grid) -> RegionScore:
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
        volume_error_mm3=volume_error_mm3(
            reference=reference, prediction=prediction, spacing_mm=spacing
        ),
    )


def _there(found: FoundT | None) -> FoundT:
    """Vouch that the tumour meets the scoring plane, which was chosen so."""
    if found is None:
        raise InvalidInputError("the scoring plane misses the tumour")
    return found
