"""What the model is asked, word for word: a template file a question, and the answer's grammar."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from string import Template

from gliobench.domain.answers.dialects import DIALECTS, Dialect
from gliobench.domain.answers.frame import Frame
from gliobench.domain.answers.parse import FRACTIONS
from gliobench.domain.answers.questions import Question
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.slices.view import Composition
from gliobench.domain.studies.study import Grade, Modality

VERSION = "1"
"""Of the wording: a test keeps anyone from changing a word and not this."""
MAX_VERTICES = 12
"""Of a polygon."""

GRADE_ANSWERS: Mapping[Grade, str] = {
    grade: json.dumps({"grade": grade.value}) for grade in (Grade.LGG, Grade.HGG)
}
"""The two answers to the question of grade, word for word; compared where they are scored."""

_NAMES = {
    Modality.T1N: "T1-weighted",
    Modality.T1C: "T1-weighted with contrast",
    Modality.T2W: "T2-weighted",
    Modality.T2F: "T2-FLAIR",
}
_PICTURES = {
    Composition.ONE: "This is one axial slice of a brain MRI, {0}, in radiological view: "
    "the patient's right is on the left.",
    Composition.RGB: "This is one axial slice of a brain MRI, in radiological view: the patient's "
    "right is on the left. Red shows {0}, green {1}, blue {2}.",
    Composition.MONTAGE: "These four panels show one axial slice of a brain MRI, in radiological "
    "view: the patient's right is on the left. Top left: {0}; top right: {1}; bottom left: {2}; "
    "bottom right: {3}.",
    Composition.SEPARATE: "These four pictures show one axial slice of a brain MRI, in radiological "
    "view: the patient's right is on the left. First: {0}; second: {1}; third: {2}; fourth: {3}.",
}
_CONTEXT = (
    "The {0} what you are asked about. All pictures before show neighbouring slices of the same brain "
    "in the same way, from the lowest to the highest: use them for context."
)
_LAST = {1: "last picture shows", 4: "last four pictures show"}
_ALONE, _BEHIND_CONTEXT = "the picture", "the last picture"
_EXTENTS = {Composition.MONTAGE: "one panel", Composition.SEPARATE: "one picture"}
_FRACTIONS = (
    "Coordinates are fractions of {0} with {1} decimals: x from 0 (left edge) to 1 (right edge), "
    "y from 0 (top edge) to 1 (bottom edge)."
)
_PIXELS = (
    "Coordinates are whole pixels of {0}: x from 0 (left edge) to {1} (right edge), "
    "y from 0 (top edge) to {1} (bottom edge)."
)
_UNITS = (
    "Coordinates count from 0 to {1} along each edge of {0}, whatever its size: x from 0 (left edge) "
    "to {1} (right edge), y from 0 (top edge) to {1} (bottom edge)."
)
_PERCENT = (
    "Coordinates are percentages of {0} with one decimal: x from 0 (left edge) to 100 (right edge), "
    "y from 0 (top edge) to 100 (bottom edge)."
)
_Y_FIRST = " Of two numbers, y comes first."
_GRADES = 'Answer with JSON only: {"grade": "HGG"} or {"grade": "LGG"}'
_AS_JSON, _AS_WRITTEN = "Answer with JSON only: ", "Answer in this way only: "


@dataclass(frozen=True)
class Prompts:
    """The wording of all questions; training and inference ask alike through this.

    Args:
        templates: By question, with `$picture`, `$frame`, `$answer` and `$vertices` to be filled in.
    """

    templates: Mapping[Question, str]

    @classmethod
    def load(cls) -> Prompts:
        """Read the templates that ship with gliobench."""
        return cls({question: _template(question.value) for question in Question})

    @property
    def sha256(self) -> str:
        """Hash of every word that can be sent."""
        frames = [_FRACTIONS, _PIXELS, _UNITS, _PERCENT, _Y_FIRST]
        answers = [
            _answer(question, dialect) for dialect in DIALECTS.values() for question in Question
        ]
        words = [*sorted(self.templates.items()), *_PICTURES.values(), *_NAMES.values()]
        words += [_CONTEXT, *_LAST.values(), _ALONE, _BEHIND_CONTEXT, *_EXTENTS.values()]
        return sha256(json.dumps([words, frames, answers]).encode()).hexdigest()

    def prompt_text(
        self,
        question: Question,
        *,
        composition: Composition = Composition.ONE,
        modalities: Sequence[Modality] = (Modality.T1C,),
        frame: Frame = FRACTIONS,
        context: bool = False,
    ) -> str:
        """Write a question about one axial slice.

        Args:
            question: What is asked.
            composition: What the picture is made of.
            modalities: Shown in this order; as many as the composition takes.
            frame: What coordinates are asked for in.
            context: Whether neighbouring slices are shown before it.

        Raises:
            InvalidInputError: More or fewer modalities than the composition shows.
        """
        if len(modalities) != composition.modality_count:
            raise InvalidInputError(
                f"composition {composition.value} of {len(modalities)} modalities: "
                f"wanted {composition.modality_count}"
            )
        picture = _PICTURES[composition].format(*(_NAMES[modality] for modality in modalities))
        extent = _EXTENTS.get(composition, _BEHIND_CONTEXT if context else _ALONE)
        if context:
            picture = f"{_CONTEXT.format(_LAST[composition.picture_count])} {picture}"
        words = Template(self.templates[question]).substitute(
            picture=picture,
            frame=_frame(extent, frame),
            answer=_answer(question, frame.dialect),
            vertices=MAX_VERTICES,
        )
        return words.strip()


def calibration_text(question: Question, frame: Frame) -> str:
    """Write a question about a drawn square."""
    return (
        Template(_template(f"calibration-{question.value}"))
        .substitute(frame=_frame(_ALONE, frame), answer=_answer(question, frame.dialect))
        .strip()
    )


def _template(name: str) -> str:
    folder = files("gliobench.adapters.vision_language") / "prompts"
    return (folder / f"{name}.txt").read_text("utf-8")


def answer_schema(question: Question, frame: Frame = FRACTIONS) -> str:
    """Return the JSON schema of a question's answer, for constrained decoding.

    The spaces are those of `json.dumps`, so that an answer has one spelling.

    Raises:
        InvalidInputError: The dialect writes no JSON.
    """
    spacing = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
    if question is Question.GRADE:
        schema = _object({"grade": {"enum": [grade.value for grade in Grade]}})
    else:
        schema = _schema(_example(question, frame.dialect), question, frame)
    return json.dumps({"x-guidance": spacing, **schema})


def _schema(example: str, question: Question, frame: Frame) -> dict[str, object]:
    """Describe all answers that are written like an example."""
    try:
        fields = json.loads(re.sub(r"\b[XY]\d?\b", "0", example))
    except json.JSONDecodeError:
        fields = None
    if not isinstance(fields, dict):
        raise InvalidInputError(
            f"dialect {frame.dialect.name} writes no JSON: wanted decoding = free, or another dialect"
        )
    at = _coordinate(frame)
    corners = {"minItems": 3, "maxItems": MAX_VERTICES} if question is Question.POLYGON else {}

    def described(value: object) -> dict[str, object]:
        match value:
            case str():
                return {"const": value}
            case [list() as corner, *_]:
                return {"type": "array", "items": described(corner), **corners}
            case list():
                return {
                    "type": "array",
                    "items": at,
                    "minItems": len(value),
                    "maxItems": len(value),
                }
        return at

    return _object({name: described(value) for name, value in fields.items()})


def _object(properties: Mapping[str, object]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _coordinate(frame: Frame) -> dict[str, object]:
    if not frame.dialect.decimals:
        return {"type": "integer", "minimum": 0, "maximum": frame.units}
    step = 10**-frame.dialect.decimals
    return {"type": "number", "minimum": 0, "maximum": frame.units, "multipleOf": step}


def _frame(extent: str, frame: Frame) -> str:
    match frame.dialect.units:
        case 1:
            words = _FRACTIONS.format(extent, frame.dialect.decimals)
        case None:
            words = _PIXELS.format(extent, frame.units)
        case 100:
            words = _PERCENT.format(extent)
        case _:
            words = _UNITS.format(extent, frame.highest)
    return words + _Y_FIRST * frame.dialect.y_first


def _answer(question: Question, dialect: Dialect) -> str:
    if question is Question.GRADE:
        return _GRADES
    example = _example(question, dialect)
    return (_AS_JSON if example.startswith("{") else _AS_WRITTEN) + example


def _example(question: Question, dialect: Dialect) -> str:
    """Write an answer with names in the place of numbers."""
    if question is Question.POINT:
        return dialect.point.format(x="X", y="Y")
    if question is Question.BOX:
        return dialect.box.format(x0="X0", y0="Y0", x1="X1", y1="Y1")
    corners = (dialect.corner.format(x=f"X{n}", y=f"Y{n}", n=n) for n in (1, 2, 3))
    return dialect.polygon.format(corners=dialect.between.join(corners))
