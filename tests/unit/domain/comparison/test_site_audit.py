from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from scipy.stats.contingency import association

from fakes.fake_case_score import fake_case_score
from gliobench.domain.comparison.site_audit import SiteAudit, audit_sites, cramers_v, guess_by_site
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.metrics.classification import ConfusionMatrix
from gliobench.domain.statistics.estimate import Estimate, NotEstimable
from gliobench.domain.studies.study import Grade

HGG, LGG = Grade.HGG, Grade.LGG
BRATS_2020 = {
    "2013": (20, 10),
    "BraTS20-new": (34, 0),
    "CBICA": (129, 0),
    "TCIA01-08": (102, 0),
    "TCIA09-13": (0, 65),
    "TMC": (8, 1),
}


def cohort(sites: Mapping[str, tuple[int, int]]) -> list[CaseScore]:
    return [
        fake_case_score(f"{site}-{grade.value}-{number}", site=site, reference=grade)
        for site, counts in sites.items()
        for grade, count in zip((HGG, LGG), counts, strict=True)
        for number in range(count)
    ]


def test_the_site_gives_the_grade_of_brats_2020_away() -> None:
    audit = audit_sites(cohort(BRATS_2020))

    # Right: all but the ten LGG of 2013 and the one of TMC.
    assert audit.site_only == ConfusionMatrix(
        true_positive=293, false_negative=0, false_positive=11, true_negative=65
    )
    assert isinstance(audit.accuracy, Estimate)
    assert audit.accuracy.value == pytest.approx(358 / 369)
    assert isinstance(audit.balanced_accuracy, Estimate)
    assert audit.balanced_accuracy.value == pytest.approx((1 + 65 / 76) / 2)
    assert audit.mixed == {"2013", "TMC"}
    assert audit.mixed_grades == {HGG: 28, LGG: 11}
    assert isinstance(audit.association, float)
    assert 0.9 < audit.association < 0.95


@pytest.mark.parametrize(
    ("sites", "confounded"),
    [
        (BRATS_2020, True),
        ({"A": (3, 0), "B": (0, 2)}, True),
        ({"A": (10, 10), "B": (7, 0)}, False),
        ({f"site {n}": (1, 0) if n % 2 else (0, 1) for n in range(20)}, False),
        ({f"site {n}": ((2, 0), (1, 1), (2, 0), (0, 2))[n % 4] for n in range(40)}, False),
        ({}, False),
    ],
    ids=["brats", "two-sites", "mixed", "one-study-each", "two-studies-each", "no-site"],
)
def test_small_sites_of_one_grade_are_no_confounding(
    sites: dict[str, tuple[int, int]], confounded: bool
) -> None:
    assert audit_sites(cohort(sites)).is_confounded is confounded


def test_a_patient_does_not_give_himself_away() -> None:
    known = [("A", LGG, "p1"), ("B", HGG, "p2"), ("B", HGG, "p3"), ("B", HGG, "p4")]

    assert guess_by_site(known) == [HGG, HGG, HGG, HGG]


def test_nor_does_his_other_study() -> None:
    known = [("A", LGG, "p1"), ("A", LGG, "p1"), ("B", HGG, "p2"), ("B", HGG, "p3")]

    assert guess_by_site(known)[:2] == [HGG, HGG]


@pytest.mark.parametrize(
    "sites",
    [
        {"A": (10, 10), "B": (7, 7)},
        {"A": (10, 11), "B": (11, 10)},
        {f"site {n}": (1, 0) if n % 2 else (0, 1) for n in range(20)},
    ],
    ids=["even", "one patient from even", "one patient each"],
)
def test_sites_that_tell_nothing_are_right_as_often_as_knowing_nothing_is(
    sites: dict[str, tuple[int, int]],
) -> None:
    found = audit_sites(cohort(sites))

    assert isinstance(found.accuracy, Estimate)
    assert isinstance(found.balanced_accuracy, Estimate)
    assert (found.accuracy.value, found.balanced_accuracy.value) == (0.5, 0.5)


def test_a_site_whose_lead_hinges_on_one_patient_is_guessed_as_the_cohort_is() -> None:
    known = [
        ("A", HGG, "p1"),
        ("A", HGG, "p2"),
        ("A", LGG, "p3"),
        *(("B", LGG, f"p{number}") for number in range(4, 8)),
    ]

    assert guess_by_site(known) == [LGG] * 7


def test_nothing_known_of_others_is_guessed_as_hgg() -> None:
    assert guess_by_site([("A", LGG, "p1")]) == [HGG]


def test_a_site_that_decides_the_grade_has_an_association_of_one() -> None:
    assert cramers_v({"A": {HGG: 40, LGG: 0}, "B": {HGG: 0, LGG: 40}}) == pytest.approx(1.0)


def test_sites_with_like_grades_have_none() -> None:
    assert cramers_v({"A": {HGG: 40, LGG: 10}, "B": {HGG: 80, LGG: 20}}) == 0.0


def test_the_association_is_scipys_in_a_large_cohort() -> None:
    rng = np.random.default_rng(0)
    table = rng.integers(4000, 9000, (5, 2))
    table[0, 0] += 20000
    counts = {f"{row}": {HGG: int(h), LGG: int(g)} for row, (h, g) in enumerate(table)}

    assert cramers_v(counts) == pytest.approx(association(table, method="cramer"), abs=1e-3)


def test_the_correction_takes_the_association_of_chance_away() -> None:
    rng = np.random.default_rng(1)
    plain, corrected = [], []
    for _ in range(200):
        table = rng.multinomial(60, np.full(20, 1 / 20)).reshape(10, 2)
        table = table[table.sum(axis=1) > 0]
        counts = {f"{row}": {HGG: int(h), LGG: int(g)} for row, (h, g) in enumerate(table)}
        found = cramers_v(counts)
        assert isinstance(found, float)
        corrected.append(found)
        plain.append(association(table, method="cramer"))

    assert np.mean(plain) > 0.3
    assert np.mean(corrected) < 0.13


@pytest.mark.parametrize(
    "sites",
    [{}, {"A": (3, 2)}, {"A": (3, 0), "B": (2, 0)}, {"A": (1, 0), "B": (0, 1)}],
    ids=["nobody", "one-site", "one-grade", "one-study-each"],
)
def test_an_association_that_cannot_be_told_says_why(sites: dict[str, tuple[int, int]]) -> None:
    found: SiteAudit = audit_sites(cohort(sites))

    assert isinstance(found.association, NotEstimable)


def test_studies_without_a_site_or_a_grade_are_counted_apart() -> None:
    unknown = [fake_case_score("a", site=None), fake_case_score("b", reference=None)]

    found = audit_sites([*cohort({"A": (1, 1)}), *unknown])

    assert found.n_unknown == 2
    assert found.counts == {"A": {HGG: 1, LGG: 1}}
    assert isinstance(audit_sites([]).accuracy, NotEstimable)
