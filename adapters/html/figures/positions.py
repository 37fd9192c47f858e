"""Positions of answers and tumours on the scoring plane."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from json import loads
from math import cos, pi, sin
from pathlib import Path

from gliobench.adapters.html.figures.drawing import (
    XY,
    Axes,
    Dot,
    Figure,
    Label,
    Line,
    Mark,
    Panel,
    arm_ink,
)
from gliobench.adapters.html.figures.scale import Scale
from gliobench.adapters.html.numbers import interval, number
from gliobench.domain.comparison.report import Bias, Report
from gliobench.domain.position.bias import PositionBias
from gliobench.domain.position.clouds import Cloud
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import NotEstimable

FIELD_MM = 110.0
"""Half the edge length of a position plot; points beyond are drawn on the edge."""
SAME_FRAME_MM = 15.0
"""If brain centroids spread more than this (root mean square), no common outline is drawn."""


def place_figures(report: Report) -> list[Figure]:
    """Plot the positions of answers and tumours, one picture per backend."""
    outline = _brain(report.brains) if report.brains and outlined(report.brains) else []
    return [
        _places(arm.name, bias, outline, arm_ink(report, arm.name))
        for arm in report.arms
        for bias in arm.biases
        if bias.form is Form.POINT and bias.predicted_mm
    ]


def _places(name: str, bias: Bias, brain: Sequence[XY], ink: str) -> Figure:
    says = _index(bias.measured)
    answers, tumours = bias.predicted_mm, bias.reference_mm
    return Figure(
        name=f"places-{name}",
        title=name,
        says=says,
        alt=f"{name}: {len(answers)} answers and as many tumours on the scoring plane, seen from below; "
        f"{says}.",
        size=(200, 200),
        marks=tuple(_cloud(bias, brain, ink)),
        numbers=(
            ("answer, right mm", "answer, anterior mm", "tumour, right mm", "tumour, anterior mm"),
            *((*one, *other) for one, other in zip(answers, tumours, strict=True)),
        ),
        ink=ink,
    )


def _index(measured: PositionBias | NotEstimable) -> str:
    """Print the tracking index, and the spread of answers and tumours."""
    tracking = measured.tracking if isinstance(measured, PositionBias) else measured
    if isinstance(tracking, NotEstimable):
        words = f"tracking index not estimable: {tracking.reason}"
    else:
        ends = interval(tracking)
        words = f"tracking index {number(tracking.value)}" + (f" ({ends})" if ends else "")
    if isinstance(measured, NotEstimable):
        return words
    answers, tumours = (
        number(cloud.spread_mm, 0) for cloud in (measured.predicted, measured.reference)
    )
    return f"{words}; spread of answers {answers} mm, of tumours {tumours} mm"


def _cloud(bias: Bias, brain: Sequence[XY], ink: str) -> Iterator[Mark]:
    """The patient's right is on the left and the front at the top."""
    across, up = Scale((FIELD_MM, -FIELD_MM), ()), Scale((-FIELD_MM, FIELD_MM), ())
    field = Axes((0, 0), (200, 200), across, up)
    yield Panel(field.at, field.size, "field")
    if brain:
        yield Line([field.place(*vertex) for vertex in brain], "brain", closed=True)
    yield field.line([(-FIELD_MM, 0), (FIELD_MM, 0)], "grid")
    yield field.line([(0, -FIELD_MM), (0, FIELD_MM)], "grid")
    tumours = [field.place(*at) for at in bias.reference_mm]
    answers = [field.place(*at) for at in bias.predicted_mm]
    yield from (Line(ends, "link") for ends in zip(tumours, answers, strict=True))
    yield from (Dot(at, 2.6, "tumour") for at in tumours)
    yield from (Dot(at, 2.2, f"answer {ink}") for at in answers)
    yield Label((5, 97), "R")
    yield Label((195, 97), "L", "end")


def outlined(brains: Cloud | None) -> bool:
    """Return whether the brains lie so much alike that one outline is drawn for all."""
    return brains is not None and brains.spread_mm <= SAME_FRAME_MM


def _brain(brains: Cloud) -> list[XY]:
    """Centre the average brain's outline on these brains.

    The file has its distances from the brain's centroid, from the right by way of the front.
    """
    file = Path(__file__).parent / "brain_outline.json"
    (x, y), radii = brains.mean_mm, loads(file.read_text(encoding="utf-8"))["radii_mm"]
    turns = [2 * pi * at / len(radii) for at in range(len(radii))]
    return [(x + r * cos(turn), y + r * sin(turn)) for r, turn in zip(radii, turns, strict=True)]
