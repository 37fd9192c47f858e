"""What a sample could show, held against samples that were drawn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import binom, binomtest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.statistics.delong import PairedAuroc, compare_aurocs
from gliobench.domain.statistics.estimate import NotEstimable
from gliobench.domain.statistics.mcnemar import McNemar, mcnemar
from gliobench.domain.statistics.power import (
    _standard_error,
    detectable_accuracy_difference,
    detectable_auroc_difference,
)


def test_mcnemar_finds_the_smallest_difference_in_four_of_five_samples() -> None:
    difference = detectable_accuracy_difference(n=369, discordance=0.2)
    assert isinstance(difference, float)
    shares = [0.8, (0.2 + difference) / 2, (0.2 - difference) / 2]
    right = np.array([[True, True], [True, False], [False, True]])

    found = 0
    for counts in np.random.default_rng(0).multinomial(369, shares, size=2000):
        first, second = np.repeat(right, counts, axis=0).T
        result = mcnemar(first_right=first, second_right=second)
        assert isinstance(result, McNemar)
        found += result.exact_p <= 0.05

    assert found / 2000 == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize(("n", "discordance"), [(40, 0.5), (50, 0.3)])
def test_it_is_the_smallest_that_scipys_binomial_test_finds_so_often(
    n: int, discordance: float
) -> None:
    count, wins = np.array(
        [
            (count, wins)
            for count in range(1, n + 1)
            for wins in range(count + 1)
            if binomtest(wins, count).pvalue <= 0.05
        ]
    ).T

    def power(difference: float) -> float:
        share = (1 + difference / discordance) / 2
        return float((binom.pmf(count, n, discordance) * binom.pmf(wins, count, share)).sum())

    found = detectable_accuracy_difference(n=n, discordance=discordance)

    assert isinstance(found, float)
    assert power(found) == pytest.approx(0.8, abs=1e-4)
    assert power(found - 0.002) < 0.8


def test_delong_finds_the_smallest_difference_in_four_of_five_samples() -> None:
    # two scores of 200 HGG and 100 LGG at AUROC 0.85 and less, whose noise is half shared
    difference = detectable_auroc_difference(n_hgg=200, n_lgg=100, auroc=0.85, correlation=0.47)
    assert isinstance(difference, float)
    rng, found, reference = np.random.default_rng(0), 0, np.arange(300) < 200
    apart = np.sqrt(2) * ndtri([0.85, 0.85 - difference])
    for _ in range(800):
        noise = np.sqrt(0.5) * (rng.normal(size=300) + rng.normal(size=(2, 300)))
        one, other = apart[:, None] * reference + noise
        result = compare_aurocs(reference=reference, first=one, second=other)
        assert isinstance(result, PairedAuroc)
        found += isinstance(result.p, float) and result.p <= 0.05

    assert found / 800 == pytest.approx(0.8, abs=0.05)


def test_the_error_of_chance_is_mann_and_whitneys() -> None:
    assert _standard_error(0.5, 30, 20) == pytest.approx(np.sqrt(51 / (12 * 30 * 20)))


def test_the_error_of_an_area_is_that_of_drawn_scores() -> None:
    rng, apart = np.random.default_rng(0), np.sqrt(2) * ndtri(0.9)
    hgg, lgg = rng.normal(apart, 1, (4000, 30, 1)), rng.normal(0, 1, (4000, 1, 12))

    areas = (hgg > lgg).mean(axis=(1, 2))

    assert _standard_error(0.9, 30, 12) == pytest.approx(areas.std(), rel=0.03)


def test_more_studies_show_smaller_differences() -> None:
    found = [detectable_accuracy_difference(n=n, discordance=0.2) for n in (50, 369, 10**6)]

    assert found[0] > found[1] > found[2]  # type: ignore[operator]  # all are estimable
    assert found[2] == pytest.approx(2.8016 * np.sqrt(0.2 / 10**6), rel=0.005)


def test_backends_that_go_together_show_smaller_differences() -> None:
    alone, alike = (
        detectable_auroc_difference(n_hgg=293, n_lgg=76, auroc=0.9, correlation=correlation)
        for correlation in (0.0, 0.8)
    )

    assert isinstance(alone, float)
    assert isinstance(alike, float)
    assert alike < alone


def test_a_sample_that_could_show_nothing_says_so() -> None:
    for found in (
        detectable_accuracy_difference(n=5, discordance=0.2),
        detectable_accuracy_difference(n=0, discordance=0.2),
        detectable_auroc_difference(n_hgg=4, n_lgg=3, auroc=0.7, correlation=0.0),
        detectable_auroc_difference(n_hgg=40, n_lgg=1, auroc=0.7, correlation=0.0),
    ):
        assert isinstance(found, NotEstimable)


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="discordance of 0"):
        detectable_accuracy_difference(n=10, discordance=0)
    with pytest.raises(InvalidInputError, match="AUROC 1"):
        detectable_auroc_difference(n_hgg=10, n_lgg=10, auroc=1, correlation=0)
