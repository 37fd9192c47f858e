"""Figures of localisation: positions of answers and tumours, and volumes of masks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from json import loads
from math import cos, pi, sin, sqrt
from pathlib import Path

from gliobench.adapters.html.figures.drawing import (
    XY,
    Axes,
    Dot,
    Dots,
    Figure,
    Label,
    Line,
    Mark,
    Panel,
    arm_ink,
)
from gliobench.adapters.html.figures.scale import Scale, decades, printed
from gliobench.adapters.html.numbers import count, number
from gliobench.domain.comparison.report import Bias, Report
from gliobench.domain.comparison.volumes import VolumeAgreement
from gliobench.domain.labels.regions import REGION_TITLES
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
    words = f"tracking index {printed(tracking)}"
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


def volume_figures(report: Report) -> list[Figure]:
    """Plot predicted over reference volume against their mean, a picture per backend with masks."""
    found = [(arm.name, arm.volumes) for arm in report.arms if arm.volumes is not None]
    points = [point for _, one in found for point in _ratios(one)]
    if not points:
        return []
    limits = [end for _, one in found for end in (one.low, one.high)]
    volumes, ratios = [x for x, _ in points], [*limits, *(y for _, y in points)]
    axes = Axes(
        (44, 6),
        (196, 158),
        decades(min(volumes), max(volumes), "geometric mean of both volumes, ml"),
        decades(min(ratios), max(ratios), "predicted / reference"),
    )
    return [_agreement(name, one, axes, arm_ink(report, name)) for name, one in found]


def _ratios(found: VolumeAgreement) -> list[XY]:
    pairs = zip(found.reference_ml, found.predicted_ml, strict=True)
    return [(sqrt(reference * predicted), predicted / reference) for reference, predicted in pairs]


def _agreement(name: str, found: VolumeAgreement, axes: Axes, ink: str) -> Figure:
    empty = f"; {count(found.n_empty, 'study')} with one mask empty left out" * bool(found.n_empty)
    says = (
        f"{REGION_TITLES[found.region].capitalize()}: ratio {number(found.bias)}, limits of agreement "
        f"{number(found.low)} to {number(found.high)} (n = {found.n:,}{empty})"
    )
    pairs = zip(found.reference_ml, found.predicted_ml, strict=True)
    return Figure(
        name=f"volumes-{name}",
        title=name,
        says=says,
        alt=f"Bland–Altman plot of {name}. {says}.",
        size=(290, 200),
        marks=tuple(_bland_altman(found, axes, ink)),
        numbers=(("reference, ml", "predicted, ml"), *pairs),
        ink=ink,
    )


def _bland_altman(found: VolumeAgreement, axes: Axes, ink: str) -> Iterator[Mark]:
    yield from axes.frame()
    yield axes.line([(end, 1.0) for end in axes.x.ends], "grid")
    for value, kind in ((found.low, "mark"), (found.bias, f"spread {ink}"), (found.high, "mark")):
        yield axes.line([(end, value) for end in axes.x.ends], kind)
        yield Label((244, axes.place(0, value)[1] + 3.5), number(value), ink="name")
    yield Dots([axes.place(*point) for point in _ratios(found)], f"single {ink}")
