"""A cohort of phantoms and an oracle's slices are stamped wherever a number is read."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from io import StringIO

import pytest

from fakes.fake_comparison import compared, looks, saved_run, says_hgg
from fakes.fake_report import COHORT, clever_backend, constant_backend, fake_report, in_words
from gliobench.adapters.html.facts import render_json
from gliobench.adapters.html.page import figure_files, render_report
from gliobench.adapters.html.spreadsheets import spreadsheets
from gliobench.adapters.html.stamps import marks, stamps
from gliobench.application.report.report_runs import ReportRuns
from gliobench.domain.comparison.arms import BootstrapOptions
from gliobench.domain.comparison.report import Report
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Case, SliceChoice

CLAIMS = ("best", "ranks first", "better", "follows at", "nearest")


def phantom(case: Case) -> Case:
    return replace(case, study=replace(case.study, simulated=True))


@pytest.fixture(scope="module")
def phantoms() -> Report:
    return fake_report(cases=[phantom(case) for case in COHORT])


def all_as(cases: list[CaseScore], **changes: object) -> list[CaseScore]:
    return [replace(case, **changes) for case in cases]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def simulated() -> Report:
    # the better one second, so that an order by score would show
    return compared(
        constant=all_as(says_hgg(), simulated=True), looks=all_as(looks(), simulated=True)
    )


def test_a_report_on_phantoms_is_stamped_and_ranks_nobody(phantoms: Report) -> None:
    told = in_words(phantoms)

    assert stamps(phantoms)[0].title == "SIMULATED"
    assert stamps(phantoms)[0].text.startswith("All 8 studies are simulated (phantoms).")
    assert "No backend is ranked on simulated studies (8 of 8 are phantoms)" in told
    assert not [claim for claim in CLAIMS if claim in told]


def test_the_page_and_the_facts_on_phantoms_say_so(phantoms: Report) -> None:
    page, facts = render_report(phantoms), json.loads(render_json(phantoms))

    assert "<title>[SIMULATED] " in page
    assert page.count('<b class="stamped">SIMULATED</b>') >= 4
    assert facts["simulated"] is True
    assert facts["cohort"]["n_simulated"] == 8


def test_one_phantom_among_patients_is_counted_and_stops_the_ranking_too() -> None:
    report = fake_report(cases=[phantom(COHORT[0]), *COHORT[1:]])

    assert stamps(report)[0].text.startswith("1 of the 8 studies are simulated")
    assert marks(report) == ("1 of 8 SIMULATED",)
    assert "No backend is ranked" in in_words(report)


def test_patients_are_ranked() -> None:
    page = render_report(fake_report())

    assert "SIMULATED" not in page
    assert "ranks first" in page


def test_a_comparison_on_phantoms_tests_nothing_and_ranks_nobody(simulated: Report) -> None:
    told = in_words(simulated)

    assert simulated.pairs == ()
    assert stamps(simulated)[0].title == "SIMULATED"
    assert not [claim for claim in CLAIMS if claim in told]
    assert "No backend is ranked" in told
    page = render_report(simulated)
    assert "<title>[SIMULATED] cohort, 2 backends" in page
    assert "▲" not in page
    assert json.loads(render_json(simulated))["simulated"] is True
    assert "Published results" not in page


def test_figures_and_tables_of_phantoms_say_so_wherever_they_go(simulated: Report) -> None:
    files, tables = figure_files(simulated), spreadsheets(simulated)

    assert all("<title>[SIMULATED] " in file for file in files.values())
    assert all('class="stamped"' in file for file in files.values())
    accuracy = files["glance-accuracy.svg"]
    assert accuracy.index("constant: ") < accuracy.index("looks: ")
    for table in tables.values():
        assert {row["stamps"] for row in csv.DictReader(StringIO(table))} <= {"SIMULATED"}


def test_every_backend_on_slices_of_an_oracle_is_stamped() -> None:
    oracle = {"oracle": True, "slice_choice": SliceChoice.ORACLE}
    found = compared(a=all_as(looks(), **oracle), b=all_as(says_hgg(), **oracle))

    (stamp,) = [one for one in stamps(found) if one.title == "Oracle slices"]
    assert stamp.text.startswith("Every backend was shown slices selected with the ref")
    assert "in 40 studies" in stamp.text
    assert all(arm.oracle for arm in found.arms)
    assert all("<title>[oracle slices] " in file for file in figure_files(found).values())


def test_slices_of_which_nobody_says_how_they_were_chosen_count_as_an_oracles() -> None:
    silent = {"oracle": True, "slice_choice": SliceChoice.NOT_STATED}
    found = compared(a=all_as(looks(), **silent), b=all_as(says_hgg(), **silent))

    (stamp,) = [one for one in stamps(found) if "Oracle slices" in one.title]
    assert stamp.title == "Oracle slices: selection not stated"
    assert "does not state how the slices of 40 studies were selected" in stamp.text
    assert marks(found) == ("oracle slices (selection not stated)",)


def test_slices_that_were_chosen_without_the_reference_are_no_oracles() -> None:
    found = compared(
        a=all_as(looks(), slice_choice=SliceChoice.INDEPENDENT),
        b=all_as(says_hgg(), slice_choice=SliceChoice.INDEPENDENT),
    )

    assert not [one for one in stamps(found) if "Oracle" in one.title]


def test_only_the_backend_that_asked_for_an_oracles_plane_is_named_for_it() -> None:
    report = fake_report(clever_backend("a"), constant_backend("b"))
    backends = (replace(report.arms[0], oracle=True), report.arms[1])

    assert marks(replace(report, arms=backends)) == ("oracle slices: a",)


def test_the_most_serious_warning_stands_first_and_a_conservative_one_last() -> None:
    known = [patient_hash("p001")]
    rule = saved_run(
        "rule", says_hgg(), trained_on=known, facts=BackendFacts(baseline="always HGG")
    )
    learned = saved_run("learned", looks(), trained_on=known)
    few = ReportRuns(bootstrap=BootstrapOptions(replicates=100))

    titles = [stamp.title for stamp in stamps(few({"rule": rule, "learned": learned}))]

    assert titles == ["Leakage", "Few LGG: 10", "Baselines use these patients"]


def test_failures_that_share_a_reason_are_stamped_with_it() -> None:
    report = fake_report()
    (failing, *others) = report.arms
    whole, refusals, _ = failing.failures
    alone = replace(failing, failures=(whole, replace(refusals, n=whole.n)))

    (mixed,) = [stamp for stamp in stamps(report) if stamp.title == "Failures"]
    (shared,) = [
        stamp
        for stamp in stamps(replace(report, arms=(alone, *others)))
        if stamp.title == "Failures"
    ]

    assert mixed.text.endswith("in 2 of 8 studies (25 %).")
    assert shared.text.endswith("in 2 of 8 studies (25 %, refusal).")
