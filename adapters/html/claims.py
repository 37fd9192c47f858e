"""Sentences on pairs of backends, by the claim that is supported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from gliobench.adapters.html.numbers import count, listed, number
from gliobench.adapters.html.words import pair_of
from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.domain.comparison.pair import ALPHA, Claim, Verdict
from gliobench.domain.comparison.report import Report
from gliobench.domain.metrics.measures import CENTRE_ERROR, CENTRE_ERROR_3D


def claims_of_the_first(
    report: Report, ranking: Sequence[tuple[str, object]], endpoint: Endpoint
) -> str:
    """Compare the first of a ranking with all others, by kind of claim."""
    first, *others = [name for name, _ in ranking]
    claims = {name: pair_of(report, {first, name}).claim(endpoint) for name in others}
    return "; ".join(
        phrase(listed(names))
        for belongs, phrase in _wordings(first, endpoint, report.cohort.n_studies)
        if (names := [name for name in others if belongs(claims[name])])
    )


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


SIGNIFICANT = f" (Holm-adjusted p < {ALPHA:g})"
Wording = tuple[Callable[[Claim], bool], Callable[[str], str]]


def _wordings(first: str, endpoint: Endpoint, n_studies: int) -> Iterator[Wording]:
    """Pair each kind of claim with its wording, which takes the others' names."""
    closer = "closer" if endpoint.measure in (CENTRE_ERROR, CENTRE_ERROR_3D) else "better"
    typically, open_means = f"{closer} in the typical study", _why_open(endpoint, n_studies)
    if endpoint.measure.is_mean:
        yield (
            _is(Verdict.APART, both=True),
            f"it is {typically} and on average than {{}}{SIGNIFICANT}".format,
        )
        yield (
            _is(Verdict.APART, both=False),
            f"it is better on average than {{}}{SIGNIFICANT}".format,
        )
    else:
        yield _is(Verdict.APART), f"it is better than {{}}{SIGNIFICANT}".format
    yield (
        _is(Verdict.TORN),
        f"it is better on average than {{}}, but worse in the typical study{SIGNIFICANT}: large errors "
        "and failures dominate the mean".format,
    )
    yield (
        _typical(first, wins=True),
        f"it is {typically} than {{}}{SIGNIFICANT}, {open_means}".format,
    )
    yield (
        _typical(first, wins=False),
        f"it is worse in the typical study than {{}}{SIGNIFICANT}, {open_means}".format,
    )
    yield _is(Verdict.OPEN), "the difference from {} is not statistically significant".format
    yield _is(Verdict.UNTESTED), "no test was possible against {}".format


def _is(verdict: Verdict, *, both: bool | None = None) -> Callable[[Claim], bool]:
    return lambda claim: (
        claim.verdict is verdict and (both is None or both is (claim.typically is not None))
    )


def _typical(first: str, *, wins: bool) -> Callable[[Claim], bool]:
    return lambda claim: claim.verdict is Verdict.TYPICAL and (claim.typically == first) is wins


def _why_open(endpoint: Endpoint, n_studies: int) -> str:
    unit = f" {endpoint.measure.unit}" if endpoint.measure.unit else ""
    return (
        f"but no claim about the means is supported: a failure counts as {number(endpoint.worst, 0)}{unit}, "
        f"and {count(n_studies, 'study')} are too few to bound the failure rates"
    )
