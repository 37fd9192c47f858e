"""Scoring of a localisation against its reference."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import isnan, nan

import numpy as np

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.empties import Meeting, declared
from gliobench.domain.evaluation.scores import FormOutcome, Place, Scores, reference_name
from gliobench.domain.geometry.grids import Axis, BoolArray, Grid, Plane, extent
from gliobench.domain.labels.regions import NESTED, Region, localised_region, nested
from gliobench.domain.metrics.lesionwise.brats2023 import scores_2023
from gliobench.domain.metrics.lesionwise.brats2026 import scores_2026
from gliobench.domain.metrics.lesionwise.tasks import GLIOMA, Task
from gliobench.domain.metrics.mask_pair import MaskPair
from gliobench.domain.metrics.measures import Measure, MeasureSet, PlacedAnswer, scored_in
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

YIELDS: Mapping[Form, frozenset[Form]] = {
    Form.MASK: frozenset(Form),
    Form.BOX_3D: frozenset({Form.BOX_3D, Form.POINT_3D, Form.BOX, Form.POINT}),
    Form.POINT_3D: frozenset({Form.POINT_3D, Form.POINT}),
    Form.POLYGON: frozenset({Form.POLYGON}),
    Form.BOX: frozenset({Form.BOX}),
    Form.POINT: frozenset({Form.POINT, Form.POINT_3D}),
}
"""The forms in which an answer can be scored: a mask in all, a box by its centre too, …"""


@dataclass(frozen=True, eq=False)
class Target:
    """A reference in the form used for scoring.

    Args:
        grid: The study's RAS+ grid.
        regions: (I, J, K) bool by region, the experts'; they may be empty.
        plane: The axial plane of the whole tumour's largest area, where points, boxes and
            polygons are scored. It is used for scoring only, and never passed to a backend. None without a tumour.
        task: Whose rules score lesions.
    """

    grid: Grid
    regions: Mapping[Region, BoolArray]
    plane: Plane | None
    task: Task = GLIOMA

    @classmethod
    def of(
        cls, regions: Mapping[Region, BoolArray], grid: Grid, task: Task = GLIOMA
    ) -> Target | None:
        """Return the target of a reference; None where it is not annotated."""
        region = localised_region(regions)
        if region is None:
            return None
        plane = largest_plane(regions[region], Axis.AXIAL) if regions[region].any() else None
        return cls(grid=grid, regions=regions, plane=plane, task=task)

    @property
    def localised(self) -> Region:
        """The region against which answers are scored: the whole tumour where there is one."""
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
    sets: Collection[MeasureSet] = (),
) -> dict[Form, FormOutcome]:
    """Score a prediction in every form that it yields, in the volume and on the scoring plane.

    Args:
        prediction: What the backend said, on the target's grid.
        asked: The forms that it was asked for.
        target: None where the reference is not known: nothing has a score then.
        sets: Measures that are asked for, beside what is always computed.

    Returns:
        By form. Where reference, answer or both show no tumour, scores are those of `empties`.

    Raises:
        InvalidInputError: A mask lies on another grid than the target.
    """
    if target is None or target.plane is None:
        answers = {} if isinstance(prediction, Failure) else prediction.answers
        said = {form: answers.get(form, prediction) for form in asked}
        outcomes = {form: _without_plane(item, form, target, sets) for form, item in said.items()}
    elif isinstance(prediction, Failure):
        yielded = {form for item in asked for form in YIELDS[item]}
        outcomes = {form: _failed(form, prediction, target, sets) for form in yielded}
    else:
        found = in_volume(prediction) | on_plane(prediction, target.plane, target.grid)
        outcomes = {form: _outcome(answer, form, target, sets) for form, answer in found.items()}
    return {form: outcomes[form] for form in Form if form in outcomes}


def _without_plane(
    answer: object, form: Form, target: Target | None, sets: Collection[MeasureSet]
) -> FormOutcome:
    """Score an answer where the reference shows no tumour, or is not known: a mask at most."""
    failure = answer if isinstance(answer, Failure) else None
    none = NO_TUMOUR if isinstance(answer, NoTumour) and form is not Form.MASK else None
    if target is None or form is not Form.MASK:
        return FormOutcome({}, failure, none)
    if failure is not None:
        return _failed(form, failure, target, sets)
    return FormOutcome(score_mask(answer if isinstance(answer, Mask) else None, target, sets))


def worst_scores(
    form: Form, regions: Collection[Region] = NESTED, sets: Collection[MeasureSet] = ()
) -> Scores:
    """Return what a failure scores, where the reference shows a tumour: of a mask, in these regions."""
    return {
        measure.score_name(region): measure.worst
        for region in (regions if form is Form.MASK else (None,))
        for measure in scored_in(form, sets)
        if measure.worst is not None
    }


def _failed(
    form: Form, failure: Failure, target: Target, sets: Collection[MeasureSet]
) -> FormOutcome:
    if form is not Form.MASK:
        return FormOutcome(worst_scores(form), failure)
    regions = [region for region in Region if region in target.regions]
    volumes = {
        reference_name(item): _mm3(int(np.count_nonzero(target.regions[item])), target.grid)
        for item in regions
    }
    return FormOutcome({**worst_scores(form, regions, sets), **volumes}, failure)


def _outcome(
    answer: Localisation | NoTumour | Failure,
    form: Form,
    target: Target,
    sets: Collection[MeasureSet],
) -> FormOutcome:
    match answer:
        case Failure():
            return _failed(form, answer, target, sets)
        case Mask():
            return FormOutcome(score_mask(answer, target, sets))
        case NoTumour() if form is Form.MASK:
            return FormOutcome(score_mask(None, target, sets))
        case NoTumour():
            return FormOutcome(worst_scores(form), answer=answer)
    return FormOutcome(_score_place(answer, form, target), answer=answer)


def _score_place(answer: Place, form: Form, target: Target) -> Scores:
    reference = _reference(form, target.whole, target.plane)
    pair = PlacedAnswer(reference, answer, target.whole, target.grid)
    return {
        item.score_name(): _capped(float(item.of_place(pair)), item)
        for item in scored_in(form)
        if item.of_place is not None
    }


def _reference(form: Form, whole: BoolArray, plane: Plane | None) -> Place:
    if plane is None:
        raise InvalidInputError("a place is scored where there is a tumour")
    match form:
        case Form.POINT_3D:
            return point_in_volume(whole)
        case Form.BOX_3D:
            return box_in_volume(whole)
        case Form.POINT:
            found: Place | None = point_on_plane(whole, plane)
        case Form.BOX:
            found = box_on_plane(whole, plane)
        case _:
            found = polygon_on_plane(whole, plane)
    if found is None:  # the plane was chosen so that it meets the tumour
        raise InvalidInputError("the scoring plane misses the tumour")
    return found


def _capped(value: float, measure: Measure) -> float:
    """Let no distance exceed the one that a failure scores."""
    return min(value, measure.worst) if measure.is_distance and measure.worst else value


def score_mask(answer: Mask | None, target: Target, sets: Collection[MeasureSet]) -> Scores:
    """Score the regions that a mask answers, or without one that there is no tumour in any.

    Args:
        answer: On the target's grid; None where it shows no tumour.
        target: The reference.
        sets: Measures that are asked for, beside what is always computed.

    Raises:
        InvalidInputError: The mask lies on another grid.
    """
    if answer is not None and answer.grid != target.grid:
        raise InvalidInputError(f"mask on a grid of {answer.grid.shape} that is not the study's")
    if answer is None:
        nothing = np.zeros(target.grid.shape, dtype=np.bool_)
        said: Mapping[Region, BoolArray] = dict.fromkeys(target.nested, nothing)
    else:
        said = {**answer.regions, target.localised: answer.whole}
    scores: dict[str, float] = {}
    likely = _extent(target.whole | said[target.localised])
    for region, voxels in said.items():
        if region in target.regions:
            pair = MaskPair(target.regions[region], voxels, target.grid.spacing_mm)
            cropped = pair.cropped_by(likely)
            scores |= _score_region(region, cropped, target.grid)
            scores |= _score_lesions(region, cropped, target.task, sets)
    return scores


def _score_region(region: Region, pair: MaskPair, grid: Grid) -> dict[str, float]:
    meeting = Meeting.of(reference=pair.n_reference > 0, prediction=pair.n_prediction > 0)
    scores = {reference_name(region): _mm3(pair.n_reference, grid)}
    for item in scored_in(Form.MASK):
        value = declared(meeting, item)
        if value is None and item.of_masks is not None:
            value = _capped(item.of_masks(pair), item)
        if value is not None:
            scores[item.score_name(region)] = value
    return scores


def _score_lesions(
    region: Region, pair: MaskPair, task: Task, sets: Collection[MeasureSet]
) -> dict[str, float]:
    """Score a region by the rules of challenges; their own rules say what an empty mask scores."""
    scores: dict[str, float] = {}
    of_2023 = scores_2023(pair, task.rule_2023) if MeasureSet.BRATS_2023 in sets else None
    of_2026 = (
        scores_2026(pair, counts_all=task.counts_all) if MeasureSet.BRATS_2026 in sets else None
    )
    for item in scored_in(Form.MASK, sets):
        value = nan
        if of_2023 is not None and item.of_brats_2023 is not None:
            value = item.of_brats_2023(of_2023)
        if of_2026 is not None and item.of_brats_2026 is not None:
            value = item.of_brats_2026(of_2026)
        if not isnan(value):
            scores[item.score_name(region)] = _capped(float(value), item)
    return scores


def _extent(voxels: BoolArray) -> tuple[slice, ...]:
    return extent(voxels) if voxels.any() else (slice(0, 1),) * 3


def _mm3(n_voxels: int, grid: Grid) -> float:
    """Measure a volume as `volume_error_mm3` does."""
    i, j, k = grid.spacing_mm
    return n_voxels * i * j * k
