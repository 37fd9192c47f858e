"""What a model that reads pictures is asked about a study."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from gliobench.domain.predictions.prediction import Form


class Question(str, Enum):
    """One question, answered by itself."""

    GRADE = "grade"
    POINT = "point"
    BOX = "box"
    POLYGON = "polygon"


class Decoding(str, Enum):
    """How an answer comes about.

    FREE: The model writes what it likes, word after likeliest word.
    CONSTRAINED: It can write nothing but JSON that fits the question.
    SCORED: It writes nothing: the likelihoods of the possible answers are compared.
    """

    FREE = "free"
    CONSTRAINED = "constrained"
    SCORED = "scored"


FORM_OF_QUESTION: Mapping[Question, Form] = {
    Question.POINT: Form.POINT,
    Question.BOX: Form.BOX,
    Question.POLYGON: Form.POLYGON,
}
"""The form that answers each question of place."""
