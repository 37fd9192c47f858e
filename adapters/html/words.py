"""Names, phrases and look-ups that the sections of the page share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gliobench.adapters.html.numbers import count, interval, number
from gliobench.domain.comparison.endpoints import AUROC, Endpoint
from gliobench.domain.comparison.pair import Pair
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.evaluation.summary import FormSummary, Spread
from gliobench.domain.labels.regions import LOCALISED, Region
from gliobench.domain.metrics.measures import WORST_MM, Measure
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


def when_chosen(report: Report) -> str:
    """Return how the primary endpoint was chosen, according to the runs."""
    return report.primary_choice.value


def primary_test(endpoint: Endpoint) -> str:
    """Name the test of a primary endpoint."""
    if endpoint == AUROC:
        return "DeLong's test"
    permutation = "a paired permutation test over patients"
    return f"{permutation} and the CI of the mean" if endpoint.measure.is_mean else permutation


def repeats_patients(report: Report) -> bool:
    """Return whether a patient has more than one study."""
    return report.cohort.n_patients < report.cohort.n_studies


def p_value(p: object) -> str:
    """Print a p value; empty where there is none."""
    if not isinstance(p, float):
        return ""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def in_figures(report: Report, endpoint: Endpoint) -> list[tuple[str, Estimate]]:
    """List the backends in the order of figures: ranked, or as given on simulated studies."""
    found = ranked(report.arms, endpoint)
    if report.cohort.is_ranked:
        return found
    names = [arm.name for arm in report.arms]
    return sorted(found, key=lambda row: names.index(row[0]))


def ranked(arms: Sequence[Arm], endpoint: Endpoint) -> list[tuple[str, Estimate]]:
    """Rank the backends by an endpoint, the best first; backends without it are excluded."""
    found = []
    for arm in arms:
        measured = measured_by(arm, endpoint)
        if isinstance(measured, Estimate):
            found.append((arm.name, measured))
    return sorted(found, key=lambda row: -endpoint.sign * row[1].value)


def pair_of(report: Report, names: set[str]) -> Pair:
    """Look up a pair of backends in either order."""
    return next(pair for pair in report.pairs if {pair.first, pair.second} == names)


def in_order(pair: Pair, endpoint: Endpoint) -> tuple[str, str, int]:
    """Put the better mean first; the sign is -1 where that reverses the pair."""
    found = pair.difference(endpoint)
    if isinstance(found, Estimate) and found.value * endpoint.sign < 0:
        return pair.second, pair.first, -1
    return pair.first, pair.second, 1


def grade_counts(report: Report) -> tuple[int, int]:
    """Count HGG and LGG studies."""
    grades = report.cohort.grades
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


def measured_by(arm: Arm, endpoint: Endpoint, region: Region | None = None) -> object:
    """Look up one endpoint of a backend, by default of the region that masks are ranked by."""
    if endpoint.form is None:
        grading = arm.summary.everyone.intention_to_treat.grading
        return grading.measures.get(endpoint.measure) if grading else None
    row = row_of(arm, endpoint.form, region)
    return row.measures.get(endpoint.measure) if row else None


def row_of(arm: Arm, form: Form, region: Region | None = None) -> FormSummary | None:
    """Look up a form of localisation, of masks by default in the region that they are ranked by."""
    wanted = {region} if region else {None, *LOCALISED}
    rows = arm.summary.everyone.intention_to_treat.localisation
    return next((row for row in rows if row.form is form and row.region in wanted), None)


def with_interval(
    estimate: Estimate, *, digits: int = 2, unit: str = "", opens: str = "(", closes: str = ")"
) -> str:
    """Print a number with its confidence interval."""
    spread = interval(estimate, digits)
    inside = f" {opens}95 % CI {spread}{closes}" if spread else ""
    return f"{number(estimate.value, digits)}{unit}{inside}"


def distance_words(row: FormSummary, measure: Measure) -> str:
    """Describe the distances of a form: median, failure rate, then the mean with its penalised studies."""
    spread, mean = row.spreads[measure], row.measures[measure]
    digits, unit = measure.digits, f" {measure.unit}"
    low, middle, high = (number(quartile, digits) for quartile in spread.quartiles)
    text = f"median {middle}{unit} (IQR {low} to {high}; {_failed(row)}"
    if isinstance(mean, Estimate):
        words = with_interval(mean, digits=digits, unit=unit, opens="[", closes="]")
        text += f"; mean {words}{_penalty(spread)}"
    return f"{text})"


def _failed(row: FormSummary) -> str:
    failed = f"failed in {row.n_failed:,} of {row.n:,}" if row.n_failed else "no failures"
    return f"{failed}; no tumour found in {row.n_not_found:,}" if row.n_not_found else failed


def _penalty(spread: Spread) -> str:
    """Return a clause with the number of penalised studies in a mean, empty without any."""
    if not spread.n_worst:
        return ""
    counts = "counts" if spread.n_worst == 1 else "count"
    return f", where {count(spread.n_worst, 'study')} {counts} as {WORST_MM} mm"
