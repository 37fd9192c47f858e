"""The verdict of a report and its supported claims, each sentence computed from the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gliobench.adapters.html.claims import claims_of_the_first, more_failures
from gliobench.adapters.html.numbers import ends, interval, listed, number, percent, value_of
from gliobench.adapters.html.stamps import FEW_STUDIES, UNRANKED, unranked
from gliobench.adapters.html.words import (
    distance_words,
    endpoint_name,
    grade_counts,
    pair_of,
    point_bias,
    ranked,
    row_of,
    tracking_indices,
    when_chosen,
    with_interval,
)
from gliobench.domain.comparison.endpoints import BALANCED_ACCURACY, POINT_ERROR, Endpoint
from gliobench.domain.comparison.pair import Tracking, Verdict
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.evaluation.findings import Finding, FindingKind
from gliobench.domain.evaluation.summary import GradingSummary
from gliobench.domain.metrics.measures import ACCURACY
from gliobench.domain.position.bias import PositionBias
from gliobench.domain.statistics.estimate import Estimate
from gliobench.domain.studies.study import Grade

MOST_WORDS = 30
"""Of the verdict."""
MOST_NAMED = 3
"""More backends are counted."""
CHANCE = 0.5
"""Balanced accuracy of always answering the same grade."""
LOPSIDED = 0.65
"""Share of one grade above which accuracy is misleading."""
CLUSTERED = 0.5
"""Answers with less than this share of the tumours' spread count as clustered."""


def verdict(report: Report) -> str:
    """Return in at most `MOST_WORDS` words who leads, by how much, and how sure that is."""
    if not report.cohort.is_ranked:
        return f"{UNRANKED}: the scores only show that the program runs."
    ranking = ranked(report.arms, report.primary)
    if not ranking:
        return f"No backend could be scored by {endpoint_name(report.primary)}."
    name, best = ranking[0]
    others = [other for other, _ in ranking[1:]]
    if report.primary == BALANCED_ACCURACY and best.value <= CHANCE:
        who = "It does not grade" if not others else "No backend grades"
        return f"{who} better than chance: {_scored(report, best)}, by {name}."
    first = f"{_who_leads(report, name, others)}: {_scored(report, best)}"
    long, short = (
        f"{first}{_against(report, name, others, most_named=most)}." for most in (MOST_NAMED, 0)
    )
    return long if len(long.split()) <= MOST_WORDS else short


def claims(report: Report) -> list[str]:
    """List all claims that the report makes, a sentence each."""
    parts = (grading_claims, localisation_claims, more_failures, tracking_claims)
    found = parts if report.cohort.is_ranked else (_unranked,)
    return [sentence for part in (*found, training_claims) for sentence in part(report)]


def grading_claims(report: Report) -> Iterator[str]:
    """Yield the claims on grades."""
    if report.cohort.is_ranked:
        yield from _no_skill(report)
        if report.primary.form is None:
            yield from _primary(report)


def localisation_claims(report: Report) -> Iterator[str]:
    """Yield the claims on places."""
    if report.cohort.is_ranked:
        if report.primary.form is not None:
            yield from _primary(report)
        yield from _placing(report)


def training_claims(report: Report) -> Iterator[str]:
    """Name the backends trained on these patients, and those that do not state their training data."""
    learned, unstated = (
        _concerned(report.findings, kind)
        for kind in (FindingKind.LEAKAGE, FindingKind.UNSTATED_TRAINING)
    )
    if learned:
        was, scores = ("were", "their") if len(learned) > 1 else ("was", "its")
        yield (
            f"{listed(learned)} {was} trained on patients of this cohort: {scores} scores do not "
            "estimate the performance on new patients."
        )
    if unstated:
        do, their = ("do", "their") if len(unstated) > 1 else ("does", "its")
        yield f"{listed(unstated)} {do} not state {their} training data."


def _concerned(findings: Sequence[Finding], kind: FindingKind) -> list[str]:
    return [found.backend for found in findings if found.kind is kind and found.backend]


def _who_leads(report: Report, name: str, others: Sequence[str]) -> str:
    """Name the first of the ranking, and what forbids to take it for the best."""
    learned = _concerned(report.findings, FindingKind.LEAKAGE)
    if name in learned:
        return f"{name} scores highest but was trained on these patients"
    if not others:
        return name
    arm = next(arm for arm in report.arms if arm.name == name)
    if arm.baseline:
        return f"No model leads; {name}, a baseline, ranks first"
    better = any(_is_better(report, name, other) for other in others)
    return f"{name} {'leads' if better else 'ranks first'}"


def _scored(report: Report, found: Estimate) -> str:
    measure = report.primary.measure
    unit = f" {measure.unit}" if measure.unit else ""
    title = endpoint_name(report.primary)
    spread = interval(found, measure.digits, dash="–")
    inside = f" ({spread})" if spread else ""
    return f"{title} {number(found.value, measure.digits)}{unit}{inside}"


def _against(report: Report, name: str, others: Sequence[str], *, most_named: int) -> str:
    """Return which of the others the first is significantly better than."""
    if not others:
        return _against_chance(report, name)
    better = [other for other in others if _is_better(report, name, other)]
    rest = [other for other in others if other not in better]
    if not better:
        named = listed(rest) if len(rest) <= most_named else f"any of the {len(rest)} others"
        return f", not significantly better than {named}"
    than = ", significantly better than " + _some(better, others, most_named)
    return f"{than}, not than {_some(rest, others, most_named)}" if rest else than


def _some(names: Sequence[str], others: Sequence[str], most_named: int) -> str:
    if len(names) <= most_named:
        return listed(names)
    return (
        f"all {len(names)} others"
        if len(names) == len(others)
        else f"{len(names)} of {len(others)} others"
    )


def _against_chance(report: Report, name: str) -> str:
    found = dict(ranked(report.arms, report.primary))[name]
    if report.primary != BALANCED_ACCURACY or (spread := ends(found)) is None:
        return ""
    return f"; the 95 % CI {'excludes' if spread.low > CHANCE else 'includes'} chance (0.5)"


def _is_better(report: Report, name: str, other: str) -> bool:
    claim = pair_of(report, {name, other}).claim(report.primary)
    return claim.verdict is Verdict.APART and claim.better == name


def _unranked(report: Report) -> Iterator[str]:
    yield unranked(report.cohort)


def _primary(report: Report) -> Iterator[str]:
    primary = report.primary
    ranking = ranked(report.arms, primary)
    declared = f"{endpoint_name(primary)}, the primary endpoint ({when_chosen(report)})"
    if not ranking:
        yield f"No backend could be scored by {declared}."
        return
    name, best = ranking[0]
    arm = next(arm for arm in report.arms if arm.name == name)
    is_rule = ", a baseline," if arm.baseline else ""
    if len(ranking) == 1:
        yield f"By {declared}, only {name}{is_rule} is scored, {_value(arm, primary, best)}."
        return
    first = f"By {declared}, {name}{is_rule} ranks first {_value(arm, primary, best)}"
    yield f"{first}; {claims_of_the_first(report, ranking, primary)}."


def _value(arm: Arm, endpoint: Endpoint, found: Estimate) -> str:
    """Print a backend's score; for distances the median and the failures come before the mean."""
    row = row_of(arm, endpoint.form) if endpoint.form else None
    if row and endpoint.measure in row.spreads:
        return f"with {distance_words(row, endpoint.measure)}"
    return f"with {with_interval(found)}"


def _no_skill(report: Report) -> Iterator[str]:
    gradings = [
        (arm, grading)
        for arm in report.arms
        if (grading := arm.summary.everyone.intention_to_treat.grading) is not None
    ]
    if not gradings or min(grade_counts(report)) == 0:
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


def always_one(grading: GradingSummary) -> str:
    """Report the score of always answering the more common grade, and the weight of the rarer one."""
    trivial = (
        f"Always answering {grading.commoner.value} would score an accuracy of "
        f"{percent(grading.no_skill)} at a balanced accuracy of 0.5"
    )
    confusion = grading.confusion
    counts = {
        Grade.HGG: confusion.true_positive + confusion.false_negative,
        Grade.LGG: confusion.true_negative + confusion.false_positive,
    }
    grade, fewest = min(counts.items(), key=lambda one: one[1])
    if fewest == 1:
        return f"{trivial}; a single {grade.value} study determines half of the balanced accuracy."
    if fewest < FEW_STUDIES:
        step = number(0.5 / fewest)
        return (
            f"{trivial}; with only {fewest} {grade.value} studies, one of them changes the balanced "
            f"accuracy by {step}."
        )
    return f"{trivial}."


def _placing(report: Report) -> Iterator[str]:
    ranking = ranked(report.arms, POINT_ERROR)
    if report.primary == POINT_ERROR or len(ranking) < 2:
        return
    name, best = ranking[0]
    arm = next(arm for arm in report.arms if arm.name == name)
    first = (
        f"For points on the scoring plane, {name} has the smallest mean error, "
        f"{_value(arm, POINT_ERROR, best)}"
    )
    yield f"{first}; {claims_of_the_first(report, ranking, POINT_ERROR)}."


def tracking_claims(report: Report) -> Iterator[str]:
    """Yield the claims on whether points follow the tumour."""
    if not report.cohort.is_ranked:
        return
    indices = dict(tracking_indices(report.arms))
    biases = {arm.name: bias for arm in report.arms if (bias := point_bias(arm))}
    stay = [arm.name for arm in report.arms if arm.tracking is Tracking.HARDLY]
    cluster = [name for name in stay if _is_clustered(biases[name])]
    groups = (
        ([arm.name for arm in report.arms if arm.tracking is Tracking.FOLLOWS], _following),
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
