"""The first paragraph: who is better at what, and how sure; each sentence is a function of the numbers."""

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
from gliobench.adapters.html.sentences import always_one, distance_words, said, training_words
from gliobench.domain.comparison.endpoints import POINT_ERROR, Endpoint
from gliobench.domain.comparison.result import Arm, Comparison, Tracking
from gliobench.domain.evaluation.summary import Measure
from gliobench.domain.labels.regions import LOCALISED
from gliobench.domain.position.bias import PositionBias
from gliobench.domain.statistics.estimate import Estimate
from gliobench.domain.studies.study import Grade

LOPSIDED = 0.65
"""Share of one grade above which a high accuracy tells little."""
CLUSTERED = 0.5
"""Answers that spread over less than this share of the tumours' spread keep to one place."""


def lead(comparison: Comparison) -> str:
    """Say in one paragraph who is better at what, and how sure that is."""
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
        yield f"None of the backends can here be measured by {declared}."
        return
    name, best = ranking[0]
    arm = next(arm for arm in comparison.arms if arm.name == name)
    is_rule = ", a baseline that looks at no tumour," if arm.baseline else ""
    told = f"By {declared}, {name}{is_rule} comes first {_value(arm, primary, best)}"
    if len(ranking) == 1:
        yield f"{told}, and nobody else answers."
        return
    yield f"{told}; {claims_of_the_first(comparison, ranking, primary)}."


def _value(arm: Arm, endpoint: Endpoint, found: Estimate) -> str:
    """Say what a backend scored; of a distance the median and the failures come before the mean."""
    for row in arm.summary.everyone.intention_to_treat.localisation:
        is_it = row.form is endpoint.form and row.region in (None, *LOCALISED)
        if is_it and endpoint.measure in row.spreads:
            return f"with a {distance_words(row, endpoint.measure)}"
    return f"at {said(found)}"


def _no_skill(comparison: Comparison) -> Iterator[str]:
    gradings = [
        (arm, grading)
        for arm in comparison.arms
        if (grading := arm.summary.everyone.intention_to_treat.grading) is not None
    ]
    if not gradings or min(grade_counts(comparison)) == 0:
        return
    bar = gradings[0][1].no_skill or 0.0
    told = always_one(gradings[0][1])
    yield f"Accuracy is no sign of skill here: a{told[1:]}" if bar > LOPSIDED else told
    short = [
        arm.name
        for arm, grading in gradings
        if not arm.baseline and (value_of(grading.measures[Measure.ACCURACY]) or 0.0) <= bar
    ]
    if short:
        yield f"{listed(short)} {'is' if len(short) == 1 else 'are'} no more accurate than that."


def _placing(comparison: Comparison) -> Iterator[str]:
    ranking = ranked(comparison.arms, POINT_ERROR)
    if comparison.primary == POINT_ERROR or len(ranking) < 2:
        return
    name, best = ranking[0]
    arm = next(arm for arm in comparison.arms if arm.name == name)
    told = (
        f"Of points on the scoring plane, {name} has the smallest mean error, "
        f"{_value(arm, POINT_ERROR, best)}"
    )
    yield f"{told}; {claims_of_the_first(comparison, ranking, POINT_ERROR)}."


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
    for names, tell in groups:
        if names:
            yield tell(listed(names), listed([number(indices[name].value) for name in names]))


def _following(names: str, indices: str) -> str:
    verb, index = ("follow", "indices") if " and " in names else ("follows", "index")
    return f"{names} {verb} the tumour (tracking {index} {indices}, where 1 is on it each time)."


def _clustering(names: str, indices: str, biases: Sequence[PositionBias]) -> str:
    several = len(biases) > 1
    keep, hardly, index = (
        ("keep", "hardly follow", "indices") if several else ("keeps", "hardly follows", "index")
    )
    return (
        f"{names} {keep} to one place and {hardly} the tumour: answers spread over "
        f"{'up to ' if several else ''}{number(max(one.predicted.spread_mm for one in biases), 0)} "
        f"mm, the tumours over {number(min(one.reference.spread_mm for one in biases), 0)} mm "
        f"(tracking {index} {indices}, where 0 is independent of tumour position)."
    )


def _scattering(names: str, indices: str) -> str:
    scatter, index = (
        ("scatter and hardly follow", "indices")
        if " and " in names
        else ("scatters and hardly follows", "index")
    )
    return f"{names} {scatter} the tumour (tracking {index} {indices})."


def _is_clustered(bias: PositionBias) -> bool:
    return bias.predicted.spread_mm < CLUSTERED * bias.reference.spread_mm


def _training(comparison: Comparison) -> Iterator[str]:
    yield from training_words(comparison.findings)
