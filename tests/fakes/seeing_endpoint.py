"""A server whose model sees: it finds the brightest square, or the tumour of a phantom, and says so."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from io import BytesIO
from math import ceil, floor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fakes.fake_endpoint import Response, Rule, prompt_of, said
from gliobench.domain.answers.dialects import DIALECTS
from gliobench.domain.answers.frame import Frame
from gliobench.domain.answers.questions import Question

Find = Callable[[NDArray[np.uint8]], tuple[float, float, float, float]]
"""Finds a box in a picture, in fractions: x0, y0, x1, y1."""


def brightest(picture: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    """Find the white in a picture."""
    rows, columns = np.nonzero(picture[..., 0] > 250)
    height, width = picture.shape[:2]
    if not len(rows):
        return 0.25, 0.25, 0.75, 0.75
    return (
        float(columns.min() / width),
        float(rows.min() / height),
        float((columns.max() + 1) / width),
        float((rows.max() + 1) / height),
    )


def on_lattice(picture: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    """Find the white in a picture, out to the next eighths, which nearly all dialects can write."""
    x0, y0, x1, y1 = brightest(picture)
    return floor(x0 * 8) / 8, floor(y0 * 8) / 8, ceil(x1 * 8) / 8, ceil(y1 * 8) / 8


def seeing(dialect: str, find: Find = brightest) -> Rule:
    """Answer every question in a dialect, about what is found in the picture."""

    def rule(body: dict[str, Any], _: int) -> Response:
        picture = picture_of(body)
        question = question_of(prompt_of(body))
        if question is Question.GRADE:
            return said('{"grade": "HGG"}')
        look = brightest if "square" in prompt_of(body) else find
        x0, y0, x1, y1 = look(picture)
        frame = Frame(DIALECTS[dialect], picture.shape[0])
        places = {
            Question.POINT: [(x0, y1)] if look is on_lattice else [((x0 + x1) / 2, (y0 + y1) / 2)],
            Question.BOX: [(x0, y0), (x1, y1)],
            Question.POLYGON: [(x0, y0), (x1, y0), (x1, y1), (x0, y1)],
        }
        return said(frame.write(question, places[question]))

    return rule


def picture_of(body: dict[str, Any]) -> NDArray[np.uint8]:
    """Decode the first picture of a request."""
    parts = body["messages"][-1]["content"]
    url = next(part["image_url"]["url"] for part in parts if part["type"] == "image_url")
    return np.asarray(Image.open(BytesIO(b64decode(url.partition(",")[2]))))


def question_of(prompt: str) -> Question:
    """Tell the question by its words."""
    words = {"centre": Question.POINT, "smallest box": Question.BOX, "Outline": Question.POLYGON}
    return next((one for word, one in words.items() if word in prompt), Question.GRADE)
