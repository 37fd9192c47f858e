"""The terminal leads with the median, and says what a mean holds."""

from __future__ import annotations

from dataclasses import replace

from rich.console import Console

from fakes.fake_report import COHORT, fake_report
from gliobench.domain.comparison.report import Report
from gliobench.domain.studies.study import Reference
from gliobench.entrypoints.views.summary_table import summary_table


def printed(report: Report, width: int = 100) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(summary_table(report))
    return captured.get()


def test_the_median_stands_before_the_mean_and_the_mean_says_how_many_penalties_it_holds() -> None:
    told = printed(fake_report())

    heading = told.index("median")
    assert heading < told.index("mean")
    assert "3D error mm" in told
    assert "1 at 373.13" in told
    assert "a failure or a missed tumour counts as 373.13 mm, gliobench's own penalty" in " ".join(
        told.split()
    )


def test_a_cohort_without_any_reference_is_said_to_be_unscored() -> None:
    unknown = [replace(one, reference=Reference()) for one in COHORT]

    told = printed(fake_report(cases=unknown))

    assert told.startswith("No results: no study has a reference grade")
    assert "No results" not in printed(fake_report())


def test_studies_without_a_grade_among_graded_ones_are_counted() -> None:
    first, *others = COHORT

    told = printed(fake_report(cases=[replace(first, reference=Reference()), *others]))

    assert f"1 of {len(COHORT)} studies have no reference grade" in " ".join(told.split())
    assert "no reference grade" not in printed(fake_report())


def test_no_heading_is_cut_on_a_terminal_of_80_characters() -> None:
    report = fake_report()
    arms = tuple(replace(arm, name="llama-vision-lora-2") for arm in report.arms)

    assert "…" not in printed(replace(report, arms=arms), width=80)
