"""The first paragraph of a comparison claims no more than its numbers do."""

from __future__ import annotations

import pytest

from fakes.fake_comparison import REFUSAL, compared, reading
from gliobench.adapters.html.comparison.forest import difference_forest
from gliobench.adapters.html.comparison.glance import glance
from gliobench.adapters.html.comparison.lead import lead
from gliobench.adapters.html.comparison.localisation import paired_places
from gliobench.adapters.html.comparison.words import POINT_ERROR
from gliobench.domain.comparison.result import Comparison, Family, Verdict


@pytest.fixture(scope="module")
def torn() -> Comparison:
    """Sharp is nearer on 94 of 100 studies, and fails on 6: its mean is the larger one."""
    sharp = [
        reading(n, hgg=n % 4 != 0, says=True, points=REFUSAL if n < 6 else (0.0, 1.0))
        for n in range(100)
    ]
    dull = [reading(n, hgg=n % 4 != 0, says=True, points=(3.0, n / 100)) for n in range(100)]
    return compared(sharp=sharp, dull=dull)


def test_where_mean_and_median_disagree_nobody_is_called_better(torn: Comparison) -> None:
    told = lead(torn)

    assert "dull points nearest to the tumour" in told
    assert "by more than chance explains" not in told
    assert "it is not called better than sharp, for mean and median disagree" in told


def test_a_p_that_speaks_for_the_other_one_stands_nowhere_beside_a_mean(torn: Comparison) -> None:
    forest = difference_forest(torn, POINT_ERROR, Family.LOCALISATION)
    table = paired_places(torn)

    assert forest is not None
    assert "mean and median disagree" in forest.pairs.alt
    assert "p <" not in forest.pairs.alt
    assert table is not None
    assert table.groups[0].rows[0].cells[2].small == "Holm <0.001 · mean and median disagree"


def test_the_duel_of_two_whose_mean_and_median_disagree_has_no_winner(torn: Comparison) -> None:
    duels = glance(torn)["duels"]

    assert isinstance(duels, list)
    assert duels[-1].rows == (
        ("dull", (None, Verdict.TORN)),
        ("sharp", (Verdict.TORN, None)),
    )
    assert glance(torn)["torn"]
