"""Claims supported by all tests together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gliobench.domain.comparison.endpoints import GRADING, LOCALISATION, Endpoint
from gliobench.domain.comparison.pair import Family, Pair, Test, Tracking
from gliobench.domain.position.tracking import FOLLOWS, HARDLY
from gliobench.domain.statistics.estimate import Estimate, Interval, Measured
from gliobench.domain.statistics.multiplicity import holm


def draw_claims(
    following: Sequence[Test | None], pairs: Sequence[Pair], primary: Endpoint
) -> tuple[tuple[Test | None, ...], tuple[Pair, ...]]:
    """Correct each family over all backends and pairs, and derive the supported claims.

    A test that could not be computed belongs to no family. The primary endpoint has half of the level of
    the family of the report's claims, which are jointly false in at most 5 % of cohorts.

    Args:
        following: Tests of whether points follow the tumour, by backend.
        pairs: All pairs of backends, with uncorrected tests.
        primary: The primary endpoint.
    """
    tests = [test for test in following if test] + [test for pair in pairs for test in pair.tests]
    found: dict[int, Test] = {}
    for family in Family:
        made = [test for test in tests if test.family is family and isinstance(test.p, float)]
        p = [test.p for test in made if isinstance(test.p, float)]
        corrected = holm(p, _weights(made, primary))
        for test, adjusted in zip(made, corrected, strict=True):
            found[id(test)] = replace(test, adjusted=adjusted)
    return (
        tuple(test and found.get(id(test), test) for test in following),
        tuple(
            _claiming(pair, [found.get(id(test), test) for test in pair.tests]) for pair in pairs
        ),
    )


def tracking_claim(index: Measured, test: Test | None) -> Tracking | None:
    """Return whether answers follow the tumour: both by the index's interval and the corrected test."""
    sure = test is not None and test.is_significant
    if not sure or not isinstance(index, Estimate) or not isinstance(index.interval, Interval):
        return None
    if index.interval.low > FOLLOWS:
        return Tracking.FOLLOWS
    return Tracking.HARDLY if index.interval.high < HARDLY else None


def _weights(tests: Sequence[Test], primary: Endpoint) -> list[float]:
    """Return the primary endpoint half of the level of the report's claims, over all pairs."""
    first = [test.family is Family.LEAD and test.of == primary.name for test in tests]
    others = len(tests) - sum(first)
    return [1 / sum(first) if item else 1 / others for item in first]


def _claiming(pair: Pair, tests: Sequence[Test]) -> Pair:
    """Derive the supported claims of a pair from its corrected tests."""
    tested = replace(pair, tests=tuple(tests))
    endpoints = [item for item in (*GRADING, *LOCALISATION) if tested.mean_test(item) is not None]
    return replace(
        tested, claims={endpoint.name: tested.supported(endpoint) for endpoint in endpoints}
    )
