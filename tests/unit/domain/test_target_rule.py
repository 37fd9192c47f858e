from __future__ import annotations

import re
from dataclasses import replace

import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.metadata import MetadataTable
from gliobench.domain.studies.study import Grade
from gliobench.domain.studies.target_rule import TargetRule
from gliobench.domain.studies.unknown_codes import code_among_classes

POSITIVE, NEGATIVE = Grade.HGG, Grade.LGG


def of_cells(*cells: str, heading: str = "IDH") -> MetadataTable:
    rows = "".join(f"s{at};{cell}\n" for at, cell in enumerate(cells))
    return MetadataTable.of_text(f"id;{heading}\n{rows}".encode(), place="t.csv")


def classes(rule: str, *cells: str) -> list[Grade | None]:
    column = rule.partition("=")[0]
    found = TargetRule.parse(rule).classes(of_cells(*cells, heading=column))
    return [found.get(number + 2) for number in range(len(cells))]


def test_every_other_value_is_negative_and_an_empty_cell_is_unknown() -> None:
    found = classes("idh=mutant", "Mutant", "wildtype", "", "NA", "R132H")

    assert found == [POSITIVE, NEGATIVE, None, None, NEGATIVE]


@pytest.mark.parametrize(
    "cell",
    [
        "indeterminate",
        "NOS",
        "not tested",
        "Not_Done",
        "equivocal",
        "n.d.",
        "NK",
        "tbd",
        "–",
        "NOS/NEC",
        "unknown or not tested",
    ],
)
def test_a_test_that_decided_nothing_is_unknown_unless_it_is_named(cell: str) -> None:
    cells = ("mutant", "wildtype", cell)

    assert classes("idh=mutant", *cells) == [POSITIVE, NEGATIVE, None]
    assert TargetRule.parse("idh=mutant").target(of_cells(*cells)).negative == "IDH wildtype"
    named = TargetRule("IDH", ("mutant",), ("wildtype", cell)).classes(of_cells(*cells))
    assert named[4] is NEGATIVE


def test_a_minus_is_the_opposite_of_a_plus() -> None:
    assert classes("idh=+", "+", "-", "") == [POSITIVE, NEGATIVE, None]


@pytest.mark.parametrize(
    ("rule", "cells", "doubtful"),
    [
        ("idh=1", ("1", "0", "-1"), "-1"),
        ("idh=1", ("1", "0", "9.0"), "9.0"),
        ("idh=mutant", ("mutant", "wildtype", "999"), "999"),
        ("idh=TRUE", ("TRUE", "FALSE", "1"), "1"),
        ("who=4", ("4", "3", "IV"), "IV"),
        ("idh=mutant", ("mutant", "Mutant (R132H)", "wildtype"), "Mutant (R132H)"),
        ("idh=positive", ("positive", "neg.", "pos."), "pos."),
        ("idh=wildtype", ("wildtype", "Wild-type", "mutant"), "Wild-type"),
    ],
)
def test_a_value_that_may_not_be_of_the_other_class_is_refused_unless_that_is_named(
    rule: str, cells: tuple[str, ...], doubtful: str
) -> None:
    table, asked = of_cells(*cells, heading=rule.partition("=")[0]), TargetRule.parse(rule)

    with pytest.raises(InvalidInputError, match=re.escape(f"{doubtful!r} may be unknown, or")):
        asked.check(table)

    replace(asked, negative=("0", "wildtype")).check(table)


@pytest.mark.parametrize(
    ("rule", "cells"),
    [
        ("idh=1", ("1", "0")),
        ("idh=1", ("1", "-1")),
        ("who=4", ("4", "3", "2", "3a")),
        ("sex=male", ("male", "female")),
        ("mgmt=methylated", ("methylated", "unmethylated", "not methylated")),
        ("site=center1", ("center1", "center10", "center2")),
        ("gain=2", ("2", "1", "0", "-1", "-2")),
        ("days=>365", ("400", "ALIVE (361 days later)", "NA")),
    ],
)
def test_values_that_merely_resemble_the_positive_one_are_of_the_other_class(
    rule: str, cells: tuple[str, ...]
) -> None:
    TargetRule.parse(rule).check(of_cells(*cells, heading=rule.partition("=")[0]))


@pytest.mark.parametrize("cells", [("400", "-999"), ("61", "48", "-1"), ("30", "9999", "9999")])
def test_a_number_that_may_stand_for_unknown_is_on_no_side_of_a_cut(cells: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInputError, match="may stand for unknown: wanted such cells empty"):
        TargetRule.parse("days=>50").check(of_cells(*cells, heading="days"))


def test_whole_numbers_are_one_value_however_they_are_written() -> None:
    cells = ("1", "1.0", "0", "0.0", "")

    assert classes("idh=1", *cells) == [POSITIVE, POSITIVE, NEGATIVE, NEGATIVE, None]
    assert TargetRule.parse("idh=1").target(of_cells(*cells)).negative == "IDH 0"


def test_several_values_of_the_other_class_are_listed_where_they_were_not_named() -> None:
    cells = ("mutant", "wildtype", "R132H")

    unnamed = TargetRule.parse("idh=mutant").target(of_cells(*cells))
    named = TargetRule("idh", ("mutant",), ("wildtype",)).target(of_cells(*cells))

    assert "(the other class: R132H, wildtype)" in unnamed.source
    assert "other class" not in named.source


def test_where_negative_values_are_named_others_are_unknown() -> None:
    rule = TargetRule("MGMT status", ("positive",), ("negative",))
    table = of_cells("positive", "negative", "indeterminate", heading="MGMT status")

    assert rule.classes(table) == {2: POSITIVE, 3: NEGATIVE}


def test_a_class_may_have_several_values() -> None:
    assert classes("idh=R132H|mutated", "R132H", "mutated", "wildtype") == [
        POSITIVE,
        POSITIVE,
        NEGATIVE,
    ]


def test_a_number_at_the_cut_is_not_above_it() -> None:
    found = classes("survival_days=>365", "366", "365", "364,9", "long", "")

    assert found == [POSITIVE, NEGATIVE, NEGATIVE, None, None]
    assert classes("age=<60", "59", "60", "61") == [POSITIVE, NEGATIVE, NEGATIVE]


def test_a_patient_alive_before_the_cut_is_unknown_and_one_alive_after_it_is_above() -> None:
    found = classes(
        *("days=>365", "ALIVE (361 days later)", "alive (400 days later)", "ALIVE", "10", "500"),
        "Alive since 2016",
    )

    assert found == [None, POSITIVE, None, NEGATIVE, POSITIVE, None]


@pytest.mark.parametrize(("dead", "alive"), [("1", "0"), ("1.0", "0.0"), ("Dead", "alive")])
def test_a_time_without_a_death_is_a_lower_bound(dead: str, alive: str) -> None:
    text = f"id,OS,dead\na,200,{dead}\nb,200,{alive}\nc,400,{dead}\nd,400,{alive}\ne,200,\n"
    rule = TargetRule("OS", (">365",), died="dead")

    found = rule.classes(MetadataTable.of_text(text.encode(), place="t.csv"))

    assert found == {2: NEGATIVE, 4: POSITIVE, 5: POSITIVE}


def test_a_code_that_is_no_death_and_no_life_is_refused() -> None:
    text = "id,OS,status\na,200,1\nb,400,2\n"
    rule = TargetRule("OS", (">365",), died="status")

    with pytest.raises(
        InvalidInputError, match="row 3: status '2': wanted 1 where the patient died"
    ):
        rule.classes(MetadataTable.of_text(text.encode(), place="t.csv"))


@pytest.mark.parametrize(
    ("rule", "cells", "names"),
    [
        ("idh=mutant", ("mutant", "wildtype"), ("IDH", "IDH mutant", "IDH wildtype")),
        ("idh=wildtype", ("a", "b", "wildtype"), ("IDH", "IDH wildtype", "IDH not wildtype")),
        ("idh=a|b", ("a", "b", "wildtype"), ("IDH", "IDH not wildtype", "IDH wildtype")),
        ("idh=>365", ("1", "400"), ("IDH", "IDH > 365", "IDH ≤ 365")),
        ("idh=<60", ("1", "400"), ("IDH", "IDH < 60", "IDH ≥ 60")),
    ],
)
def test_the_classes_are_named_after_the_table(
    rule: str, cells: tuple[str, ...], names: tuple[str, str, str]
) -> None:
    target = TargetRule.parse(rule).target(of_cells(*cells))

    assert (target.name, target.positive, target.negative) == names


def test_long_values_are_cut_where_there_is_little_space() -> None:
    target = TargetRule.parse("idh=oligodendroglioma").target(of_cells("Oligodendroglioma", "GBM"))

    assert target.positive == "IDH Oligodendroglioma"
    assert (target.positive_short, target.negative_short) == ("Oligoden…", "GBM")


@pytest.mark.parametrize("text", ["idh", "idh=", "=mutant", "idh=a|", ""])
def test_a_target_needs_a_column_and_a_positive_value(text: str) -> None:
    with pytest.raises(InvalidInputError, match="wanted a column and its positive value"):
        TargetRule.parse(text)


def test_a_class_without_a_row_is_refused_with_the_values_that_there_are() -> None:
    rule = TargetRule.parse("idh=mutated")

    with pytest.raises(InvalidInputError, match="its values are mutant, wildtype"):
        rule.classes(of_cells("mutant", "wildtype", "mutant"))


@pytest.mark.parametrize(
    ("values", "code"), [([0, 1, 9], 9), ([0, 1, 99], 99), ([3, 5, 9], None), ([7, 8, 9], None)]
)
def test_nines_are_a_code_only_far_above_the_other_values(
    values: list[float], code: float | None
) -> None:
    assert code_among_classes(values) == code
