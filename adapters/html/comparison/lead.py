"""The first paragraph of a comparison, each sentence computed from the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gliobench.adapters.html.comparison.claims import claims_of_the_first, more_failures
from gliobench.adapters.html.comparison.words import (
    endpoint_name,
    grade_counts,
    point_bias,
    ranked,
    tracking_indices,
    when_chosen,
)
from gliobench.adapters.html.numbers import count, listed, number, value_of
from gliobench.adapters.html.reservations import unranked
from gliobench.adapters.html.sentences import (
    always_one,
    distance_words,
    training_words,
    with_interval,
)
from gliobench.domain.comparison.endpoints import POINT_ERROR, Endpoint
from gliobench.domain.comparison.result import Arm, Comparison, Tracking
from gliobench.domain.labels.regions import LOCALISED
from gliobench.domain.metrics.measures import ACCURACY
from gliobench.domain.position.bias import PositionBias
from gliobench.domain.statistics.estimate import Estimate
from gliobench.domain.studies.study import Grade

LOPSIDED = 0.65
"""Share of one grade above which accuracy is misleading."""
CLUSTERED = 0.5
"""Answers with less than this share of the tumours' spread count as clustered."""


def lead(comparison: Comparison) -> str:
    """Summarise the comparison in one paragraph."""
    claims = (_no_skill, _primary, _placing, more_failures, _tracking)
    parts = (_cohort, *(claims if comparison.cohort.is_ranked else (_unranked,)), _training)
    return " ".join(sentence for part in parts for sentence in part(comparison))


def _cohort(comparison: Comparison) -> Iterator[str]:
    cohort = comparison.cohort
    graded = ", ".join(
        f"{cohort.grades[grade]:,} {grade.value}"
        for grade in (Grade.HGG, Grade.LGG)
        if cohort.grades.get(grade)
    )
    backends = count(len(comparison.arms), "backend")
    yield (
        f"{backends} read the same {count(cohort.n_studies, 'study')}"
        f"{f' ({graded})' if graded else ''}."
    )


def _unranked(comparison: Comparison) -> Iterator[str]:
    yield unranked(comparison.cohort)


def _primary(comparison: Comparison) -> Iterator[str]:
    primary = comparison.primary
    ranking = ranked(comparison.arms, primary)
    declared = f"{endpoint_name(primary)}, the primary endpoint ({when_chosen(comparison)})"
    if not ranking:
        yield f"No backend could be scored by {declared}."
        return
    name, best = ranking[0]
    arm = next(arm for arm in comparison.arms if arm.name == name)
    is_rule = ", a baseline," if arm.baseline else ""
    first = f"By {declared}, {name}{is_rule} ranks first {_value(arm, primary, best)}"
    if len(ranking) == 1:
        yield f"{first}; no other backend answers."
        return
    yield f"{first}; {claims_of_the_first(comparison, ranking, primary)}."


def _value(arm: Arm, endpoint: Endpoint, found: Estimate) -> str:
    """Print a backend's score; for distances the median and the failures come before the mean."""
    for row in arm.summary.everyone.intention_to_treat.localisation:
        is_it = row.form is endpoint.form and row.region in (None, *LOCALISED)
        if is_it and endpoint.measure in row.spreads:
            return f"with {distance_words(row, endpoint.measure)}"
    return f"with {with_interval(found)}"


def _no_skill(comparison: Comparison) -> Iterator[str]:
    gradings = [
        (arm, grading)
        for arm in comparison.arms
        if (grading := arm.summary.everyone.intention_to_treat.grading) is not None
    ]
    if not gradings or min(grade_counts(comparison)) == 0:
        return
    bar = gradings[0][1].no_skill or 0.0
    warning = " Read balanced accuracy, not accuracy." if bar > LOPSIDED else ""
    yield always_one(gradings[0][1]) + warning
    short = [
        arm.name
        for arm, grading in gradings
        if not arm.baseline and (value_of(grading.measures[ACCURACY]) or 0.0) <= bar
    ]
    if short:
        verb = "does" if len(short) == 1 else "do"
        yield f"{listed(short)} {verb} not exceed this accuracy."


def _placing(comparison: Comparison) -> Iterator[str]:
    ranking = ranked(comparison.arms, POINT_ERROR)
    if comparison.primary == POINT_ERROR or len(ranking) < 2:
        return
    name, best = ranking[0]
    arm = next(arm for arm in comparison.arms if arm.name == name)
    first = (
        f"For points on the scoring plane, {name} has the smallest mean error, "
        f"{_value(arm, POINT_ERROR, best)}"
    )
    yield f"{first}; {claims_of_the_first(comparison, ranking, POINT_ERROR)}."


def _tracking(comparison: Comparison) -> Iterator[str]:
    indices = dict(tracking_indices(comparison.arms))
    biases = {arm.name: bias for arm in comparison.arms if (bias := point_bias(arm))}
    stay = [arm.name for arm in comparison.arms if arm.tracking is Tracking.HARDLY]
    cluster = [name for name in stay if _is_clustered(biases[name])]
    groups = (
        ([arm.name for arm in comparison.arms if arm.tracking is Tracking.FOLLOWS], _following),
        (cluster, lambda names, one: _clustering(names, one, [biases[name] for name in cluster])),
        ([name for name in stay if name not in cluster], _scattering),
    )
    for names, sentence in groups:
        if names:
            yield sentence(listed(names), listed([number(indices[name].value) for name in names]))


def _following(names: str, indices: str) -> str:
    verb, index = ("follow", "indices") if " and " in names else ("follows", "index")
    return f"{names} {verb} the tumour (tracking {index} {indices}, where 1 means every answer at its tumour’s centre)."


def _clustering(names: str, indices: str, biases: Sequence[PositionBias]) -> str:
    several = len(biases) > 1
    keep, hardly, index = (
        ("keep", "hardly follow", "indices") if several else ("keeps", "hardly follows", "index")
    )
    return (
        f"{names} {keep} to one region and {hardly} the tumour: the spread of the answers is "
        f"{'up to ' if several else ''}{number(max(bias.predicted.spread_mm for bias in biases), 0)} "
        f"mm, that of the tumours {number(min(bias.reference.spread_mm for bias in biases), 0)} mm "
        f"(tracking {index} {indices}, where 0 means independent of tumour position)."
    )


def _scattering(names: str, indices: str) -> str:
    scatter, index = (
        ("give scattered answers and hardly follow", "indices")
        if " and " in names
        else ("gives scattered answers and hardly follows", "index")
    )
    return f"{names} {scatter} the tumour (tracking {index} {indices})."


def _is_clustered(bias: PositionBias) -> bool:
    return bias.predicted.spread_mm < CLUSTERED * bias.reference.spread_mm


def _training(comparison: Comparison) -> Iterator[str]:
    yield from training_words(comparison.findings)
