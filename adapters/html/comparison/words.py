"""What things are called, and how they are looked up, wherever the comparison's page speaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gliobench.domain.comparison.endpoints import AUROC, Endpoint
from gliobench.domain.comparison.result import Arm, Comparison, Pair
from gliobench.domain.evaluation.summary import Measure
from gliobench.domain.position.bias import PositionBias
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import Estimate
from gliobench.domain.studies.study import Grade

NAMES: Mapping[Measure, str] = {
    Measure.BALANCED_ACCURACY: "balanced accuracy",
    Measure.AUROC: "AUROC",
    Measure.BRIER: "Brier score",
    Measure.ERROR_MM: "centre error in mm",
    Measure.HIT: "share of hits",
    Measure.BOX_IOU: "box IoU",
    Measure.ACC_25: "boxes with an IoU of 0.25 or more",
    Measure.ACC_50: "boxes with an IoU of 0.5 or more",
    Measure.DICE: "Dice",
    Measure.HD95_MM: "HD95 in mm",
}
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
    name = NAMES.get(endpoint.measure, endpoint.measure.value)
    return f"{name} of {PLACES[endpoint.form]}" if endpoint.form else name


def when_chosen(comparison: Comparison) -> str:
    """Say when the primary endpoint was chosen, as far as the runs record."""
    return comparison.primary_choice.value


def primary_test(endpoint: Endpoint) -> str:
    """Name the test of an endpoint as the primary one."""
    if endpoint == AUROC:
        return "DeLong's test"
    swapping = "swapping the answers patient by patient"
    return f"{swapping} and by the interval of the mean" if endpoint.is_mean else swapping


def repeats_patients(comparison: Comparison) -> bool:
    """Tell whether a patient came more than once."""
    return comparison.cohort.n_patients < comparison.cohort.n_studies


def p_value(p: object) -> str:
    """Print a p; nothing where there is none."""
    if not isinstance(p, float):
        return ""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def in_figures(comparison: Comparison, endpoint: Endpoint) -> list[tuple[str, Estimate]]:
    """List the backends as figures show them: ranked, or as asked for on simulated studies."""
    found = ranked(comparison.arms, endpoint)
    if comparison.cohort.is_ranked:
        return found
    names = [arm.name for arm in comparison.arms]
    return sorted(found, key=lambda one: names.index(one[0]))


def ranked(arms: Sequence[Arm], endpoint: Endpoint) -> list[tuple[str, Estimate]]:
    """Rank the backends by an endpoint, the best first; those without it are left out."""
    found = []
    for arm in arms:
        measured = _measured(arm, endpoint)
        if isinstance(measured, Estimate):
            found.append((arm.name, measured))
    return sorted(found, key=lambda one: -endpoint.sign * one[1].value)


def pair_of(comparison: Comparison, names: set[str]) -> Pair:
    """Look up two backends, whichever was named first."""
    return next(pair for pair in comparison.pairs if {pair.first, pair.second} == names)


def in_order(pair: Pair, endpoint: Endpoint) -> tuple[str, str, int]:
    """Name the one with the better mean first; -1 tells that this turned the pair round."""
    found = pair.difference(endpoint)
    if isinstance(found, Estimate) and found.value * endpoint.sign < 0:
        return pair.second, pair.first, -1
    return pair.first, pair.second, 1


def grade_counts(comparison: Comparison) -> tuple[int, int]:
    """Count the HGG and the LGG."""
    grades = comparison.cohort.grades
    return grades.get(Grade.HGG, 0), grades.get(Grade.LGG, 0)


def tracking_indices(arms: Sequence[Arm]) -> Iterator[tuple[str, Estimate]]:
    """Give each backend's tracking index by points, where it can be told."""
    for arm in arms:
        bias = point_bias(arm)
        if bias is not None and isinstance(bias.tracking, Estimate):
            yield arm.name, bias.tracking


def point_bias(arm: Arm) -> PositionBias | None:
    """Give what a backend's points owe to the tumours; None where that cannot be told."""
    points = next((one.measured for one in arm.biases if one.form is Form.POINT), None)
    return points if isinstance(points, PositionBias) else None


def _measured(arm: Arm, endpoint: Endpoint) -> object:
    everyone = arm.summary.everyone.intention_to_treat
    if endpoint.form is None:
        return everyone.grading.measures.get(endpoint.measure) if everyone.grading else None
    rows = (row for row in everyone.localisation if row.form is endpoint.form)
    return next((row.measures.get(endpoint.measure) for row in rows), None)
