"""Squares that are drawn and asked about, before a model's places are believed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gliobench.adapters.vision_language.prompts import calibration_text
from gliobench.adapters.vision_language.reader import Answerer
from gliobench.adapters.vision_language.requests import Picture, Prompt, Request
from gliobench.adapters.vision_language.slices import SlicePrompting
from gliobench.domain.answers.calibration import ASKED, SQUARES, Box, Calibration, calibration_of
from gliobench.domain.slices.view import Composition


def calibrate(engine: Answerer, prompting: SlicePrompting) -> Calibration:
    """Ask a model for the centre and the box of white squares at known places.

    Args:
        engine: Who answers.
        prompting: How slices are shown: the squares are drawn in pictures of that size and asked
            about in that dialect.
    """
    shown = replace(prompting, composition=Composition.ONE, modalities=())
    prompts = tuple(Prompt(calibration_text(question, shown.frame)) for question in ASKED)
    requests = [Request((_drawn(square, shown.size_px),), prompts) for square in SQUARES]
    replies = engine.answer(requests)
    return calibration_of([reply.text for each in replies for reply in each], shown.frame)


def _drawn(square: Box, edge: int) -> Picture:
    picture = np.full((edge, edge, 3), 24, np.uint8)
    x0, y0, x1, y1 = (round(at * edge) for at in square)
    picture[y0:y1, x0:x1] = 255
    return picture
