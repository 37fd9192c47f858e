"""Names, phrases and look-ups that the sections of the page share."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, product

from gliobench.adapters.html.numbers import count, interval, listed, number, value_of
from gliobench.domain.comparison.endpoints import AUROC, Endpoint
from gliobench.domain.comparison.pair import Pair, Verdict
from gliobench.domain.comparison.ranking import Rank, Ranking
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.evaluation.findings import FindingKind
from gliobench.domain.evaluation.summary import FormSummary
from gliobench.domain.labels.regions import LOCALISED, Region
from gliobench.domain.metrics.measures import RANKED_TOGETHER, WORST_MM, Measure
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import UNMEASURED, Estimate, Measured
from gliobench.domain.studies.study import Grade

PLACES: Mapping[Form, str] = {
    Form.POINT: "points on the scoring plane",
    Form.BOX: "boxes on the scoring plane",
    Form.POLYGON: "polygons on the scoring plane",
    Form.POINT_3D: "points in the volume",
    Form.BOX_3D: "boxes in the volume",
    Form.MASK: "masks",
}
COLOURS = 7
"""Classes `.arm-0` to `.arm-6` of colours.css; more models than these share them."""


def endpoint_name(endpoint: Endpoint) -> str:
    """Name an endpoint in prose."""
    name = endpoint.measure.name or endpoint.measure.title
    return f"{name} of {PLACES[endpoint.form]}" if endpoint.form else name


def primary_test(endpoint: Endpoint) -> str:
    """Name the test of a primary endpoint."""
    if endpoint == AUROC:
        return "DeLong's test"
    permutation = "a paired permutation test over patients"
    return f"{permutation} and the CI of the mean" if endpoint.measure.is_mean else permutation


def rival_name(rank: Rank) -> str:
    """Name a backend of a ranking, or a family with the number of its backends."""
    return f"{rank.arm} ({len(rank.members)} runs)" if rank.members else rank.arm


def ranked_by(ranking: Ranking) -> str:
    """Name in prose what a ranking is by, and the method where that is not the endpoint's own value."""
    if ranking.endpoint is None:
        used = [
            (measure.title, region.value)
            for measure, region in product(chain(*RANKED_TOGETHER), Region)
            if measure.score_name(region) in ranking.measures
        ]
        titles, regions = (listed(list(dict.fromkeys(names))) for names in zip(*used, strict=True))
        return f"{titles} of {regions} together"
    name = endpoint_name(ranking.endpoint)
    return name if ranking.leads else f"{name}, by {ranking.method.value}"


def is_better(report: Report, name: str, other: str, endpoint: Endpoint) -> bool:
    """Return whether a backend is significantly better than another by the endpoint itself."""
    claim = pair_of(report, {name, other}).claim(endpoint)
    return claim.verdict is Verdict.APART and claim.better == name


def repeats_patients(report: Report) -> bool:
    """Return whether a patient has more than one study."""
    return report.cohort.n_patients < report.cohort.n_studies


def p_value(p: object) -> str:
    """Print a p value; empty where there is none."""
    if not isinstance(p, float):
        return ""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def ranked(report: Report, endpoint: Endpoint) -> list[tuple[str, Estimate]]:
    """Rank the backends that have an endpoint, the best first; on simulated studies keep their order."""
    found = ((arm.name, measured_by(arm, endpoint)) for arm in report.arms)
    return _in_order(report, found, sign=endpoint.sign)


def first_places(ranking: Sequence[tuple[str, Estimate]]) -> list[str]:
    """Name the backends of a ranking whose value is that of the first, up to rounding."""
    return [
        name
        for name, found in ranking
        if math.isclose(found.value, ranking[0][1].value, abs_tol=1e-9)
    ]


def tracking_indices(report: Report) -> list[tuple[str, Estimate]]:
    """Rank the tracking indices of points that are estimable likewise."""
    return _in_order(report, ((arm.name, arm.points.tracking) for arm in report.arms if arm.points))


def _in_order(
    report: Report, found: Iterable[tuple[str, Measured]], *, sign: int = 1
) -> list[tuple[str, Estimate]]:
    known = [(name, value) for name, value in found if isinstance(value, Estimate)]
    sign *= report.cohort.is_ranked
    return sorted(known, key=lambda row: -sign * row[1].value)


def arm_of(report: Report, name: str) -> Arm:
    """Look up a backend."""
    return next(arm for arm in report.arms if arm.name == name)


def is_guided(report: Report, name: str) -> bool:
    """Return whether another backend chooses the slices of this one, which may have learned from them."""
    return "guide" in arm_of(report, name).provenance


def concerned(report: Report, *kinds: FindingKind) -> list[str]:
    """List the backends with findings of these kinds."""
    return [found.backend for found in report.findings if found.kind in kinds and found.backend]


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


def measured_by(arm: Arm, endpoint: Endpoint, region: Region | None = None) -> Measured:
    """Look up one endpoint of a backend, by default of the region that masks are ranked by."""
    row = row_of(arm, endpoint.form, region) if endpoint.form else arm.grading
    return row.measures.get(endpoint.measure, UNMEASURED) if row else UNMEASURED


def row_of(arm: Arm, form: Form, region: Region | None = None) -> FormSummary | None:
    """Look up a form of localisation, of masks by default in the region that they are ranked by."""
    wanted = {region} if region else {None, *LOCALISED}
    rows = arm.summary.everyone.intention_to_treat.localisation
    return next((row for row in rows if row.form is form and row.region in wanted), None)


def with_interval(measured: Measured) -> str:
    """Print a number with its confidence interval."""
    spread = interval(measured)
    return number(value_of(measured)) + (f" (95 % CI {spread})" if spread else "")


def distance_words(row: FormSummary, measure: Measure) -> str:
    """Describe the distances of a form: median, failure rate, then the mean with its penalised studies."""
    spread, mean, unit = row.spreads[measure], row.measures[measure], measure.unit
    low, middle, high = (number(quartile, measure.digits) for quartile in spread.quartiles)
    failed = f"failed in {row.n_failed:,} of {row.n:,}" if row.n_failed else "no failures"
    text = f"median {middle} {unit} (IQR {low} to {high}; {failed}"
    if row.n_not_found:
        text += f"; no tumour found in {row.n_not_found:,}"
    if isinstance(mean, Estimate):
        text += f"; mean {number(mean.value, measure.digits)} {unit}"
        ends = interval(mean, measure.digits)
        text += f" [95 % CI {ends}]" if ends else ""
        counts = "counts" if spread.n_worst == 1 else "count"
        penalty = f", where {count(spread.n_worst, 'study')} {counts} as {WORST_MM} mm"
        text += penalty if spread.n_worst else ""
    return f"{text})"


def arm_colours(names: Sequence[str], baselines: Collection[str]) -> dict[str, int]:
    """Number the colours of backends: models first, so that baselines take none from them."""
    in_order = sorted(names, key=lambda name: name in baselines)
    return {name: place % COLOURS for place, name in enumerate(in_order)}
