"""The verdict of a report and its supported claims, each sentence computed from the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gliobench.adapters.html.claims import claims_of_the_first, more_failures
from gliobench.adapters.html.numbers import (
    MOST_NAMED,
    ends,
    interval,
    listed,
    named,
    number,
    percent,
    value_of,
)
from gliobench.adapters.html.stamps import FEW_STUDIES, UNRANKED, unranked
from gliobench.adapters.html.words import (
    arm_of,
    concerned,
    distance_words,
    endpoint_name,
    grade_counts,
    is_better,
    measured_by,
    pair_of,
    ranked,
    row_of,
    with_interval,
)
from gliobench.domain.comparison.endpoints import BALANCED_ACCURACY, POINT_ERROR, Endpoint
from gliobench.domain.comparison.pair import Tracking, Verdict
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.evaluation.findings import FindingKind
from gliobench.domain.evaluation.summary import GradingSummary
from gliobench.domain.metrics.measures import ACCURACY
from gliobench.domain.position.bias import PositionBias
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import Estimate
from gliobench.domain.studies.grading_target import NEGATIVE, POSITIVE, class_name

MOST_WORDS = 30
"""Of the verdict."""
CHANCE = 0.5
"""Balanced accuracy of always answering the same grade."""
LOPSIDED = 0.65
"""Share of one grade above which accuracy is misleading."""
CLUSTERED = 0.5
"""Answers with less than this share of the tumours' spread count as clustered."""


def verdict(report: Report) -> str:
    """Return in at most `MOST_WORDS` words who leads, by how much, and how sure that is."""
    return report.target.in_words(_verdict(report))


def _verdict(report: Report) -> str:
    if not report.cohort.is_ranked:
        return f"{UNRANKED}: the scores only show that the program runs."
    ranking = ranked(report.arms, report.primary)
    if not ranking:
        return f"No backend could be scored by {endpoint_name(report.primary)}."
    (name, best), *others = ranking
    scored = f": {_scored(report, best)}"
    if report.primary == BALANCED_ACCURACY and best.value <= CHANCE:
        who = "No backend is" if others else "It is not"
        return f"{who} shown to grade better than chance{scored}, by {name}."
    equals = [other for other, found in ranking if found.value == best.value]
    if len(equals) > 1:
        return f"{_who_share(report, equals)}{scored}."
    found = {other: _standing(report, name, other) for other, _ in others}
    first = f"{_who_leads(report, name, found)}{scored}"
    if not others:
        return f"{first}{_against_chance(report, best)}."
    long, short = (f"{first}{_against(found, most_named=most)}." for most in (MOST_NAMED, 0))
    return long if len(long.split()) <= MOST_WORDS else short


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
        yield (
            f"{listed(learned)} {was} trained on patients of this cohort: {scores} scores do not "
            "estimate the performance on new patients."
        )
    if unstated := concerned(report, FindingKind.UNSTATED_TRAINING):
        do, their = ("do", "their") if len(unstated) > 1 else ("does", "its")
        yield f"{listed(unstated)} {do} not state {their} training data."


def _standing(report: Report, first: str, other: str) -> Verdict:
    """Return whether the first is significantly better than another, at least in the typical study."""
    if is_better(report, first, other, report.primary):
        return Verdict.APART
    claim = pair_of(report, {first, other}).claim(report.primary)
    return Verdict.TYPICAL if claim.winner == first else Verdict.OPEN


def _who_leads(report: Report, name: str, found: Mapping[str, Verdict]) -> str:
    """Name the first of the ranking, and what forbids to take it for the best."""
    if name in concerned(report, FindingKind.LEAKAGE):
        return f"{name} scores highest but was trained on these patients"
    if not found:
        return name
    if arm_of(report, name).baseline:
        return f"No model leads; {name}, a baseline, ranks first"
    return f"{name} {'leads' if Verdict.APART in found.values() else 'ranks first'}"


def _who_share(report: Report, names: Sequence[str]) -> str:
    """Name those that share the first rank, and what forbids to take them for the best."""
    who = named(names, f"{len(names)} backends")
    if all(arm_of(report, name).baseline for name in names):
        return f"No model leads; {who}, baselines, share the first rank"
    learned = [name for name in names if name in concerned(report, FindingKind.LEAKAGE)]
    trained = f" ({len(learned)} of them trained on these patients)" if learned else ""
    return f"{who} share the first rank{trained}"


def _scored(report: Report, found: Estimate) -> str:
    measure = report.primary.measure
    spread = interval(found, measure.digits, dash="–")
    parts = (number(found.value, measure.digits), measure.unit, f"({spread})" if spread else "")
    return " ".join(filter(None, (endpoint_name(report.primary), *parts)))


def _against(found: Mapping[str, Verdict], *, most_named: int) -> str:
    """Return which of the others the first is significantly better than, and in what."""

    def some(verdict: Verdict, *, last: str = "and", all_of: str = "all") -> str:
        names = [name for name in found if found[name] is verdict]
        share = f"{len(names)} of" if len(names) < len(found) else all_of
        return listed(names, last) if len(names) <= most_named else f"{share} {len(found)} others"

    kinds, than = set(found.values()), ""
    if Verdict.APART in kinds:
        than = f", significantly better than {some(Verdict.APART)}"
    if Verdict.TYPICAL in kinds:
        better = "" if than else "better "
        than += f", {better}in the typical study than {some(Verdict.TYPICAL)}"
    if Verdict.OPEN in kinds:
        better = "" if Verdict.APART in kinds else "significantly better "
        than += f", not {better}than {some(Verdict.OPEN, last='or', all_of='any of the')}"
    return than


def _against_chance(report: Report, found: Estimate) -> str:
    if report.primary != BALANCED_ACCURACY or (spread := ends(found)) is None:
        return ""
    return f"; the 95 % CI {'excludes' if spread.low > CHANCE else 'includes'} chance (0.5)"


def _primary(report: Report) -> Iterator[str]:
    endpoint = report.primary
    declared = f"{endpoint_name(endpoint)}, the primary endpoint ({report.primary_choice.value})"
    ranking = ranked(report.arms, endpoint)
    if not ranking:
        yield f"No backend could be scored by {declared}."
        return
    arm = arm_of(report, ranking[0][0])
    name, value = f"{arm.name}{', a baseline,' if arm.baseline else ''}", _value(arm, endpoint)
    if len(ranking) == 1:
        yield f"By {declared}, only {name} is scored, {value}."
    else:
        others = claims_of_the_first(report, ranking, endpoint)
        _, *equals = [other for other, found in ranking if found.value == ranking[0][1].value]
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
    ranking = ranked(report.arms, POINT_ERROR)
    if report.primary != POINT_ERROR and len(ranking) > 1:
        arm = arm_of(report, ranking[0][0])
        yield (
            f"For points on the scoring plane, {arm.name} has the smallest mean error, "
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
