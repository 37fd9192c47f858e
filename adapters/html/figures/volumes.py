"""Bland–Altman figures of tumour volumes."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

from gliobench.adapters.html.figures.drawing import XY, Axes, Dots, Figure, Label, Mark, arm_ink
from gliobench.adapters.html.figures.scale import decades
from gliobench.adapters.html.numbers import count, number
from gliobench.domain.comparison.report import Report
from gliobench.domain.comparison.volumes import VolumeAgreement
from gliobench.domain.labels.regions import REGION_TITLES


def volume_figures(report: Report) -> list[Figure]:
    """Plot predicted over reference volume against their mean, a picture per backend with masks."""
    found = [(arm.name, arm.volumes) for arm in report.arms if arm.volumes is not None]
    points = [point for _, one in found for point in _points(one)]
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
    return [_figure(name, one, axes, arm_ink(report, name)) for name, one in found]


def _points(found: VolumeAgreement) -> list[XY]:
    pairs = zip(found.reference_ml, found.predicted_ml, strict=True)
    return [(sqrt(reference * predicted), predicted / reference) for reference, predicted in pairs]


def _figure(name: str, found: VolumeAgreement, axes: Axes, ink: str) -> Figure:
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
        marks=tuple(_marks(found, axes, ink)),
        numbers=(("reference, ml", "predicted, ml"), *pairs),
        ink=ink,
    )


def _marks(found: VolumeAgreement, axes: Axes, ink: str) -> Iterator[Mark]:
    yield from axes.frame()
    yield axes.line([(end, 1.0) for end in axes.x.ends], "grid")
    for value, kind in ((found.low, "mark"), (found.bias, f"spread {ink}"), (found.high, "mark")):
        yield axes.line([(end, value) for end in axes.x.ends], kind)
        yield Label((244, axes.place(0, value)[1] + 3.5), number(value), ink="name")
    yield Dots([axes.place(*point) for point in _points(found)], f"single {ink}")
