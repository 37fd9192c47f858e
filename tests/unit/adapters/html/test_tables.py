"""Tables hold what was summed up, and say how many studies that was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_localizer import FakeLocalizer
from fakes.fake_report import COHORT, constant_backend, fake_report
from fakes.fake_study_source import fake_case
from gliobench.adapters.html.score_tables import (
    ALWAYS_POSITIVE,
    MIXED_SITES,
    detection_table,
    grading_table,
    localisation_columns,
    localisation_table,
)
from gliobench.adapters.html.sections.provenance import site_table
from gliobench.adapters.html.tables import Row, Table
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    Form,
    GradePrediction,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.studies.study import Case, Grade, Reference, Study

IN_VOLUME = (Form.POINT_3D, Form.BOX_3D, Form.MASK)
ON_PLANE = (Form.POINT, Form.BOX, Form.POLYGON)


def row(table: Table | None, group: int, name: str) -> Row:
    assert table is not None
    return next(row for row in table.groups[group].rows if row.name == name)


def values(table: Table | None, group: int, name: str) -> dict[str, str]:
    assert table is not None
    cells = row(table, group, name).cells
    return {column.title: cell.text for column, cell in zip(table.columns, cells, strict=True)}


def test_a_failed_grade_counts_as_wrong_at_first_and_is_left_out_then() -> None:
    table = grading_table(fake_report())

    everyone, answered = (values(table, group, "clever") for group in (0, 1))

    assert everyone["Accuracy"] == "0.75"  # 6 of 8: s3 is wrong and s4 failed
    assert answered["Accuracy"] == "0.86"  # 6 of 7
    assert row(table, 0, "clever").scored == "8 / 8"
    assert row(table, 1, "clever").scored == "7 / 8"


def test_the_line_of_answering_hgg_each_time_stands_below_the_backends() -> None:
    table = grading_table(fake_report())

    assert table is not None
    assert table.groups[0].rows[-1].name == ALWAYS_POSITIVE
    line = values(table, 0, ALWAYS_POSITIVE)
    assert (line["Accuracy"], line["Balanced accuracy"]) == ("0.75", "0.50")
    assert (line["Sensitivity"], line["Specificity"]) == ("1.00", "0.00")


def test_labels_without_probabilities_have_no_auroc() -> None:
    assert values(grading_table(fake_report()), 0, "constant")["AUROC"] == "–"


def test_a_cell_tells_its_own_count_where_it_differs_from_its_row() -> None:
    cells = row(grading_table(fake_report()), 0, "clever").cells

    assert cells[3].small.endswith("n = 2")  # specificity: the two LGG


def test_without_failures_there_is_one_way_of_counting() -> None:
    table = grading_table(fake_report(constant_backend(), cases=COHORT[2:]))

    assert table is not None
    assert [group.title for group in table.groups] == ["All studies"]


def test_sites_that_sent_both_grades_have_their_own_rows() -> None:
    mixed = [fake_case(f"m{n}", site="2013", grade=Grade.LGG if n else Grade.HGG) for n in range(2)]
    table = grading_table(fake_report(constant_backend(), cases=[*COHORT[2:], *mixed]))

    assert table is not None
    assert table.groups[-1].title == MIXED_SITES
    assert row(table, -1, "constant").scored == "2 / 8"


def test_localisation_is_shown_in_the_volume_and_on_the_plane() -> None:
    report = fake_report()

    in_volume = values(localisation_table(report, IN_VOLUME), 1, "clever")
    on_plane = values(localisation_table(report, ON_PLANE), 1, "clever")

    assert (in_volume["3D centre error, mm: mean"], in_volume["Dice WT"]) == ("0.0", "1.00")
    assert on_plane["Hit"] == "1.00"


def test_a_mean_that_holds_a_penalty_says_so_and_the_median_and_the_failures_lead() -> None:
    table = localisation_table(fake_report(), IN_VOLUME)

    assert table is not None
    median, failed, mean = table.groups[0].rows[0].cells[:3]
    assert [column.title for column in table.columns][:3] == [
        "3D centre error, mm: median",
        "3D centre error: failed",
        "3D centre error, mm: mean",
    ]
    assert (median.text, failed.text, failed.small) == ("0.0", "1 / 8", "12 %")
    assert mean.text == "46.6"  # one eighth of the penalty
    assert mean.small.endswith("1 at 373.13")
    assert "373.13 mm" in table.columns[2].meaning


def test_no_two_columns_of_a_page_share_a_name_for_the_centre_error() -> None:
    volume, plane = (
        {column.title for column in localisation_columns(forms)} for forms in (IN_VOLUME, ON_PLANE)
    )

    assert not {title for title in volume & plane if "entre" in title}


def test_distances_of_surfaces_say_whose_definition_they_are_and_at_what_tolerance() -> None:
    meanings = {column.title: column.meaning for column in localisation_columns(IN_VOLUME)}

    assert "MONAI" in meanings["HD95 WT, mm: median"]
    assert "not an official BraTS number" in meanings["HD95 WT, mm: median"]
    assert "tolerance of 1 mm" in meanings["NSD (1 mm) WT"]


def test_a_backend_that_only_points_has_no_box_and_no_mask() -> None:
    line = values(localisation_table(fake_report(), IN_VOLUME), 0, "constant")

    assert (line["Box IoU"], line["Dice WT"]) == ("–", "–")


def test_without_graders_or_localizers_there_is_no_table() -> None:
    grader = fake_backend("g", classifier=FakeClassifier(lambda _: GradePrediction(Grade.HGG)))
    unlabelled = [fake_case("u", grade=None, tumour=None)]

    assert localisation_table(fake_report(grader), IN_VOLUME) is None
    assert grading_table(fake_report(cases=unlabelled)) is None


def test_unknown_sites_come_last_in_the_table_of_sites() -> None:
    cases = [fake_case("a", site=None, grade=None), fake_case("b", site="TMC")]

    table = site_table(fake_report(cases=cases).cohort)

    assert table is not None
    counts = [(row.name, [cell.text for cell in row.cells]) for row in table.groups[0].rows]
    assert counts == [
        ("TMC", ["1", "0", "0"]),
        ("unknown", ["0", "0", "1"]),
        ("All", ["1", "0", "1"]),
    ]


def healthy(study_id: str) -> Case:
    case = fake_case(study_id, grade=None, tumour=None)
    nothing = {Region.WT: np.zeros(case.study.grid.shape, dtype=np.bool_)}
    return replace(case, reference=Reference(regions=nothing))


def test_detection_tells_what_was_found_and_what_was_spared() -> None:
    def look(study: Study) -> LocalisationPrediction:
        found = np.zeros(study.grid.shape, dtype=np.bool_)
        found[3:8, 4:9, 2:6] = study.id != "h1"
        return LocalisationPrediction({Form.MASK: Mask(study.grid, {Region.WT: found})})

    report = fake_report(
        fake_backend("b", localizer=FakeLocalizer(look)),
        cases=[fake_case("a"), healthy("h1"), healthy("h2")],
    )

    table = detection_table(report)

    assert table is not None
    (group,) = table.groups
    assert group.title == "Whole tumour"
    (row,) = group.rows
    assert (row.name, row.scored) == ("b", "3 / 3")
    assert [cell.text for cell in row.cells] == ["1.00", "0.50", "0.1"]
    assert "1 of 2" in row.cells[1].small
    # 100 mm3 in one of two: 0.05 ml on average
    assert row.cells[2].small == "at most 0.1"
    dice = values(localisation_table(report, IN_VOLUME), 0, "b")["Dice WT"]
    assert dice == "0.67"


def test_without_an_annotated_study_there_is_no_detection() -> None:
    assert detection_table(fake_report(cases=[fake_case("u", tumour=None)])) is None
