"""What the first paragraph says of two backends, in the words of the claim that is supported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from gliobench.adapters.html.comparison.words import pair_of
from gliobench.adapters.html.numbers import count, listed, number
from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.domain.comparison.result import Claim, Comparison, Verdict
from gliobench.domain.evaluation.summary import Measure


def claims_of_the_first(
    comparison: Comparison, ranking: Sequence[tuple[str, object]], endpoint: Endpoint
) -> str:
    """Say whom the first of a ranking is better than, in what sense, and whom it is not."""
    first, *others = [name for name, _ in ranking]
    claims = {one: pair_of(comparison, {first, one}).claim(endpoint) for one in others}
    return "; ".join(
        say(listed(names))
        for belongs, say in _wordings(first, endpoint, comparison.cohort.n_studies)
        if (names := [one for one in others if belongs(claims[one])])
    )


def more_failures(comparison: Comparison) -> Iterator[str]:
    """Say who fails in more studies than whom."""
    failed = {arm.name: arm.summary.n_failed for arm in comparison.arms}
    for name, n in failed.items():
        fewer = [
            f"{other} ({failed[other]:,})"
            for pair in comparison.pairs
            for other in ({pair.first, pair.second} - {name})
            if pair.fails_more == name
        ]
        if fewer:
            of = count(comparison.cohort.n_studies, "study")
            yield f"{name} fails more often, in {n:,} of {of}, than {listed(fewer)}."


Wording = tuple[Callable[[Claim], bool], Callable[[str], str]]


def _wordings(first: str, endpoint: Endpoint, n_studies: int) -> Iterator[Wording]:
    """Pair each kind of claim with its words, which take the others' names."""
    closer = "closer" if endpoint.measure is Measure.ERROR_MM else "better"
    typically, open_means = f"{closer} in the typical study", _why_open(endpoint, n_studies)
    if endpoint.is_mean:
        yield (
            _is(Verdict.APART, both=True),
            f"it is better on average, and {typically}, than {{}}".format,
        )
        yield _is(Verdict.APART, both=False), "it is better on average than {}".format
    else:
        yield _is(Verdict.APART), "it is significantly better than {}".format
    yield (
        _is(Verdict.TORN),
        f"it is better on average than {{}}, but not {typically}: there it is the other way "
        "round, for far misses and failures weigh on the mean".format,
    )
    yield _typical(first, wins=True), f"it is {typically} than {{}}, {open_means}".format
    yield _typical(first, wins=False), f"{typically} than it: {{}}, {open_means}".format
    yield _is(Verdict.OPEN), "the difference from {} is not statistically significant".format
    yield _is(Verdict.UNTESTED), "no test can hold it against {} here".format


def _is(verdict: Verdict, *, both: bool | None = None) -> Callable[[Claim], bool]:
    return lambda claim: (
        claim.verdict is verdict and (both is None or both is (claim.typically is not None))
    )


def _typical(first: str, *, wins: bool) -> Callable[[Claim], bool]:
    return lambda claim: claim.verdict is Verdict.TYPICAL and (claim.typically == first) is wins


def _why_open(endpoint: Endpoint, n_studies: int) -> str:
    unit = " mm" if endpoint.measure in {Measure.ERROR_MM, Measure.HD95_MM} else ""
    return (
        f"while no claim about the means is supported: each failure counts as {number(endpoint.worst, 0)}{unit}, "
        f"and {count(n_studies, 'study')} leave open how often each fails"
    )
