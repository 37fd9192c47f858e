"""What the model is asked, word for word: a template file a question, and the answer's grammar."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from string import Template

from gliobench.domain.answers.questions import Question
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.slices.view import Composition
from gliobench.domain.studies.study import Grade, Modality

VERSION = "1"
"""Of the wording: a test keeps anyone from changing a word and not this."""
DECIMALS = 3
"""Of a fraction: a quarter of a millimetre on a picture of 240 mm."""
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
}
_FRACTIONS = (
    "Coordinates are fractions of {0} with {1} decimals: x from 0 (left edge) to 1 (right edge), "
    "y from 0 (top edge) to 1 (bottom edge)."
)
_PIXELS = (
    "Coordinates are whole pixels of {0}: x from 0 (left edge) to {1} (right edge), "
    "y from 0 (top edge) to {1} (bottom edge)."
)


@dataclass(frozen=True)
class Prompts:
    """The wording of all questions; training and inference ask alike through this.

    Args:
        templates: By question, with `$picture`, `$frame` and `$vertices` to be filled in.
    """

    templates: Mapping[Question, str]

    @classmethod
    def load(cls) -> Prompts:
        """Read the templates that ship with gliobench."""
        folder = files("gliobench.adapters.transformers") / "prompts"
        return cls(
            {
                question: (folder / f"{question.value}.txt").read_text("utf-8")
                for question in Question
            }
        )

    @property
    def sha256(self) -> str:
        """Hash of every word that can be sent."""
        words = [*sorted(self.templates.items()), *_PICTURES.values(), *_NAMES.values()]
        return sha256(json.dumps([words, _FRACTIONS, _PIXELS]).encode()).hexdigest()

    def prompt_text(
        self,
        question: Question,
        *,
        composition: Composition = Composition.ONE,
        modalities: Sequence[Modality] = (Modality.T1C,),
        pixels: int | None = None,
    ) -> str:
        """Write a question about one axial slice.

        Args:
            question: What is asked.
            composition: What the picture is made of.
            modalities: Shown in this order; as many as the composition takes.
            pixels: Edge of the picture, or of one panel of a montage, where coordinates are asked
                for in pixels; None asks for fractions.

        Raises:
            InvalidInputError: More or fewer modalities than the composition shows.
        """
        if len(modalities) != composition.modality_count:
            raise InvalidInputError(
                f"composition {composition.value} of {len(modalities)} modalities: "
                f"wanted {composition.modality_count}"
            )
        words = Template(self.templates[question]).substitute(
            picture=_PICTURES[composition].format(*(_NAMES[modality] for modality in modalities)),
            frame=_frame(
                "one panel" if composition is Composition.MONTAGE else "the picture", pixels
            ),
            vertices=MAX_VERTICES,
        )
        return words.strip()


def answer_schema(question: Question, *, pixels: int | None = None) -> str:
    """Return the JSON schema of a question's answer, for constrained decoding.

    The spaces are those of `json.dumps`, so that an answer has one spelling.

    Args:
        question: What is asked.
        pixels: As in `Prompts.prompt_text`.
    """
    at = _coordinate(pixels)
    match question:
        case Question.GRADE:
            properties: dict[str, object] = {"grade": {"enum": [grade.value for grade in Grade]}}
        case Question.POINT:
            properties = dict.fromkeys(("x", "y"), at)
        case Question.BOX:
            properties = dict.fromkeys(("x0", "y0", "x1", "y1"), at)
        case Question.POLYGON:
            vertex = {"type": "array", "items": at, "minItems": 2, "maxItems": 2}
            outline = {
                "type": "array",
                "items": vertex,
                "minItems": 3,
                "maxItems": MAX_VERTICES,
            }
            properties = {"polygon": outline}
    return json.dumps(
        {
            "x-guidance": {
                "whitespace_flexible": False,
                "item_separator": ", ",
                "key_separator": ": ",
            },
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
    )


def _coordinate(pixels: int | None) -> dict[str, object]:
    if pixels is not None:
        return {"type": "integer", "minimum": 0, "maximum": pixels}
    return {"type": "number", "minimum": 0, "maximum": 1, "multipleOf": 10**-DECIMALS}


def _frame(extent: str, pixels: int | None) -> str:
    if pixels is None:
        return _FRACTIONS.format(extent, DECIMALS)
    return _PIXELS.format(extent, pixels)
