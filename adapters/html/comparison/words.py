"""Names and look-ups shared by the sections of the comparison's page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gliobench.domain.comparison.endpoints import AUROC, Endpoint
from gliobench.domain.comparison.result import Arm, Comparison, Pair
from gliobench.domain.position.bias import PositionBias
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import Estimate
from gliobench.domain.studies.study import Grade

PLACES: Mapping[Form, str] = {
    Form.POINT: "points on the scoring plane",
    Form.BOX: "boxes on the scoring plane",
    Form.POLYGON: "polygons on the scoring plane",
    Form.POINT_3D: "points in the volume",
    Form.BOX_3D: "boxes in the volume",
    Form.MASK: "masks in the volume",
}


def endpoint_name(endpoint: Endpoint) -> str:
    """Name an endpoint in prose."""
    name = endpoint.measure.name or endpoint.measure.title
    return f"{name} of {PLACES[endpoint.form]}" if endpoint.form else name


def when_chosen(comparison: Comparison) -> str:
    """Return how the primary endpoint was chosen, according to the runs."""
    return comparison.primary_choice.value


def primary_test(endpoint: Endpoint) -> str:
    """Name the test of a primary endpoint."""
    if endpoint == AUROC:
        return "DeLong's test"
    permutation = "a paired permutation test over patients"
    return f"{permutation} and the CI of the mean" if endpoint.measure.is_mean else permutation


def repeats_patients(comparison: Comparison) -> bool:
    """Return whether a patient has more than one study."""
    return comparison.cohort.n_patients < comparison.cohort.n_studies


def p_value(p: object) -> str:
    """Print a p value; empty where there is none."""
    if not isinstance(p, float):
        return ""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def in_figures(comparison: Comparison, endpoint: Endpoint) -> list[tuple[str, Estimate]]:
    """List the backends in the order of figures: ranked, or as given on simulated studies."""
    found = ranked(comparison.arms, endpoint)
    if comparison.cohort.is_ranked:
        return found
    names = [arm.name for arm in comparison.arms]
    return sorted(found, key=lambda row: names.index(row[0]))


def ranked(arms: Sequence[Arm], endpoint: Endpoint) -> list[tuple[str, Estimate]]:
    """Rank the backends by an endpoint, the best first; backends without it are excluded."""
    found = []
    for arm in arms:
        measured = _measured(arm, endpoint)
        if isinstance(measured, Estimate):
            found.append((arm.name, measured))
    return sorted(found, key=lambda row: -endpoint.sign * row[1].value)


def pair_of(comparison: Comparison, names: set[str]) -> Pair:
    """Look up a pair of backends in either order."""
    return next(pair for pair in comparison.pairs if {pair.first, pair.second} == names)


def in_order(pair: Pair, endpoint: Endpoint) -> tuple[str, str, int]:
    """Put the better mean first; the sign is -1 where that reverses the pair."""
    found = pair.difference(endpoint)
    if isinstance(found, Estimate) and found.value * endpoint.sign < 0:
        return pair.second, pair.first, -1
    return pair.first, pair.second, 1


def grade_counts(comparison: Comparison) -> tuple[int, int]:
    """Count HGG and LGG studies."""
    grades = comparison.cohort.grades
    return grades.get(Grade.HGG, 0), grades.get(Grade.LGG, 0)


def tracking_indices(arms: Sequence[Arm]) -> Iterator[tuple[str, Estimate]]:
    """Yield each backend's tracking index of points, where it is estimable."""
    for arm in arms:
        bias = point_bias(arm)
        if bias is not None and isinstance(bias.tracking, Estimate):
            yield arm.name, bias.tracking


def point_bias(arm: Arm) -> PositionBias | None:
    """Return the position bias of a backend's points; None where it is not estimable."""
    points = next((bias.measured for bias in arm.biases if bias.form is Form.POINT), None)
    return points if isinstance(points, PositionBias) else None


def _measured(arm: Arm, endpoint: Endpoint) -> object:
    everyone = arm.summary.everyone.intention_to_treat
    if endpoint.form is None:
        return everyone.grading.measures.get(endpoint.measure) if everyone.grading else None
    rows = (row for row in everyone.localisation if row.form is endpoint.form)
    return next((row.measures.get(endpoint.measure) for row in rows), None)
