"""A report claims no more than its numbers do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.fake_comparison import (
    REFUSAL,
    compared,
    declines,
    looks,
    reading,
    saved_run,
    says_hgg,
)
from fakes.fake_report import in_words
from gliobench.adapters.html.claims import claims
from gliobench.adapters.html.figures.backends import glance_figures
from gliobench.adapters.html.figures.forest import difference_forest
from gliobench.adapters.html.sections.methods import method_paragraphs
from gliobench.adapters.html.sections.pairs import paired_places
from gliobench.adapters.html.sections.ranking import significance_matrices
from gliobench.adapters.html.stamps import stamps
from gliobench.application.report.report_runs import ReportRuns
from gliobench.domain.comparison.arms import BootstrapOptions
from gliobench.domain.comparison.endpoints import (
    AUROC,
    BALANCED_ACCURACY,
    POINT_ERROR,
    Endpoint,
)
from gliobench.domain.comparison.pair import Verdict
from gliobench.domain.comparison.report import Report
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.geometry.grids import Point
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.normal_limit import DRAWN_UP_TO
from gliobench.domain.statistics.wilcoxon import SignedRank
from gliobench.domain.studies.grading_target import GRADE
from gliobench.domain.studies.study import Grade


def sharp_against_dull(failures: int) -> Report:
    """Sharp is nearer wherever it answers, and fails on a few of 100; dull never fails."""
    sharp = [
        reading(n, hgg=n % 4 != 0, says=True, points=REFUSAL if n < failures else (0.0, 1.0))
        for n in range(100)
    ]
    dull = [reading(n, hgg=n % 4 != 0, says=True, points=(3.0, n / 100)) for n in range(100)]
    return compared(sharp=sharp, dull=dull)


@pytest.fixture(scope="module")
def torn() -> Report:
    return sharp_against_dull(15)


def test_where_mean_and_median_disagree_both_are_said(torn: Report) -> None:
    told = in_words(torn)

    assert "dull has the smallest mean error" in told
    assert (
        "it is better on average than sharp, but worse in the typical study (Holm-adjusted p < 0.05)"
        in told
    )
    assert "sharp fails significantly more often (15 of 100 studies) than dull (0)." in told


def test_of_a_mean_that_rests_on_few_failures_only_the_typical_study_is_claimed() -> None:
    told = in_words(sharp_against_dull(3))

    assert (
        "it is worse in the typical study than sharp (Holm-adjusted p < 0.05), but no claim about the "
        "means is supported: a failure counts as 373 mm, and 100 studies are too few to bound the "
        "failure rates" in told
    )
    assert "on average" not in told
    assert "more often" not in told


def test_errors_that_differ_by_rounding_are_of_equal_backends() -> None:
    exact, rounded = (
        [reading(n, hgg=True, points=(0.0, 2.0 + n / 10 + noise)) for n in range(12)]
        for noise in (0.0, 1e-12)
    )

    report = compared(exact=exact, rounded=rounded)

    shift = report.pairs[0].shifts[Form.POINT]
    assert isinstance(shift, SignedRank)
    assert (shift.n_different, shift.p) == (0, 1.0)
    assert "exact and rounded have the smallest mean error" in in_words(report)


def test_a_p_that_speaks_for_the_other_one_stands_nowhere_beside_a_mean(torn: Report) -> None:
    (forest,), _ = difference_forest(torn, POINT_ERROR)
    table = paired_places(torn, [Form.POINT])

    assert "mean and median disagree" in forest.alt
    assert "p <" not in forest.alt
    assert table is not None
    assert table.groups[0].rows[0].cells[3].small == "Holm <0.001 · mean and median disagree"


def test_the_duel_of_two_whose_mean_and_median_disagree_has_no_winner(torn: Report) -> None:
    duels = significance_matrices(torn)

    verdicts = {
        name: [claim and (claim.verdict, claim.winner) for claim in claims]
        for name, claims in duels[-1].rows
    }
    torn_apart = (Verdict.TORN, None)
    assert verdicts == {"dull": [None, torn_apart], "sharp": [torn_apart, None]}


def turned(cases: list[CaseScore]) -> list[CaseScore]:
    """Have every fourth study be HGG, and the others LGG."""
    other = {Grade.HGG: Grade.LGG, Grade.LGG: Grade.HGG, None: None}
    return [replace(case, reference_grade=other[case.reference_grade]) for case in cases]


def test_where_lgg_is_commoner_no_skill_is_answering_lgg() -> None:
    lgg = [reading(n, hgg=n % 4 == 0, says=n % 8 == 0) for n in range(40)]
    found = compared(looks=lgg, constant=turned(says_hgg()))

    accuracy = glance_figures(found)[0]
    assert "Always answering LGG would score an accuracy of 75 %" in in_words(found)
    assert "The accuracy of constant is no higher." in in_words(found)
    assert "always answering LGG would score 75 %" in GRADE.in_words(accuracy.says)


def centred(wander: float) -> Report:
    """Compare with one that answers near the middle, and goes along with the tumour a little."""
    middle = [
        replace(case, localisation={Form.POINT: _drawn_to_the_tumour(case, wander)})
        for case in says_hgg(60)
    ]
    return compared(looks=looks(60), centred=middle)


def _drawn_to_the_tumour(case: CaseScore, wander: float) -> FormOutcome:
    outcome = case.localisation[Form.POINT]
    assert isinstance(outcome.answer, Point)
    tumour = 5 + 7 * (int(case.study_id[1:]) % 5), 4 + 5 * (int(case.study_id[1:]) * 3 % 5)
    at = tuple(m + wander * (t - m) for m, t in zip(outcome.answer.at, tumour, strict=True))
    return replace(outcome, answer=replace(outcome.answer, at=at))


def test_a_backend_in_one_place_that_moves_a_little_is_not_said_to_ignore_the_image() -> None:
    told = in_words(centred(0.05))

    assert (
        "centred keeps to one region and hardly follows the tumour: the spread of the answers is 1 mm"
        in told
    )
    assert "whatever the image shows" not in told


def test_an_index_of_which_nothing_is_supported_is_not_said_to_be_low() -> None:
    found = centred(0.05)
    doubtful = replace(found.arms[1], tracking=None)

    assert "hardly" not in in_words(replace(found, arms=(found.arms[0], doubtful)))


def test_a_baseline_is_said_to_look_at_no_tumour() -> None:
    rule = saved_run("rule", looks(), facts=BackendFacts(baseline="the brain's centroid"))
    runs = {"rule": rule, "constant": saved_run("constant", says_hgg())}

    told = in_words(
        ReportRuns(fewest=2, refuses_leakage=True, bootstrap=BootstrapOptions(replicates=100))(runs)
    )

    assert "rule, a baseline, ranks first" in told


def test_patients_who_came_twice_are_stamped_and_their_tests_are_told() -> None:
    again = [replace(case, patient_id=f"p{n // 2}") for n, case in enumerate(looks())]
    found = compared(looks=again, other=again)

    (stamp,) = [one for one in stamps(found) if one.title == "Repeated patients"]
    methods = " ".join(method_paragraphs(found))
    assert stamp.text.startswith("The 40 studies are of 20 patients.")
    assert (
        "signed ranks of localisation, by permutation over patients; AUROCs were not tested"
        in methods
    )
    assert "40 studies were of 20 patients." in methods
    assert "Repeated patients" not in " ".join(
        one.title for one in stamps(compared(a=looks(), b=looks()))
    )


def test_methods_of_a_cohort_too_large_to_be_drawn_name_the_limit() -> None:
    small = compared(a=looks(), b=declines())
    large = replace(small, cohort=replace(small.cohort, n_patients=DRAWN_UP_TO + 1))

    of_small, of_large = (" ".join(method_paragraphs(report)) for report in (small, large))

    assert "normal limit" not in of_small
    assert (
        "each depend on 500 patients or more: values were drawn from the normal limit" in of_large
    )


def test_methods_name_the_draws_and_the_test_that_were_used() -> None:
    by_auroc = " ".join(method_paragraphs(compared(primary=AUROC, a=looks(), b=declines())))
    by_default = " ".join(method_paragraphs(compared(a=looks(), b=declines())))

    assert "BCa bootstrap CIs (1,000 resamples of patients, stratified by grade)" in by_default
    assert "have percentile bootstrap CIs (200 resamples, stratified by grade" in by_default
    assert (
        "was tested by a paired permutation test over patients (9,999 permutations)" in by_default
    )
    assert "was tested by DeLong's test, grades by McNemar's mid-p" in by_auroc
    assert "at an uncorrected level of 0.05" in by_default


def test_a_test_that_could_not_be_made_is_not_called_a_draw() -> None:
    few = compared(primary=AUROC, a=looks(24), b=declines(24))

    assert "no test was possible against" in in_words(few)


@pytest.mark.parametrize("primary", [POINT_ERROR, BALANCED_ACCURACY])
def test_no_penalty_moves_a_mean_in_the_lead_without_a_word(primary: Endpoint) -> None:
    one_miss = [
        replace(case, localisation=declines()[1].localisation) if n == 7 else case
        for n, case in enumerate(looks())
    ]

    told = in_words(compared(primary=primary, almost=one_miss, constant=says_hgg()))

    assert "median 2.2 mm (IQR 1.0 to 2.2; failed in 1 of 40; mean 11.1 mm" in told
    assert ", where 1 study counts as 373.13 mm)" in told


def test_the_claim_about_equal_backends_is_that_they_share_the_first_rank() -> None:
    said = " ".join(claims(compared(one=looks(), other=looks())))

    assert "one shares the first rank with other, with " in said
    assert "the difference from other is not statistically significant" in said
