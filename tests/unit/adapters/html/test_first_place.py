"""The sentence on the first place agrees with the verdict, and says what speaks against it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.fake_comparison import compared, looks, reading, saved_run, says_hgg
from gliobench.adapters.html.sections.ranking import disagreement, rank_table
from gliobench.adapters.html.verdict import first_place
from gliobench.application.report.report_runs import ReportRuns
from gliobench.domain.comparison.arms import BootstrapOptions
from gliobench.domain.comparison.endpoints import POINT_ERROR
from gliobench.domain.comparison.ranking import Ranking
from gliobench.domain.comparison.report import Report
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.studies.patients import patient_hash

FEW = ReportRuns(bootstrap=BootstrapOptions(replicates=200))


def off(*voxels: float, n: int = 60) -> list[CaseScore]:
    """Point so many voxels of 1 mm off the tumour, in turn."""
    given = [voxels[at % len(voxels)] for at in range(n)]
    return [reading(at, hgg=at % 2 == 0, points=(0.0, mm)) for at, mm in enumerate(given)]


def with_share(report: Report, share: float) -> Report:
    """Let the first be first in another share of resamples, by every method."""

    def changed(ranking: Ranking) -> Ranking:
        first, *others = ranking.ranks
        found = replace(first, shares=(share, 1 - share, *first.shares[2:]))
        return replace(ranking, ranks=(found, *others))

    return replace(report, rankings=tuple(map(changed, report.rankings)))


def test_the_first_place_is_safe_where_resamples_methods_and_tests_agree() -> None:
    report = compared(primary=POINT_ERROR, one=off(1, 2), far=off(60, 70), other=off(65, 80))

    assert first_place(report) == (
        "First place is safe: one is first in 100 % of resampled cohorts and by all four methods of "
        "ranking, and is significantly better than every other backend."
    )


def test_it_is_not_safe_where_the_first_is_not_first_in_enough_resamples() -> None:
    report = compared(primary=POINT_ERROR, one=off(1, 2), far=off(60, 70), other=off(65, 80))

    assert first_place(with_share(report, 0.96)).startswith("First place is safe")
    assert first_place(with_share(report, 0.94)) == (
        "First place is not safe: one is first in 94 % of resampled cohorts."
    )


def test_it_is_not_safe_where_a_difference_is_not_significant() -> None:
    report = compared(primary=POINT_ERROR, one=off(1, 2), far=off(60, 70), other=off(1, 2.5))

    assert first_place(report) == (
        "First place is not safe: one is first in 100 % of resampled cohorts but not significantly "
        "better than other."
    )


def test_it_is_not_safe_where_another_method_has_another_first() -> None:
    report = compared(primary=POINT_ERROR, often=off(*[1] * 9, 60), never=off(4), far=off(90))

    assert first_place(report).endswith("; by median, mean rank and tests won, often is first.")


def test_several_may_share_the_first_place() -> None:
    alike = {name: off(1, 2) for name in ("one", "other", "third", "fourth")}

    assert first_place(compared(primary=POINT_ERROR, **alike, far=off(60))) == (
        "First place is not safe: 4 backends share it."
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"trained_on": [patient_hash("p001")]}, "a was trained on patients of this cohort."),
        (
            {"trained_on": [patient_hash("p001")], "provenance": {"guide": "cnn c0ffee"}},
            "a, or what chooses its slices, was trained on patients of this cohort.",
        ),
        ({"facts": BackendFacts(baseline="a rule")}, "a, a baseline, is first in 100 % of"),
    ],
)
def test_what_has_learned_and_baselines_are_named_so(options: dict, says: str) -> None:
    runs = {"a": saved_run("a", looks(), **options)}
    runs |= {name: saved_run(name, says_hgg()) for name in "bc"}

    assert says in first_place(FEW(runs))


def test_runs_of_one_model_are_first_together_if_each_is_better_than_the_others() -> None:
    seed = BackendFacts(family="net")
    runs = {f"seed-{n}": saved_run(f"seed-{n}", off(n, 2), facts=seed) for n in (1, 3)}
    runs |= {"b": saved_run("b", off(60, 70)), "c": saved_run("c", off(65, 80))}

    assert first_place(replace(FEW, primary=POINT_ERROR)(runs)).startswith(
        "First place is safe: net (2 runs) is first in 100 % of resampled cohorts and by all four "
    )


def test_a_first_place_is_safe_on_condition_where_training_data_are_not_stated() -> None:
    runs = {"one": saved_run("one", off(1, 2), trained_on=None)}
    runs |= {"b": saved_run("b", off(60, 70)), "c": saved_run("c", off(65, 80))}

    assert first_place(replace(FEW, primary=POINT_ERROR)(runs)).startswith(
        "First place is safe if one was not trained on patients of this cohort, which is not stated: "
        "one is first in 100 %"
    )


def test_two_backends_have_no_such_sentence_and_no_table() -> None:
    report = compared(one=looks(), constant=says_hgg())

    assert (first_place(report), rank_table(report)) == ("", None)


def test_the_table_has_a_column_for_each_method_and_ends_with_the_agreement() -> None:
    report = compared(primary=POINT_ERROR, often=off(*[1] * 9, 60), never=off(4), far=off(90))

    table = rank_table(report)

    assert [column.title for column in table.columns] == [
        "Value",
        "Median",
        "Mean rank",
        "Tests won",
    ]
    (group,) = table.groups
    assert group.title == "Centre error in mm of points on the scoring plane, 60 studies"
    assert {row.name: [cell.text.split()[0] for cell in row.cells] for row in group.rows} == {
        "never": ["1", "2", "2", "2"],
        "often": ["2", "1", "1", "1"],
        "far": ["3", "3", "3", "3"],
        "Kendall’s τ": ["1.00"] * 4,
    }
    assert group.rows[2].cells[0].text == "3 (3–3)"
    assert disagreement(report) == (
        "Methods disagree by centre error in mm of points on the scoring plane on never (ranks 1 to "
        "2) and often (ranks 1 to 2)."
    )


def test_a_method_by_which_all_are_equal_disagrees_with_none() -> None:
    # Three studies decide no test, and the medians are all 4.
    runs = {"one": off(1, 4, 6, n=3), "two": off(2, 4, 6, n=3), "three": off(3, 4, 7, n=3)}

    report = compared(primary=POINT_ERROR, **runs)

    assert disagreement(report) == "All methods give the same ranks."
    assert first_place(report).endswith(
        "; by median and tests won, all backends share first place."
    )


def test_methods_that_agree_are_said_to_agree() -> None:
    report = compared(primary=POINT_ERROR, one=off(1, 2), far=off(60, 70), other=off(80, 90))

    assert disagreement(report) == "All methods give the same ranks."
