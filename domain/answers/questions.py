"""The questions that a vision-language model is asked about a study."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from gliobench.domain.predictions.prediction import Form


class Question(str, Enum):
    """One question, asked separately."""

    GRADE = "grade"
    POINT = "point"
    BOX = "box"
    POLYGON = "polygon"


class Decoding(str, Enum):
    """How an answer is produced.

    FREE: The model writes freely, by greedy decoding.
    CONSTRAINED: Decoding is restricted to JSON that fits the question.
    SCORED: The likelihoods of the possible answers are compared; no text is generated.
    """

    FREE = "free"
    CONSTRAINED = "constrained"
    SCORED = "scored"


FORM_OF_QUESTION: Mapping[Question, Form] = {
    Question.POINT: Form.POINT,
    Question.BOX: Form.BOX,
    Question.POLYGON: Form.POLYGON,
}
"""The form that answers each question for a location."""
