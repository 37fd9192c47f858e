"""A dialect read wrongly is caught, and the right one is named, by squares at known places."""

from __future__ import annotations

import pytest

from gliobench.domain.answers.calibration import ASKED, SQUARES, calibration_of
from gliobench.domain.answers.dialects import DIALECTS
from gliobench.domain.answers.frame import Frame
from gliobench.domain.answers.questions import Question

EDGE_PX = 448


def answered(dialect: str, edge_px: int = EDGE_PX) -> list[str]:
    """What a model that sees perfectly writes in a dialect."""
    frame = Frame(DIALECTS[dialect], edge_px)
    return [
        frame.write(question, [(x0, y0), (x1, y1)])
        if question is Question.BOX
        else frame.write(question, [((x0 + x1) / 2, (y0 + y1) / 2)])
        for x0, y0, x1, y1 in SQUARES
        for question in ASKED
    ]


@pytest.mark.parametrize("spoken", DIALECTS)
def test_every_dialect_confirms_itself_and_names_itself_to_the_others(spoken: str) -> None:
    said = answered(spoken)

    for asked, dialect in DIALECTS.items():
        found = calibration_of(said, Frame(dialect, EDGE_PX))
        if asked == spoken:
            assert (found.confirmed, found.right, found.fits) == (True, 8, "")
        elif not found.confirmed:
            # Those that count and write alike cannot be told apart, and need not be.
            fits = Frame(DIALECTS[found.fits], EDGE_PX)
            assert calibration_of(said, fits).confirmed
            assert found.fits in str(found)


@pytest.mark.parametrize(
    ("spoken", "asked"),
    [
        ("thousandths", "pixels"),
        ("qwen3-vl", "gemma"),
        ("gemma", "qwen3-vl"),
        ("qwen2.5-vl", "qwen3-vl"),
        ("qwen3-vl", "qwen2.5-vl"),
        ("fractions", "thousandths"),
        ("paligemma", "fractions"),
        ("molmo", "qwen3-vl"),
    ],
)
def test_a_dialect_read_wrongly_on_purpose_is_caught(spoken: str, asked: str) -> None:
    found = calibration_of(answered(spoken), Frame(DIALECTS[asked], EDGE_PX))

    assert not found.confirmed
    assert found.fits


def test_a_model_that_counts_another_picture_is_caught() -> None:
    said = answered("qwen2.5-vl", edge_px=896)

    assert not calibration_of(said, Frame(DIALECTS["qwen2.5-vl"], EDGE_PX)).confirmed


def test_two_wrong_answers_of_eight_are_forgiven_and_three_are_not() -> None:
    said = answered("fractions")
    frame = Frame(DIALECTS["fractions"], EDGE_PX)

    assert calibration_of(["I see none", "?", *said[2:]], frame).confirmed
    assert not calibration_of(["I see none", "?", "", *said[3:]], frame).confirmed


def test_a_model_that_answers_at_random_fits_nothing() -> None:
    found = calibration_of(['{"x": 0.5, "y": 0.5}'] * 8, Frame(DIALECTS["fractions"], EDGE_PX))

    assert not found.confirmed
    assert str(found) == (
        "0 of 8 drawn squares found in dialect fractions: no dialect fits the answers"
    )
