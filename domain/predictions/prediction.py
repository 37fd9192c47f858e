"""Predictions and failures of a backend on a study.

A failure is a result: it has a reason, is stored, and is counted in every denominator.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError, WrongAnswerError
from gliobench.domain.geometry.grids import BoolArray, Box, Box3D, Grid, Point, Point3D, Polygon
from gliobench.domain.geometry.orientation import reorient
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.predictions.reasons import Reason
from gliobench.domain.studies.study import Grade, Study


class FailureReason(str, Enum):
    """Why a prediction could not be made, one row each: its code, and it in words of the backend.

    `NO_TUMOUR_FOUND` is of grades: where no tumour is found there is none to grade. Of a place it is
    no failure but the answer `NO_TUMOUR`; older runs hold it there too, see `with_answers`.
    """

    UNREADABLE_STUDY = "unreadable_study", "the study could not be read"
    MISSING_MODALITY = "missing_modality", "a modality that it needs is missing"
    EMPTY_ANSWER = "empty_answer", "its answer was empty"
    REFUSAL = "refusal", "it declined to answer"
    NO_GRADE = "no_grade", "it named no grade"
    CONTRADICTION = "contradiction", "it gave contradictory answers"
    NO_NUMBERS = "no_numbers", "it answered without numbers"
    WRONG_ARITY = "wrong_arity", "it answered with too many or too few numbers"
    NON_NUMERIC = "non_numeric", "its answer is not numeric"
    OUT_OF_RANGE = "out_of_range", "its coordinates lie outside the image"
    INVERTED_BOX = "inverted_box", "its box has a negative width or height"
    TOO_FEW_VERTICES = "too_few_vertices", "its polygon has fewer than three vertices"
    SELF_INTERSECTION = "self_intersection", "its polygon crosses itself"
    TRUNCATED = "truncated", "its answer was cut off"
    NO_TUMOUR_FOUND = "no_tumour_found", "it found no tumour to grade"
    NO_SLICE = "no_slice", "there was no slice to show to it"
    OFF_PLANE = "off_plane", "its 3D answer does not intersect the scoring plane"
    LOW_CONFIDENCE = "low_confidence", "its confidence was below the limit set beforehand"
    OUT_OF_SCOPE = "out_of_scope", "the images are not of the kind that it is made for"
    TIMEOUT = "timeout", "it exceeded the time limit"
    BACKEND_ERROR = "backend_error", "the backend raised an error"
    MISSING_PREDICTION = "missing_prediction", "its files hold no prediction of the study"
    UNREADABLE_PREDICTION = "unreadable_prediction", "its file of the study cannot be used"
    WRONG_GRID = "wrong_grid", "its mask or picture has another grid than the study"

    _value_: str
    words: str

    def __new__(cls, code: str, words: str = "") -> FailureReason:
        """Take the code as the value."""
        reason = str.__new__(cls, code)
        reason._value_, reason.words = code, words
        return reason


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


NEITHER = "neither"
"""A set without a grade, in words."""


@dataclass(frozen=True, slots=True)
class GradeSet:
    """The grades that are not excluded; none, where the study is like neither.

    Args:
        grades: LGG first.
        coverage: How often sets hold the true grade, as stated, in (0, 1).

    Raises:
        WrongAnswerError: A grade stands twice, or the coverage is out of range.
    """

    grades: tuple[Grade, ...]
    coverage: float

    def __post_init__(self) -> None:
        if len(set(self.grades)) < len(self.grades) or not 0.0 < self.coverage < 1.0:
            raise WrongAnswerError(f"grade set {self.grades} with coverage {self.coverage}")

    @property
    def named(self) -> str:
        """The grades separated by spaces, or `NEITHER`."""
        return " ".join(grade.value for grade in self.grades) or NEITHER

    @classmethod
    def of(cls, named: str, coverage: float) -> GradeSet:
        """Read a set as `named` writes it.

        Raises:
            ValueError: It names no grade.
        """
        return cls(() if named == NEITHER else tuple(map(Grade, named.split())), coverage)


@dataclass(frozen=True, slots=True)
class GradePrediction:
    """A grade, and where the model gives one, the probability behind it.

    Args:
        grade: The answer.
        probability_hgg: P(HGG) in [0, 1]; None where the model gives only a label.
        raw: The model's own words, where it spoke.
        grade_set: The grades that are not excluded; None where the model does not say.
        reasons: The findings whose weights add up to the log-odds of HGG; empty where the model
            gives none.

    Raises:
        WrongAnswerError: The probability lies outside [0, 1].
    """

    grade: Grade
    probability_hgg: float | None = None
    raw: str | None = None
    grade_set: GradeSet | None = None
    reasons: tuple[Reason, ...] = ()

    def __post_init__(self) -> None:
        if self.probability_hgg is not None and not 0.0 <= self.probability_hgg <= 1.0:
            raise WrongAnswerError(f"P(HGG) = {self.probability_hgg} lies outside [0, 1]")

    @property
    def confidence(self) -> float | None:
        """The probability of the grade given, in [0, 1]; None where the model gives only a label."""
        if self.probability_hgg is None:
            return None
        return self.probability_hgg if self.grade is Grade.HGG else 1 - self.probability_hgg

    @classmethod
    def likelier(cls, probability_hgg: float, raw: str | None = None) -> GradePrediction:
        """Answer the likelier grade with its probability; HGG where both are alike."""
        return cls(Grade.HGG if probability_hgg >= 0.5 else Grade.LGG, probability_hgg, raw)


@dataclass(frozen=True, eq=False)
class Mask:
    """The voxels of a tumour, by region, on a study's RAS+ grid; none says that there is no tumour.

    Args:
        grid: The grid of the arrays.
        regions: (I, J, K) bool by region; `Region.WT` is always there, and holds its core.

    Raises:
        WrongAnswerError: The whole tumour is missing, or empty where a part is not, a shape differs
            from the grid's, or an array hides some of its voxels (`numpy.ma`).
    """

    grid: Grid
    regions: Mapping[Region, BoolArray]

    def __post_init__(self) -> None:
        if Region.WT not in self.regions:
            raise WrongAnswerError("a mask needs a whole tumour, which may be empty")
        for region, voxels in self.regions.items():
            if isinstance(voxels, np.ma.MaskedArray):
                raise WrongAnswerError(f"{region.value} is a masked array: wanted a plain one")
            if voxels.shape != self.grid.shape or voxels.dtype != np.bool_:
                raise WrongAnswerError(
                    f"{region.value} is {voxels.dtype} {voxels.shape}: wanted bool {self.grid.shape}"
                )
        if self.is_empty and any(
            self.regions[item].any() for item in NESTED if item in self.regions
        ):
            raise WrongAnswerError("the whole tumour is empty, and a part of it is not")

    @property
    def is_empty(self) -> bool:
        """Return whether it says that there is no tumour."""
        return not self.whole.any()

    @classmethod
    def of_labels(
        cls, labels: NDArray[np.integer], *, convention: LabelConvention, grid: Grid
    ) -> Mask:
        """Make a mask of a backend's label map, whose convention has to be named.

        Args:
            labels: (I, J, K) integers.
            convention: What they mean.
            grid: The study's RAS+ grid, which they lie on.

        Raises:
            WrongAnswerError: A label is not of the convention, which has no whole tumour, or the
                shape is not the grid's.
        """
        try:
            regions = convention.split(labels)
        except InvalidInputError as error:
            raise WrongAnswerError(str(error)) from error
        return cls(grid=grid, regions=regions)

    def labels_in(self, study: Study, convention: LabelConvention) -> NDArray[np.uint8]:
        """Return the labels in the orientation of the study's files.

        Args:
            study: Whose RAS+ grid the mask is on.
            convention: The label convention.

        Returns:
            (I, J, K) on `study.file_grid`.

        Raises:
            InvalidInputError: The convention has no integer for a voxel.
        """
        labels = convention.merge(self.regions)
        return reorient(labels, source=study.grid, target=study.file_grid)

    @property
    def whole(self) -> NDArray[np.bool_]:
        """(I, J, K) bool, the whole tumour."""
        return self.regions[Region.WT]


@dataclass(frozen=True, slots=True)
class NoTumour:
    """The answer that there is no tumour, in whatever form it was asked for: it is no failure.

    A mask without a voxel says the same.
    """


NO_TUMOUR = NoTumour()


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
    """Where a backend says the tumour is, or that there is none: an answer or a failure by form.

    Args:
        answers: By form; coordinates are of the study's RAS+ grid.
        oracle: True where the backend was shown a slice chosen with the reference.
        raw: The model's own words by form, where it spoke and was understood; a `Failure` holds
            its own.
        confidence: How sure the backend is of it, in [0, 1]: of a mask the Dice of the whole tumour
            that it expects. None where it does not say.
        region_confidence: The same of the regions of a mask, where it says.

    Raises:
        WrongAnswerError: No answer at all, or one filed under another form, or a confidence outside
            [0, 1].
    """

    answers: Mapping[Form, Localisation | NoTumour | Failure]
    oracle: bool = False
    raw: Mapping[Form, str] = field(default_factory=dict)
    confidence: float | None = None
    region_confidence: Mapping[Region, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.answers:
            raise WrongAnswerError("a localisation prediction needs an answer or a failure")
        for form, answer in self.answers.items():
            if not isinstance(answer, (TYPE_OF_FORM[form], NoTumour, Failure)):
                raise WrongAnswerError(f"a {type(answer).__name__} is no {form.value}")
        for said in (self.confidence, *self.region_confidence.values()):
            if said is not None and not 0.0 <= said <= 1.0:
                raise WrongAnswerError(f"confidence {said} lies outside [0, 1]")

    @property
    def finds_tumour(self) -> bool | None:
        """Return whether any answer shows a tumour; None where all of them failed."""
        said = [answer for answer in self.answers.values() if not isinstance(answer, Failure)]
        return any(not is_none(item) for item in said) if said else None


def is_none(answer: Localisation | NoTumour) -> bool:
    """Return whether an answer says that there is no tumour."""
    return answer.is_empty if isinstance(answer, Mask) else isinstance(answer, NoTumour)


def with_answers(
    said: LocalisationPrediction | Failure, forms: Collection[Form]
) -> LocalisationPrediction | Failure:
    """Read every failure `no_tumour_found` as the answer that there is no tumour.

    Args:
        said: Of a backend, or kept by a run that was older than `NO_TUMOUR`.
        forms: What it was asked for.
    """
    if isinstance(said, Failure):
        if said.reason is not FailureReason.NO_TUMOUR_FOUND or not forms:
            return said
        said = LocalisationPrediction(dict.fromkeys(forms, said))
    found = {form: item for form, item in said.answers.items() if _found_none(item)}
    words = {
        form: item.raw for form, item in found.items() if isinstance(item, Failure) and item.raw
    }
    answers = {form: NO_TUMOUR if form in found else item for form, item in said.answers.items()}
    return replace(said, answers=answers, raw={**said.raw, **words}) if found else said


def _found_none(answer: object) -> bool:
    return isinstance(answer, Failure) and answer.reason is FailureReason.NO_TUMOUR_FOUND
