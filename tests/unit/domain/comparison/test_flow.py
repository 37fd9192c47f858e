"""Which studies are counted, and where the others went."""

from __future__ import annotations

from dataclasses import replace

from fakes.fake_comparison import REFUSAL, compared, declines, looks, reading, saved_run, says_hgg
from gliobench.application.report.report_runs import ReportRuns
from gliobench.domain.comparison.arms import BootstrapOptions
from gliobench.domain.comparison.cohort import ArmFlow
from gliobench.domain.predictions.prediction import Failure, FailureReason

UNREADABLE = Failure(FailureReason.UNREADABLE_STUDY, "cut off")


def test_where_all_answer_everything_all_are_counted_everywhere() -> None:
    flow = compared(one=looks(), other=says_hgg()).flow

    assert (flow.n_given, flow.n_shared, flow.n_unreadable) == (40, 40, 0)
    assert (flow.n_with_grade, flow.n_with_tumour, flow.not_shared) == (40, 40, ())
    assert flow.arms == (
        ArmFlow("one", 40, 40, 40, 40, 40),
        ArmFlow("other", 40, 40, 40, 40, 40),
    )


def test_failures_are_asked_and_not_answered() -> None:
    _, arm = compared(one=looks(), other=declines()).flow.arms

    assert (arm.n_asked_grade, arm.n_graded) == (40, 32)
    assert (arm.n_asked_place, arm.n_placed) == (40, 32)


def test_a_study_that_one_run_lacks_is_named_and_those_nobody_reached_are_counted() -> None:
    runs = {
        "one": saved_run("one", looks(20), n_studies=25),
        "other": saved_run("other", says_hgg(18), n_studies=25),
    }

    flow = ReportRuns(fewest=2, refuses_leakage=True, bootstrap=BootstrapOptions(replicates=100))(
        runs
    ).flow

    assert (flow.n_given, flow.n_shared) == (25, 18)
    assert flow.not_shared == ("s018", "s019")
    assert [arm.n_scored for arm in flow.arms] == [20, 18]


def test_a_study_that_any_backend_cannot_read_is_told_of() -> None:
    blind = [reading(n, hgg=n % 4 != 0, says=UNREADABLE if n < 3 else True) for n in range(20)]

    flow = compared(one=looks(20), other=blind).flow

    assert flow.n_unreadable == 3
    assert flow.n_shared == 20


def test_who_does_not_localise_is_asked_for_no_place() -> None:
    graders = [reading(n, hgg=n % 4 != 0, says=True) for n in range(20)]

    _, arm = compared(one=looks(20), other=graders).flow.arms

    assert (arm.n_asked_grade, arm.n_asked_place, arm.n_placed) == (20, 0, 0)


def test_studies_without_a_reference_are_not_asked_about() -> None:
    unknown = [replace(case, reference_grade=None) for case in looks(4)]
    without = [replace(case, plane=None, target=None, localisation={}) for case in looks(8)[4:]]
    cases = [*unknown, *without, *looks(40)[8:]]

    flow = compared(one=cases, other=cases).flow

    assert (flow.n_with_grade, flow.n_with_tumour) == (36, 36)
    assert (flow.arms[0].n_asked_grade, flow.arms[0].n_asked_place) == (36, 36)


def test_a_grade_alone_is_no_place() -> None:
    half = [
        reading(n, hgg=n % 4 != 0, says=True, points=REFUSAL if n < 5 else (0.0, 0.0))
        for n in range(20)
    ]

    arm, _ = compared(one=half, other=looks(20)).flow.arms

    assert (arm.n_graded, arm.n_placed) == (20, 15)
