from __future__ import annotations

import pytest

from gliobench.domain.comparison.column_strata import ColumnChoice, column_strata
from gliobench.domain.comparison.metadata_facts import ColumnFacts, MetadataFacts
from gliobench.domain.comparison.strata import Strata
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.metadata import MetadataTable
from gliobench.domain.studies.metadata_join import JoinedMetadata, join


def joined(text: str, n: int) -> JoinedMetadata:
    table = MetadataTable.of_text(text.encode(), place="t.csv")
    names = [f"s{at}" for at in range(n)]
    return join(table, names, names)


def of_column(name: str, *cells: str, cuts: tuple[float, ...] = ()) -> Strata:
    text = f"id;{name}\n" + "".join(f"s{at};{cell}\n" for at, cell in enumerate(cells))
    (found,) = column_strata(joined(text, len(cells)), [ColumnChoice(name, cuts)])
    return found


def labels(strata: Strata) -> list[str | None]:
    return [strata.names[part] if part >= 0 else None for part in strata.part.tolist()]


def test_a_bin_begins_at_its_cut() -> None:
    found = of_column("age", "39.9", "40", "59,9", "60", "", "very old", cuts=(40, 60))

    assert labels(found) == ["< 40", "40–60", "40–60", "≥ 60", None, None]
    assert found.names == ("< 40", "40–60", "≥ 60")


def test_numbers_with_separators_of_thousands_are_not_cut() -> None:
    with pytest.raises(InvalidInputError, match="'1,234' may have a separator of thousands"):
        of_column("ml", "950", "1,234", cuts=(1000,))

    cells = ("950", "1,234", *map(str, range(10, 20)))
    text = "id;ml\n" + "".join(f"s{at};{cell}\n" for at, cell in enumerate(cells))
    assert column_strata(joined(text, len(cells))) == []


def test_rows_of_sums_and_units_decide_nothing() -> None:
    text = "id;age\n;years\ns0;45\ns1;61,5\ns2;1 012\nSum;1.118,5\n"

    (found,) = column_strata(joined(text, 3), [ColumnChoice("age", (50,))])

    assert labels(found) == ["< 50", "≥ 50", "≥ 50"]


def test_a_number_that_may_stand_for_unknown_is_in_no_bin() -> None:
    cells = ("-1", *map(str, range(41, 52)))
    with pytest.raises(InvalidInputError, match="-1 may stand for unknown"):
        of_column("age", *cells, cuts=(45,))

    text = "id;age\n" + "".join(f"s{at};{cell}\n" for at, cell in enumerate(cells))
    assert column_strata(joined(text, len(cells))) == []


def test_values_are_subgroups_numbers_by_size() -> None:
    assert of_column("WHO grade", "4", "2", "10", "NA", "2").names == ("2", "4", "10")
    assert labels(of_column("sex", "M", "F", "unknown")) == ["M", "F", None]


def test_more_than_eight_numbers_are_parted_into_terciles() -> None:
    found = of_column("age", *map(str, range(1, 10)))

    assert found.names == ("low", "middle", "high")
    assert found.edges == (3.0, 6.0)
    assert found.part.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_a_column_named_as_a_built_in_property_is_distinguished_from_it() -> None:
    assert of_column("Grade", "2", "3").by == "Grade (table)"


def test_without_a_choice_columns_of_few_values_and_numbers_are_taken() -> None:
    rows = [
        f"s{at},{'MF'[at % 2]},{20 + at},{1000000 + at},remark {at},same,patient {at}\n"
        for at in range(12)
    ]
    text = "id,sex,age,phone,remark,scanner,name\n" + "".join(rows)

    assert [found.by for found in column_strata(joined(text, 12))] == ["sex", "age"]


@pytest.mark.parametrize(
    ("choice", "fault"),
    [
        (ColumnChoice("weight"), "there is no column 'weight': wanted one of id, sex, note"),
        (ColumnChoice("id"), "names studies or patients: it makes no subgroups"),
        (ColumnChoice("note"), "has 30 values, or long ones"),
        (ColumnChoice("sex", (1.0,)), "'M' is no number"),
    ],
)
def test_a_chosen_column_that_makes_no_subgroups_is_refused(
    choice: ColumnChoice, fault: str
) -> None:
    text = "id,sex,note\n" + "".join(f"s{at},M,note {at}\n" for at in range(30))

    with pytest.raises(InvalidInputError, match=fault):
        column_strata(joined(text, 30), [choice])


def test_a_column_whose_values_are_all_different_is_no_property_of_a_small_cohort() -> None:
    text = "id,visit day\ns0,Monday\ns1,Tuesday\ns2,Wednesday\ns3,Thursday\n"

    assert column_strata(joined(text, 4)) == []
    with pytest.raises(InvalidInputError, match="another value for every study, as a name has"):
        column_strata(joined(text, 4), [ColumnChoice("visit day")])


@pytest.mark.parametrize("cuts", [(60, 40), (40, 40), (float("nan"),)])
def test_cuts_ascend(cuts: tuple[float, ...]) -> None:
    with pytest.raises(InvalidInputError, match="wanted ascending numbers"):
        ColumnChoice("age", cuts)


def test_what_is_unknown_is_counted_and_named() -> None:
    found = joined("id,sex\ns0,M\nelse,F\ns2,\n", 4)

    facts = MetadataFacts.of(found, column_strata(found, [ColumnChoice("sex")]))

    assert (facts.n_rows, facts.n_unmatched, facts.unmatched_rows) == (3, 1, (3,))
    assert facts.n_without_row == 2
    assert facts.columns == (ColumnFacts("sex", 3),)
