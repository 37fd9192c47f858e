"""What a comparison says in plain words; each sentence is a function of the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gliobench.adapters.html.comparison.as_report import as_report
from gliobench.adapters.html.numbers import count, ends, listed, number, percent, value_of
from gliobench.adapters.html.sentences import FEW_STUDIES, Stamp, always_hgg, said, site_warning
from gliobench.domain.comparison.audits import FindingKind
from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.domain.comparison.result import Arm, Comparison, Family, Pair
from gliobench.domain.evaluation.summary import Measure
from gliobench.domain.position.bias import PositionBias
from gliobench.domain.position.tracking import FOLLOWS, STAYS
from gliobench.domain.prediction import Form
from gliobench.domain.statistics.estimate import Estimate
from gliobench.domain.study import Grade

POINT_ERROR = Endpoint(Measure.ERROR_MM, Form.POINT)

LOPSIDED = 0.65
"""Share of HGG above which a high accuracy tells little."""
CLUSTERED = 0.5
"""Answers that spread over less than this share of the tumours' spread keep to one place."""

TITLES: Mapping[FindingKind, str] = {
    FindingKind.LEAKAGE: "Leakage",
    FindingKind.PARTIAL_RUN: "Partial run",
    FindingKind.ORACLE_SLICES: "Oracle slices",
    FindingKind.STAND_IN: "Stand-in",
    FindingKind.HELD_OUT: "Held out",
    FindingKind.PRIORS: "Baselines know these patients",
    FindingKind.REPEATED_IMAGE: "Repeated images",
}

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


def lead(comparison: Comparison) -> str:
    """Say in one paragraph who is better at what, and how sure that is."""
    parts = (_cohort, _no_skill, _primary, _placing, _tracking, _memory)
    return " ".join(sentence for part in parts for sentence in part(comparison))


def stamps(comparison: Comparison) -> list[Stamp]:
    """Say what a reader must know before believing a number."""
    found = []
    for kind, title in TITLES.items():
        sentences = [one.sentence for one in comparison.findings if one.kind is kind]
        if sentences and kind is FindingKind.PRIORS:
            names = [one.backend for one in comparison.findings if one.kind is kind and one.backend]
            sentences = [
                f"{listed(names)} answer by averages that count patients of this cohort in: that "
                "makes baselines harder to beat, not easier."
            ]
        if sentences:
            found.append(Stamp(title, " ".join(sentences)))
    found += [*site_warning(as_report(comparison)), *_few(comparison), *_failing(comparison)]
    if found:
        return found
    text = "No backend has learned from these patients, and each has read every study."
    return [Stamp("No reservations on record", text, warns=False)]


def endpoint_name(endpoint: Endpoint) -> str:
    """Name an endpoint in prose."""
    name = NAMES.get(endpoint.measure, endpoint.measure.value)
    return f"{name} of {PLACES[endpoint.form]}" if endpoint.form else name


def p_value(p: object) -> str:
    """Print a p; nothing where there is none."""
    if not isinstance(p, float):
        return ""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def ranked(arms: Sequence[Arm], endpoint: Endpoint) -> list[tuple[str, Estimate]]:
    """Rank the backends by an endpoint, the best first; those without it are left out."""
    found = []
    for arm in arms:
        measured = _measured(arm, endpoint)
        if isinstance(measured, Estimate):
            found.append((arm.name, measured))
    return sorted(found, key=lambda one: -endpoint.sign * one[1].value)


def tells_apart(comparison: Comparison, names: set[str], family: Family, of: str) -> bool:
    """Tell whether a corrected test tells two backends apart."""
    pair = next(pair for pair in comparison.pairs if {pair.first, pair.second} == names)
    test = pair.test(family, of)
    return test is not None and test.tells_apart


def in_order(pair: Pair, endpoint: Endpoint) -> tuple[str, str, int]:
    """Name the better of a pair first; -1 tells that this turned the pair round."""
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
        bias = _point_bias(arm)
        if bias is not None and isinstance(bias.tracking, Estimate):
            yield arm.name, bias.tracking


def _measured(arm: Arm, endpoint: Endpoint) -> object:
    everyone = arm.summary.everyone.intention_to_treat
    if endpoint.form is None:
        return everyone.grading.measures.get(endpoint.measure) if everyone.grading else None
    rows = (row for row in everyone.localisation if row.form is endpoint.form)
    return next((row.measures.get(endpoint.measure) for row in rows), None)


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


def _primary(comparison: Comparison) -> Iterator[str]:
    primary = comparison.primary
    ranking = ranked(comparison.arms, primary)
    declared = f"{endpoint_name(primary)}, the primary endpoint declared beforehand"
    if not ranking:
        yield f"None of the backends can be measured by {declared} here."
        return
    name, best = ranking[0]
    arm = next(arm for arm in comparison.arms if arm.name == name)
    is_rule = ", a baseline that looks at no image," if arm.baseline else ""
    told = f"By {declared}, {name}{is_rule} comes first at {said(best)}"
    if len(ranking) == 1:
        yield f"{told}, and nobody else answers."
        return
    yield f"{told}; {_verdict(comparison, ranking, Family.PRIMARY, primary.name)}."


def _verdict(
    comparison: Comparison, ranking: Sequence[tuple[str, Estimate]], family: Family, of: str
) -> str:
    """Say whom the first of a ranking is better than for sure, and whom perhaps not."""
    first, *others = [name for name, _ in ranking]
    beaten = [one for one in others if tells_apart(comparison, {first, one}, family, of)]
    open_ = [one for one in others if one not in beaten]
    parts = []
    if beaten:
        parts.append(f"it is better than {listed(beaten)} by more than chance explains")
    if open_:
        verb = "is" if len(open_) == 1 else "are"
        parts.append(f"{listed(open_)} {verb} not told from it by this sample")
    return ", while ".join(parts)


def _no_skill(comparison: Comparison) -> Iterator[str]:
    gradings = [
        (arm, grading)
        for arm in comparison.arms
        if (grading := arm.summary.everyone.intention_to_treat.grading) is not None
    ]
    if not gradings or min(grade_counts(comparison)) == 0:
        return
    bar = value_of(gradings[0][1].always_hgg) or 0.0
    told = always_hgg(gradings[0][1])
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
    told = f"{name} points nearest to the tumour, {said(best, digits=1, unit=' mm')} off on average"
    verdict = _verdict(comparison, ranking, Family.LOCALISATION, POINT_ERROR.name)
    yield f"{told}; {verdict}."


def _tracking(comparison: Comparison) -> Iterator[str]:
    indices = dict(tracking_indices(comparison.arms))
    biases = {arm.name: bias for arm in comparison.arms if (bias := _point_bias(arm))}
    stay = [name for name, one in indices.items() if one.value < STAYS]
    cluster = [name for name in stay if _is_clustered(biases[name])]
    groups = (
        ([name for name, one in indices.items() if _low(one) > FOLLOWS], _following),
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
    verb, whose, index = (
        ("cluster", "their", "indices") if several else ("clusters", "its", "index")
    )
    return (
        f"{names} {verb} in one place whatever the image shows: {whose} answers spread over "
        f"{number(max(one.predicted.spread_mm for one in biases), 0)} mm, the tumours over "
        f"{number(max(one.reference.spread_mm for one in biases), 0)} mm (tracking {index} "
        f"{indices}, where 0 is not looking)."
    )


def _scattering(names: str, indices: str) -> str:
    verb, index = ("scatter", "indices") if " and " in names else ("scatters", "index")
    return f"{names} {verb} without following the tumour (tracking {index} {indices})."


def _is_clustered(bias: PositionBias) -> bool:
    return bias.predicted.spread_mm < CLUSTERED * bias.reference.spread_mm


def _point_bias(arm: Arm) -> PositionBias | None:
    points = next((one.measured for one in arm.biases if one.form is Form.POINT), None)
    return points if isinstance(points, PositionBias) else None


def _low(estimate: Estimate) -> float:
    spread = ends(estimate)
    return spread.low if spread else estimate.value


def _memory(comparison: Comparison) -> Iterator[str]:
    learned = [
        one.backend
        for one in comparison.findings
        if one.kind is FindingKind.LEAKAGE and one.backend
    ]
    if learned:
        have, scores = ("have", "their") if len(learned) > 1 else ("has", "its")
        yield (
            f"But {listed(learned)} {have} learned from patients of this cohort: {scores} scores "
            "tell nothing of new ones."
        )


def _few(comparison: Comparison) -> list[Stamp]:
    hgg, lgg = grade_counts(comparison)
    fewest, grade = min((hgg, "HGG"), (lgg, "LGG"))
    if not 0 < fewest < FEW_STUDIES:
        return []
    text = (
        f"Of {fewest} {grade} a bootstrap sees too little doubt: intervals of differences are too "
        "narrow. The p values do not rest on them."
    )
    return [Stamp(f"Few {grade}", text)]


def _failing(comparison: Comparison) -> list[Stamp]:
    failing = [
        f"{arm.name} in {percent(arm.failures[0].n / arm.summary.n_studies)}"
        for arm in comparison.arms
        if arm.failures[0].n
    ]
    if not failing:
        return []
    text = f"Counted as the worst answer: {listed(failing)} of the studies."
    return [Stamp("Failures", text)]
