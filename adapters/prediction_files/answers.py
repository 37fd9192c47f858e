"""What a vision-language model said, word for word: JSON lines, read by gliobench's own parser."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from typing import Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from gliobench.adapters.prediction_files.records import from_lines, read_bytes
from gliobench.adapters.prediction_files.written import Answer, Spot, Written
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.answers.dialects import dialect_named
from gliobench.domain.answers.frame import Frame
from gliobench.domain.answers.parse import parse_box, parse_grade, parse_point, parse_polygon
from gliobench.domain.answers.questions import FORM_OF_QUESTION, Question
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.documents import first_fault
from gliobench.domain.geometry.grids import Axis, Plane, extent
from gliobench.domain.messages import shown
from gliobench.domain.predictions.prediction import Failure, FailureReason, Form, GradePrediction
from gliobench.domain.slices.view import SliceView
from gliobench.domain.studies.study import Modality, Study
from gliobench.domain.studies.study_ids import study_id_of

PICTURE_PX = 1024
"""Edge of a picture whose answers are fractions: it decides nothing."""


ALIKE = 0.7
"""Similarity of a field's name to one that it may be meant for, such as `size` and `size_px`."""


class Line(BaseModel):
    """One line: an answer to a question about a study."""

    model_config = ConfigDict(strict=True, frozen=True)

    study: str = Field(min_length=1, validation_alias=AliasChoices("study", "study_id"))
    question: Literal["grade", "point", "box", "polygon"]
    answer: str
    plane: int | None = Field(None, ge=0, description="axial slice of the RAS+ grid, from 0")
    crop: bool = Field(
        True,
        description="whether the picture is fitted to the brain on the slice, as gliobench does",
    )
    size_px: int | None = Field(
        None, ge=1, le=65_536, description="edge of the picture, if the answer is in pixels"
    )
    dialect: str | None = Field(
        None,
        description="how places are written; none: in pixels with `size_px`, else in fractions",
    )
    finished: bool = Field(True, description="false where the length limit cut the answer off")
    probability_hgg: FiniteFloat | None = Field(None, ge=0, le=1)


def read_answers(path: DatasetPath, *, study_ids: Collection[str] | None = None) -> Written:
    """Read answers in words, one JSON object a line: see `Line`.

    Args:
        path: Of the file.
        study_ids: Every study that may be in it; None where they are not known.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: A line is no such answer, or a question about a study is answered twice, or a field
            may be a misspelt one.
    """
    content, place = read_bytes(path), str(path)
    said_grades: dict[str, GradePrediction | Failure] = {}
    spots: dict[str, dict[Form, Spot]] = {}
    raw: dict[str, dict[Form, str]] = {}
    lines: dict[tuple[str, str], str] = {}
    for at, record in from_lines(content, place):
        try:
            line = Line.model_validate(record)
        except ValidationError as error:
            raise InvalidInputError(f"{at}: {first_fault(error)}") from error
        _check_names(at, record)
        study_id, question = study_id_of(line.study), Question(line.question)
        if (first := lines.setdefault((study_id, question), at)) is not at:
            raise InvalidInputError(
                f"{at}: the question {question.value} about study {study_id} is answered in {first} already"
            )
        if question is Question.GRADE:
            said_grades[study_id] = _grade(line)
        else:
            form = FORM_OF_QUESTION[question]
            spots.setdefault(study_id, {})[form] = _Spoken(at, form, line, _frame(at, line))
            raw.setdefault(study_id, {})[form] = line.answer
    if not lines:
        raise InvalidInputError(f"{place}: no answer: wanted a JSON object a line")
    return Written(
        kind="answers",
        place=place,
        sha256=sha256(content).hexdigest(),
        said_grades=said_grades or None,
        spots=spots,
        forms=frozenset(form for found in spots.values() for form in found),
        raw=raw,
        study_ids=study_ids,
    )


def _check_names(at: str, record: Mapping[str, object]) -> None:
    """Refuse a field that may be meant for one that moves places; logs have others of their own."""
    absent = {"plane", "crop", "size_px", "dialect"} - record.keys()
    for name in record.keys() - Line.model_fields.keys():
        if like := get_close_matches(name.lower(), absent, n=1, cutoff=ALIKE):
            raise InvalidInputError(
                f"{at}: field {shown(name)}: wanted it called {like[0]}, or left out"
            )


def _frame(at: str, line: Line) -> Frame:
    """Return what the coordinates of a line count.

    Raises:
        InvalidInputError: Its dialect is unknown, or counts pixels of a picture of unknown size.
    """
    name = line.dialect or ("pixels" if line.size_px else "fractions")
    try:
        dialect = dialect_named(name)
    except InvalidInputError as error:
        raise InvalidInputError(f"{at}: {error}") from error
    if dialect.units is None and line.size_px is None:
        raise InvalidInputError(f"{at}: dialect {name} counts pixels: wanted size_px")
    return Frame(dialect, line.size_px or 1)


def _grade(line: Line) -> GradePrediction | Failure:
    grade = parse_grade(line.answer, finished=line.finished)
    if isinstance(grade, Failure):
        return grade
    return GradePrediction(grade, line.probability_hgg, line.answer)


@dataclass(frozen=True, slots=True)
class _Spoken:
    """An answer about a place, which is understood once its slice is known."""

    at: str
    form: Form
    line: Line
    frame: Frame

    def __call__(self, study: Study) -> Answer:
        line, index = self.line, self.line.plane
        planes = study.grid.shape[Axis.AXIAL]
        if index is None and planes == 1:
            index = 0
        if index is None or index >= planes:
            detail = f"{self.at}: plane {index}: wanted the axial slice, 0 to {planes - 1}"
            return Failure(FailureReason.NO_SLICE, detail, line.answer)
        view = _view(study, Plane(Axis.AXIAL, index), crop=line.crop)
        try:
            match self.form:
                case Form.POINT:
                    point = parse_point(line.answer, self.frame, finished=line.finished)
                    return view.point_from_picture(point) if isinstance(point, tuple) else point
                case Form.BOX:
                    box = parse_box(line.answer, self.frame, finished=line.finished)
                    return view.box_from_picture(box) if isinstance(box, tuple) else box
            outline = parse_polygon(line.answer, self.frame, finished=line.finished)
            return view.polygon_from_picture(outline) if isinstance(outline, tuple) else outline
        except InvalidInputError as error:
            return Failure(FailureReason.SELF_INTERSECTION, str(error), line.answer)


def _view(study: Study, plane: Plane, *, crop: bool) -> SliceView:
    """Return the picture that gliobench shows of a slice: square, fitted to the brain or to the plane."""
    crop_to = None
    if crop:
        modality = Modality.T1C if Modality.T1C in study.volumes else next(iter(study.volumes))
        brain = plane.cut(study.volume(modality)) != 0
        crop_to = extent(brain) if brain.any() else None
    return SliceView.of(study.grid, plane, PICTURE_PX, crop=crop_to)
