"""Sentences on pairs of backends, by the claim that is supported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gliobench.adapters.html.numbers import count, listed, number
from gliobench.adapters.html.words import pair_of
from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.domain.comparison.pair import ALPHA, Verdict
from gliobench.domain.comparison.report import Report
from gliobench.domain.metrics.measures import CENTRE_ERROR, CENTRE_ERROR_3D


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
