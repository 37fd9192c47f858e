"""The claims that a report supports, each sentence computed from the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gliobench.adapters.html.numbers import (
    count,
    listed,
    number,
    percent,
    value_of,
)
from gliobench.adapters.html.stamps import FEW_STUDIES, unranked
from gliobench.adapters.html.words import (
    arm_of,
    concerned,
    distance_words,
    endpoint_name,
    first_places,
    grade_counts,
    is_guided,
    measured_by,
    pair_of,
    ranked,
    row_of,
    with_interval,
)
from gliobench.domain.comparison.endpoints import POINT_ERROR, Endpoint
from gliobench.domain.comparison.pair import ALPHA, Tracking, Verdict
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.evaluation.findings import FindingKind
from gliobench.domain.evaluation.summary import GradingSummary
from gliobench.domain.metrics.measures import ACCURACY, CENTRE_ERROR, CENTRE_ERROR_3D
from gliobench.domain.position.bias import PositionBias
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.studies.grading_target import NEGATIVE, POSITIVE, class_name

LOPSIDED = 0.65
"""Share of one grade above which accuracy is misleading."""
CLUSTERED = 0.5
"""Answers with less than this share of the tumours' spread count as clustered."""


def claims(report: Report) -> list[str]:
    """List all claims that the report makes, a sentence each."""
    if not report.cohort.is_ranked:
        return [unranked(report.cohort), *training_claims(report)]
    places = (localisation_claims, segmentation_claims)
    parts = (grading_claims, *places, more_failures, tracking_claims, training_claims)
    return [report.target.in_words(sentence) for part in parts for sentence in part(report)]


def grading_claims(report: Report) -> Iterator[str]:
    """Yield the claims on grades."""
    if report.cohort.is_ranked:
        yield from _no_skill(report)
        if report.primary.form is None:
            yield from _primary(report)


def localisation_claims(report: Report) -> Iterator[str]:
    """Yield the claims on places."""
    if report.cohort.is_ranked:
        if report.primary.form not in (None, Form.MASK):
            yield from _primary(report)
        yield from _placing(report)


def segmentation_claims(report: Report) -> Iterator[str]:
    """Yield the claims on masks."""
    if report.cohort.is_ranked and report.primary.form is Form.MASK:
        yield from _primary(report)


def training_claims(report: Report) -> Iterator[str]:
    """Name the backends trained on these patients, and those that do not state their training data."""
    if learned := concerned(report, FindingKind.LEAKAGE):
        was, scores = ("were", "their") if len(learned) > 1 else ("was", "its")
        guides = any(is_guided(report, name) for name in learned)
        guided = f", or what chooses {scores} slices," if guides else ""
        yield (
            f"{listed(learned)}{guided} {was} trained on patients of this cohort: {scores} scores do not "
            "estimate the performance on new patients."
        )
    if unstated := concerned(report, FindingKind.UNSTATED_TRAINING):
        do, their = ("do", "their") if len(unstated) > 1 else ("does", "its")
        yield f"{listed(unstated)} {do} not state {their} training data."


def _primary(report: Report) -> Iterator[str]:
    endpoint = report.primary
    declared = f"{endpoint_name(endpoint)}, the primary endpoint ({report.primary_choice.value})"
    ranking = ranked(report, endpoint)
    if not ranking:
        yield f"No backend could be scored by {declared}."
        return
    arm = arm_of(report, ranking[0][0])
    name, value = f"{arm.name}{', a baseline,' if arm.baseline else ''}", _value(arm, endpoint)
    if len(ranking) == 1:
        yield f"By {declared}, only {name} is scored, {value}."
    else:
        others = claims_of_the_first(report, ranking, endpoint)
        _, *equals = first_places(ranking)
        first = f"shares the first rank with {listed(equals)}," if equals else "ranks first"
        yield f"By {declared}, {name} {first} {value}; {others}."


def _value(arm: Arm, endpoint: Endpoint) -> str:
    """Print a backend's score; for distances the median and the failures come before the mean."""
    row = row_of(arm, endpoint.form) if endpoint.form else None
    if row and endpoint.measure in row.spreads:
        return f"with {distance_words(row, endpoint.measure)}"
    return f"with {with_interval(measured_by(arm, endpoint))}"


def _no_skill(report: Report) -> Iterator[str]:
    gradings = [(arm, arm.grading) for arm in report.arms if arm.grading]
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
        yield f"The accuracy of {listed(short)} is no higher."


def always_one(grading: GradingSummary) -> str:
    """Report the score of always answering the more common grade, and the weight of the rarer one."""
    found = grading.confusion
    fewest, grade = min(
        (found.true_positive + found.false_negative, POSITIVE),
        (found.true_negative + found.false_positive, NEGATIVE),
    )
    weight = ""
    if fewest == 1:
        weight = f"; a single {grade} study determines half of the balanced accuracy"
    elif fewest < FEW_STUDIES:
        weight = (
            f"; with only {fewest} {grade} studies, one of them changes the balanced accuracy by "
            f"{number(0.5 / fewest)}"
        )
    return (
        f"Always answering {class_name(grading.commoner)} would score an accuracy of "
        f"{percent(grading.no_skill)} at a balanced accuracy of 0.5{weight}."
    )


def _placing(report: Report) -> Iterator[str]:
    ranking = ranked(report, POINT_ERROR)
    if report.primary != POINT_ERROR and len(ranking) > 1:
        arm = arm_of(report, ranking[0][0])
        _, *equals = first_places(ranking)
        has = f"and {listed(equals)} have" if equals else "has"
        yield (
            f"For points on the scoring plane, {arm.name} {has} the smallest mean error, "
            f"{_value(arm, POINT_ERROR)}; {claims_of_the_first(report, ranking, POINT_ERROR)}."
        )


def tracking_claims(report: Report) -> Iterator[str]:
    """Yield the claims on whether points follow the tumour."""
    if not report.cohort.is_ranked:
        return
    found = [(arm, bias) for arm in report.arms if (bias := arm.points)]
    follow = [(arm.name, bias) for arm, bias in found if arm.tracking is Tracking.FOLLOWS]
    stay = [(arm.name, bias) for arm, bias in found if arm.tracking is Tracking.HARDLY]
    cluster = [(name, bias) for name, bias in stay if _is_clustered(bias)]
    scatter = [(name, bias) for name, bias in stay if not _is_clustered(bias)]
    if follow:
        at_1 = ", where 1 means every answer at its tumour’s centre"
        yield _tracked(follow, "follow", "follows", scale=at_1)
    if cluster:
        answers = max(bias.predicted.spread_mm for _, bias in cluster)
        tumours = min(bias.reference.spread_mm for _, bias in cluster)
        spread = (
            f": the spread of the answers is {'up to ' * (len(cluster) > 1)}{number(answers, 0)} mm, "
            f"that of the tumours {number(tumours, 0)} mm"
        )
        keep, keeps = (
            "keep to one region and hardly follow",
            "keeps to one region and hardly follows",
        )
        at_0 = ", where 0 means independent of tumour position"
        yield _tracked(cluster, keep, keeps, spread=spread, scale=at_0)
    if scatter:
        give = "give scattered answers and hardly follow"
        yield _tracked(scatter, give, "gives scattered answers and hardly follows")


def _tracked(
    found: Sequence[tuple[str, PositionBias]],
    several: str,
    one: str,
    *,
    spread: str = "",
    scale: str = "",
) -> str:
    """Report whether backends follow the tumour, with their tracking indices."""
    verb, index = (several, "indices") if len(found) > 1 else (one, "index")
    values = listed([number(value_of(bias.tracking)) for _, bias in found])
    names = listed([name for name, _ in found])
    return f"{names} {verb} the tumour{spread} (tracking {index} {values}{scale})."


def _is_clustered(bias: PositionBias) -> bool:
    return bias.predicted.spread_mm < CLUSTERED * bias.reference.spread_mm


def claims_of_the_first(
    report: Report, ranking: Sequence[tuple[str, object]], endpoint: Endpoint
) -> str:
    """Compare the first of a ranking with all others, by kind of claim."""
    first, *others = [name for name, _ in ranking]
    claims = {name: pair_of(report, {first, name}).claim(endpoint) for name in others}
    kinds = {name: (claim.verdict, claim.typically == first) for name, claim in claims.items()}
    return "; ".join(
        _phrased(phrase, names)
        for kind, phrase in _wordings(endpoint, report.cohort.n_studies).items()
        if (names := [name for name in others if kinds[name] == kind])
    )


def _phrased(phrase: str, names: Sequence[str]) -> str:
    if len(names) > 1:
        phrase = phrase.replace("the difference from {} is", "the differences from {} are")
    return phrase.format(listed(names))


def more_failures(report: Report) -> Iterator[str]:
    """Report pairs with significantly different failure rates."""
    failed = {arm.name: arm.summary.n_failed for arm in report.arms}
    for name, n in failed.items():
        fewer = [
            f"{other} ({failed[other]:,})"
            for pair in report.pairs
            for other in ({pair.first, pair.second} - {name})
            if pair.fails_more == name
        ]
        if fewer:
            of = count(report.cohort.n_studies, "study")
            yield f"{name} fails significantly more often ({n:,} of {of}) than {listed(fewer)}."


def _wordings(endpoint: Endpoint, n_studies: int) -> Mapping[tuple[Verdict, bool], str]:
    """Return a phrase for each verdict and whether the first is better in the typical study."""
    measure, significant = endpoint.measure, f" (Holm-adjusted p < {ALPHA:g})"
    closer = "closer" if measure in (CENTRE_ERROR, CENTRE_ERROR_3D) else "better"
    worst = f"{number(endpoint.worst, 0)} {measure.unit}".rstrip()
    open_means = (
        f"{significant}, but no claim about the means is supported: a failure counts as {worst}, "
        f"and {count(n_studies, 'study')} are too few to bound the failure rates"
    )
    return {
        (Verdict.APART, True): (
            f"it is {closer} in the typical study and on average than {{}}{significant}"
        ),
        (Verdict.APART, False): (
            f"it is better{' on average' if measure.is_mean else ''} than {{}}{significant}"
        ),
        (Verdict.TORN, False): (
            f"it is better on average than {{}}, but worse in the typical study{significant}: large "
            "errors and failures dominate the mean"
        ),
        (Verdict.TYPICAL, True): f"it is {closer} in the typical study than {{}}{open_means}",
        (Verdict.TYPICAL, False): f"it is worse in the typical study than {{}}{open_means}",
        (Verdict.OPEN, False): "the difference from {} is not statistically significant",
        (Verdict.UNTESTED, False): "no test was possible against {}",
    }
