"""What a backend may answer: whatever else it gives is refused here, before it is scored or kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from math import isfinite
from numbers import Integral, Real
from typing import TypeVar

import numpy as np

from gliobench.domain.errors import WrongAnswerError
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
from gliobench.domain.geometry.resampling import Float32Array
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.messages import one_line, shown
from gliobench.domain.predictions.prediction import (
    TYPE_OF_FORM,
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    GradeSet,
    Localisation,
    LocalisationPrediction,
    Mask,
    NoTumour,
)
from gliobench.domain.predictions.reasons import Reason
from gliobench.domain.studies.study import Grade, Study

T = TypeVar("T")
ROUNDING = 1e-4
"""By which probabilities that were resampled may miss [0, 1]."""
OUTSIDE = 0.1
"""How far a point may lie outside of the image, as a share of its length: an estimate may miss it."""


def checked_grade(answer: object, _study: Study, _backend: str) -> GradePrediction | Failure:
    """Check an answer about a grade; a number of numpy's becomes one of Python's.

    Raises:
        WrongAnswerError: It is none, or a field of it has a wrong type or value.
    """
    if isinstance(answer, Failure):
        return _checked_failure(answer)
    said = _a(GradePrediction, answer, "grade")
    probability = said.probability_hgg
    if probability is not None:
        probability = _number(probability, "probability_hgg")
    kept = None if said.grade_set is None else _a(GradeSet, said.grade_set, "grade_set")
    reasons = tuple(_checked_reason(item) for item in _a(tuple, said.reasons, "reasons"))
    grade = _a(Grade, said.grade, "grade")
    return GradePrediction(grade, probability, _words(said.raw), kept, reasons)


def checked_localisation(
    answer: object, study: Study, backend: str
) -> LocalisationPrediction | Failure:
    """Check an answer about a place; a form that is wrong fails by itself.

    Raises:
        WrongAnswerError: It is none, or what is wrong is of no single form.
    """
    if isinstance(answer, Failure):
        return _checked_failure(answer)
    said = _a(LocalisationPrediction, answer, "localisation")
    _a(bool, said.oracle, "oracle")
    answers = {
        (form := _a(Form, key, "form")): _checked_form(form, item, study.grid, backend)
        for key, item in _mapping(said.answers, "answers").items()
    }
    for words in _mapping(said.raw, "raw").values():
        _words(words)
    sure = {
        _a(Region, region, "region of a confidence"): _number(value, "confidence")
        for region, value in _mapping(said.region_confidence, "region_confidence").items()
    }
    confidence = None if said.confidence is None else _number(said.confidence, "confidence")
    return replace(said, answers=answers, confidence=confidence, region_confidence=sure)


def checked_probabilities(maps: object, study: Study) -> Mapping[Region, Float32Array]:
    """Check the probabilities of voxels by region.

    Raises:
        WrongAnswerError: They are something else, on another grid, or lie outside of [0, 1].
    """
    shape, checked = study.grid.shape, {}
    for key, values in _mapping(maps, "probabilities").items():
        region, found = _a(Region, key, "region of probabilities"), np.asarray(values)
        if found.shape != shape or found.dtype.kind != "f":
            raise WrongAnswerError(
                f"probabilities of {region.value} as {found.dtype} {found.shape}: wanted floats of {shape}"
            )
        if not (found.min() >= -ROUNDING and found.max() <= 1 + ROUNDING):  # NaN is neither
            raise WrongAnswerError(
                f"probabilities of {region.value} from {found.min():g} to {found.max():g}: wanted [0, 1]"
            )
        checked[region] = found.clip(0, 1).astype(np.float32)
    return checked


def broken(backend: str, what: str) -> Failure:
    """Make the failure of a backend that does what its contract forbids."""
    return Failure(FailureReason.BACKEND_ERROR, one_line(f"backend {backend} {what}"))


def _checked_form(
    form: Form, answer: object, grid: Grid, backend: str
) -> Localisation | NoTumour | Failure:
    try:
        if isinstance(answer, Failure):
            return _checked_failure(answer)
        if isinstance(answer, NoTumour):
            return answer
        return _checked_place(_a(TYPE_OF_FORM[form], answer, form.value), grid)
    except WrongAnswerError as error:
        return broken(backend, f"answers {error}")


def _checked_place(place: Localisation, grid: Grid) -> Localisation:
    """Check coordinates against the study's grid, and make plain numbers of them."""
    match place:
        case Mask():
            return _own_mask(place, grid)
        case Point3D():
            i, j, k = _numbers(place.at, 3, "point_3d")
            _check_near((i, j, k), grid.shape)
            return Point3D((i, j, k))
        case Box3D():
            start, stop = _corners(place, grid.shape)
            return Box3D((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))
    plane = _checked_plane(place.plane, grid)
    match place:
        case Point():
            x, y = _numbers(place.at, 2, "point")
            first, second = plane.in_plane_axes
            _check_near((x, y), (grid.shape[first], grid.shape[second]))
            return Point(plane, (x, y))
        case Box():
            first, second = plane.in_plane_axes
            start, stop = _corners(place, (grid.shape[first], grid.shape[second]))
            return Box(plane, (start[0], start[1]), (stop[0], stop[1]))
        case Polygon():
            corners = [_numbers(vertex, 2, "polygon's vertex") for vertex in place.vertices]
            return Polygon(plane, tuple((x, y) for x, y in corners))


def _own_mask(mask: Mask, grid: Grid) -> Mask:
    """Check a mask, and copy it: a backend may use its arrays again."""
    if difference := grid.difference(_a(Grid, mask.grid, "mask's grid")):
        raise WrongAnswerError(f"mask on a grid that is not the study's: {difference}")
    for region in _mapping(mask.regions, "mask's regions"):
        _a(Region, region, "mask's region")
    for outer, inner in pairwise(region for region in NESTED if region in mask.regions):
        _check_inside(inner, mask.regions[inner], outer, mask.regions[outer])
    return Mask(mask.grid, {region: np.array(voxels) for region, voxels in mask.regions.items()})


def _check_inside(inner: Region, part: BoolArray, outer: Region, whole: BoolArray) -> None:
    """Check that a region has voxels in the one about it; networks may let a few of them stick out."""
    if part.any() and whole.any() and not (part & whole).any():
        raise WrongAnswerError(
            f"mask whose {inner.value} lies outside of its {outer.value}: wanted regions, of which "
            f"{outer.value} holds {inner.value}, not tissues"
        )


def _check_near(point: tuple[float, ...], shape: tuple[int, ...]) -> None:
    """Check that a point is of the image: one far from it may be in millimetres."""
    if any(not -OUTSIDE * n <= at <= (1 + OUTSIDE) * n for at, n in zip(point, shape, strict=True)):
        raise WrongAnswerError(f"point {point} far outside of grid {shape}: wanted voxels")


def _checked_plane(plane: object, grid: Grid) -> Plane:
    said = _a(Plane, plane, "plane")
    axis = Axis(_a(Axis, said.axis, "plane's axis"))
    index = _whole(said.index, "plane's index")
    if not 0 <= index < grid.shape[axis]:
        name = axis.name.lower()
        raise WrongAnswerError(f"{name} plane {index}: wanted 0 to {grid.shape[axis] - 1}")
    return Plane(axis, index)


def _corners(box: Box | Box3D, shape: tuple[int, ...]) -> tuple[list[int], list[int]]:
    start, stop = (
        [_whole(item, "box's corner") for item in _many(end, len(shape), "box's corner")]
        for end in (box.start, box.stop)
    )
    if any(end > length for end, length in zip(stop, shape, strict=True)):
        raise WrongAnswerError(f"box {tuple(start)} to {tuple(stop)} reaches out of grid {shape}")
    return start, stop


def _checked_reason(reason: object) -> Reason:
    said = _a(Reason, reason, "reason")
    feature, text = _a(str, said.feature, "reason's feature"), _a(str, said.text, "reason's text")
    return Reason(feature, text, _number(said.log_odds, "reason's log_odds"))


def _checked_failure(failure: Failure) -> Failure:
    _a(FailureReason, failure.reason, "failure's reason")
    _a(str, failure.detail, "failure's detail")
    _words(failure.raw)
    return failure


def _words(raw: object) -> str | None:
    return None if raw is None else _a(str, raw, "raw")


def _numbers(values: object, count: int, name: str) -> list[float]:
    return [_number(item, name) for item in _many(values, count, name)]


def _many(values: object, count: int, name: str) -> list[object]:
    found = list(values) if isinstance(values, Iterable) else []
    if len(found) != count:
        raise WrongAnswerError(f"{name} {shown(values)}: wanted {count} numbers")
    return found


def _number(value: object, name: str) -> float:
    value = _without_axes(value)
    if not isinstance(value, Real) or isinstance(value, bool) or not isfinite(value):
        raise WrongAnswerError(f"{name} {shown(value)}: wanted a finite number")
    return float(value)


def _whole(value: object, name: str) -> int:
    value = _without_axes(value)
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise WrongAnswerError(f"{name} {shown(value)}: wanted an integer")
    return int(value)


def _without_axes(value: object) -> object:
    """Return the number that an array or a tensor without axes holds."""
    item = getattr(value, "item", None)
    return item() if callable(item) and getattr(value, "ndim", None) == 0 else value


def _mapping(value: object, name: str) -> Mapping[object, object]:
    if not isinstance(value, Mapping):
        raise WrongAnswerError(f"{name} {shown(value)}: wanted a mapping")
    return value


def _a(wanted: type[T], value: object, name: str) -> T:
    if not isinstance(value, wanted):
        raise WrongAnswerError(f"{name} {shown(value)}: wanted {wanted.__name__}")
    return value
