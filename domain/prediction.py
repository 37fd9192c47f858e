"""What a backend says of a study, and how it fails to.

A failure is a result: it has a reason, is stored, and is counted in every denominator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry import BoolArray, Box, Box3D, Grid, Point, Point3D, Polygon
from gliobench.domain.labels.regions import Region
from gliobench.domain.study import Grade


class FailureReason(str, Enum):
    """Why a prediction could not be made."""

    UNREADABLE_STUDY = "unreadable_study"
    MISSING_MODALITY = "missing_modality"
    EMPTY_ANSWER = "empty_answer"
    REFUSAL = "refusal"
    NO_GRADE = "no_grade"
    CONTRADICTION = "contradiction"
    NO_NUMBERS = "no_numbers"
    WRONG_ARITY = "wrong_arity"
    NON_NUMERIC = "non_numeric"
    OUT_OF_RANGE = "out_of_range"
    INVERTED_BOX = "inverted_box"
    TOO_FEW_VERTICES = "too_few_vertices"
    SELF_INTERSECTION = "self_intersection"
    TRUNCATED = "truncated"
    NO_TUMOUR_FOUND = "no_tumour_found"
    TIMEOUT = "timeout"
    BACKEND_ERROR = "backend_error"


@dataclass(frozen=True, slots=True)
class Failure:
    """A prediction that could not be made.

    Args:
        reason: The kind of failure.
        detail: One line for a person.
        raw: The model's own words, where it spoke.
    """

    reason: FailureReason
    detail: str
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class GradePrediction:
    """A grade, and where the model gives one, the probability behind it.

    Args:
        grade: The answer.
        probability_hgg: P(HGG) in [0, 1]; None where the model gives only a label.
        raw: The model's own words, where it spoke.

    Raises:
        InvalidInputError: The probability lies outside [0, 1].
    """

    grade: Grade
    probability_hgg: float | None = None
    raw: str | None = None

    def __post_init__(self) -> None:
        if self.probability_hgg is not None and not 0.0 <= self.probability_hgg <= 1.0:
            raise InvalidInputError(f"P(HGG) = {self.probability_hgg} lies outside [0, 1]")


@dataclass(frozen=True, eq=False)
class Mask:
    """The voxels of a tumour, by region, on a study's RAS+ grid.

    Args:
        grid: The grid of the arrays.
        regions: (I, J, K) bool by region; `Region.WT` is always there and holds a voxel.

    Raises:
        InvalidInputError: The whole tumour is missing or empty, or a shape differs from the grid's.
    """

    grid: Grid
    regions: Mapping[Region, BoolArray]

    def __post_init__(self) -> None:
        if Region.WT not in self.regions or not self.regions[Region.WT].any():
            raise InvalidInputError("a mask needs a whole tumour of at least one voxel")
        for region, voxels in self.regions.items():
            if voxels.shape != self.grid.shape or voxels.dtype != np.bool_:
                raise InvalidInputError(
                    f"{region.value} is {voxels.dtype} {voxels.shape}: wanted bool {self.grid.shape}"
                )

    @property
    def whole(self) -> NDArray[np.bool_]:
        """(I, J, K) bool, the whole tumour."""
        return self.regions[Region.WT]

    @property
    def volume_mm3(self) -> float:
        """Volume of the whole tumour."""
        return float(self.whole.sum()) * self.grid.voxel_volume_mm3


class Form(str, Enum):
    """The forms that a localisation takes; the first three lie on a plane, the rest in the volume."""

    POINT = "point"
    BOX = "box"
    POLYGON = "polygon"
    POINT_3D = "point_3d"
    BOX_3D = "box_3d"
    MASK = "mask"


Localisation: TypeAlias = Point | Box | Polygon | Point3D | Box3D | Mask

TYPE_OF_FORM: Mapping[Form, type[Localisation]] = {
    Form.POINT: Point,
    Form.BOX: Box,
    Form.POLYGON: Polygon,
    Form.POINT_3D: Point3D,
    Form.BOX_3D: Box3D,
    Form.MASK: Mask,
}


@dataclass(frozen=True, eq=False)
class LocalisationPrediction:
    """Where a backend says the tumour is: one answer, or one failure, a form asked for.

    Args:
        answers: By form; coordinates are of the study's RAS+ grid.
        oracle: True where the backend was shown a slice chosen with the reference.
        raw: The model's own words by form, where it spoke and was understood; a `Failure` holds
            its own.

    Raises:
        InvalidInputError: No answer at all, or one filed under another form.
    """

    answers: Mapping[Form, Localisation | Failure]
    oracle: bool = False
    raw: Mapping[Form, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.answers:
            raise InvalidInputError("a localisation prediction needs an answer or a failure")
        for form, answer in self.answers.items():
            if not isinstance(answer, (TYPE_OF_FORM[form], Failure)):
                raise InvalidInputError(f"a {type(answer).__name__} is no {form.value}")
