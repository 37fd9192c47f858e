"""The table of single cases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.fake_report import constant_backend, fake_report
from gliobench.adapters.html import cases as table_of_cases
from gliobench.adapters.html.cases import case_table


def test_each_backend_has_the_columns_that_it_answers() -> None:
    table = case_table(fake_report())

    assert [(h.backend, h.title) for h in table.headings] == [
        ("", "Study"),
        ("", "Site"),
        ("", "Reference"),
        ("clever", "Grade"),
        ("clever", "Centre, mm"),
        ("clever", "Dice WT"),
        ("constant", "Grade"),
        ("constant", "Centre, mm"),
    ]


def test_wrong_grades_and_failures_are_marked() -> None:
    rows = {row[0].text: row for row in case_table(fake_report()).rows}

    assert rows["s3"][3].wrong
    assert not rows["s2"][3].wrong
    assert rows["s4"][3].failure == "refusal: I would rather not"
    assert rows["s5"][4].failure.startswith("no_tumour_found")


def test_a_failed_centre_is_sorted_as_the_worst() -> None:
    rows = {row[0].text: row for row in case_table(fake_report()).rows}

    assert rows["s5"][4].key == 373.13


def test_a_study_that_one_backend_has_not_read_leaves_its_cells_empty() -> None:
    report = fake_report()
    first, second = report.backends
    partial = replace(second, cases=second.cases[:2])

    rows = {row[0].text: row for row in case_table(replace(report, backends=(first, partial))).rows}

    assert [entry.text for entry in rows["s7"][6:]] == ["–", "–"]


def test_where_there_are_too_many_the_worst_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_of_cases, "SHOWN", 2)

    table = case_table(fake_report(constant_backend()))

    assert [row[0].text for row in table.rows] == ["s0", "s1"]  # the LGG that it calls HGG
    assert table.n_left_out == 6
