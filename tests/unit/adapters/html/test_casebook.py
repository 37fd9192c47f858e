"""Single cases on a page: the table, the drawings and the volumes."""

from __future__ import annotations

import gzip
import re
from base64 import b64decode
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import nibabel as nib
import numpy as np
import pytest

from fakes.fake_case_score import GRID, fake_case_score, fake_target
from fakes.fake_kept_runs import EVIL, fake_heads, saved_runs
from fakes.form_scores import mask_score, point_score, region_score
from gliobench.adapters.html.casebook.drawings import drawing
from gliobench.adapters.html.casebook.rows import COLUMNS, CaseRow, GradeOutcome, case_rows
from gliobench.adapters.html.casebook.section import case_section, featured_cases
from gliobench.adapters.html.templating import VIEWER, environment, text
from gliobench.application.evaluate.save_cases import SavedImages
from gliobench.application.report.gather_cases import gather_cases
from gliobench.domain.comparison.casebook import Casebook, CaseEntry
from gliobench.domain.evaluation.saved_case import SavedCase, SavedSlice, SavedVolume
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.geometry.grids import Box, Grid, Plane, Point, Polygon
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import Failure, FailureReason, Form, GradePrediction
from gliobench.domain.predictions.reasons import Reason
from gliobench.domain.slices.view import SliceView
from gliobench.domain.studies.grading_target import CLASS_TITLE, NEGATIVE, POSITIVE
from gliobench.domain.studies.study import Grade, Modality, SliceChoice


@pytest.fixture(scope="module")
def book() -> Casebook:
    heads = fake_heads()
    return gather_cases(
        saved_runs(heads, images=SavedImages(volumes=2)), [[one.study.id for one in heads]]
    )


def rows_of(book: Casebook) -> dict[str, CaseRow]:
    return {row.study_id: row for row in case_rows(book)}


def test_an_answer_has_the_values_that_its_backend_gives(book: Casebook) -> None:
    titles = [title for title, _ in COLUMNS]
    looks, _, says_hgg = rows_of(book)["s1"].answers

    assert titles == [
        CLASS_TITLE,
        f"P({POSITIVE})",
        "On-plane centre error, mm",
        "Box IoU",
        "Polygon Dice",
        "Dice",
    ]
    assert [cell.text for cell in looks.cells] == [POSITIVE, "0.90", "0.0", "1.00", "1.00", "1.00"]
    assert [cell.text for cell in says_hgg.cells] == [POSITIVE, "", "", "", "", ""]


def test_a_row_shows_the_grades_their_probabilities_and_what_is_right(book: Casebook) -> None:
    row = rows_of(book)["s5"]

    assert (row.site, row.grade) == ("site1", POSITIVE)
    assert [answer.grade.brief for answer in row.answers] == [
        f"{NEGATIVE} 0.20",
        POSITIVE,
        POSITIVE,
    ]
    assert [answer.outcome for answer in row.answers] == [
        GradeOutcome.WRONG,
        GradeOutcome.RIGHT,
        GradeOutcome.RIGHT,
    ]
    assert [cell.brief for cell in row.answers[0].small_print] == ["0.0 mm", "Dice 1.00"]


def test_a_failure_is_shown_once_by_its_reason_and_sorted_as_the_worst(book: Casebook) -> None:
    answer = rows_of(book)["s2"].answers[1]

    assert answer.outcome is GradeOutcome.FAILED
    assert (answer.grade.brief, answer.grade.key) == ("refusal", None)
    assert (answer.centre.brief, answer.centre.key) == ("refusal", 373.13)
    assert answer.small_print == []


def test_a_backend_that_has_not_read_a_study_leaves_its_cells_empty(book: Casebook) -> None:
    first, *others = book.entries
    partial = replace(first, scores={"draws": first.scores["draws"]})

    row = rows_of(replace(book, entries=(partial, *others)))[first.any_score.study_id]

    assert {cell.text for cell in row.answers[0].cells} == {""}
    assert row.answers[0].outcome is GradeOutcome.UNKNOWN


def test_a_grade_without_a_reference_is_neither_right_nor_wrong() -> None:
    case = fake_case_score(reference=None, grade=GradePrediction(Grade.HGG))

    (row,) = case_rows(Casebook(("one",), (CaseEntry({"one": case}),)))

    assert row.answers[0].outcome is GradeOutcome.UNKNOWN


def graded(study_id: str, *grades: Grade, error_mm: float | None = None) -> CaseEntry:
    """An HGG with the grades of the backends a, b, …; the centre error is the first one's."""
    scores = {
        name: fake_case_score(study_id, grade=GradePrediction(grade))
        for name, grade in zip("abc", grades, strict=False)
    }
    if error_mm is not None:
        point = {Form.POINT: FormOutcome(point_score(error_mm, hit=False))}
        scores["a"] = replace(scores["a"], localisation=point)
    return CaseEntry(scores)


RIGHT, WRONG = Grade.HGG, Grade.LGG


def test_the_worst_case_has_the_most_wrong_models_then_the_largest_centre_error() -> None:
    book = Casebook(
        ("a", "b"),
        (
            graded("right", RIGHT, RIGHT),
            graded("one wrong, near", RIGHT, WRONG, error_mm=3.0),
            graded("both wrong", WRONG, WRONG),
            graded("one wrong, far", RIGHT, WRONG, error_mm=30.0),
        ),
    )

    assert list(rows_of(book)) == ["both wrong", "one wrong, far", "one wrong, near", "right"]


def test_baselines_do_not_make_a_case_worse() -> None:
    entries = (graded("a right", RIGHT, WRONG), graded("a wrong", WRONG, RIGHT))

    assert list(rows_of(Casebook(("a", "b"), entries))) == ["a right", "a wrong"]
    with_baseline = Casebook(("a", "b"), entries, baselines=frozenset({"b"}))
    assert list(rows_of(with_baseline)) == ["a wrong", "a right"]


def test_models_stand_before_baselines_and_have_the_first_colours(book: Casebook) -> None:
    section = case_section(replace(book, baselines=frozenset({"looks"})))
    facts = section.facts

    shown = [tuple(facts["backends"][n].values()) for n in facts["order"]]

    assert shown == [("draws", 0), ("says-hgg", 1), ("looks", 2)]
    assert (facts["models"], facts["order"]) == ([1, 2], [1, 2, 0])
    macros = environment().get_template("casebook.html").module
    drawn = str(macros.case_list(section))  # type: ignore[attr-defined]
    assert re.findall(r'data-sorts="(\d)" class="baseline"', drawn) == ["0"]


def with_picture(entry: CaseEntry) -> CaseEntry:
    kept = one_entry().kept
    return replace(entry, kept=kept)


def test_six_cases_are_featured_two_of_each_kind_and_none_twice() -> None:
    wrong = [graded(f"wrong {n}", WRONG, WRONG) for n in range(3)]
    split = [graded(f"split {n}", RIGHT, WRONG) for n in range(3)]
    right = [graded(f"right {n}", RIGHT, RIGHT) for n in range(5)]
    rows = case_rows(Casebook(("a", "b"), tuple(map(with_picture, [*wrong, *split, *right]))))

    found = featured_cases(rows, [0, 1])

    assert [(case.kind, case.study_id, case.caption) for case in found] == [
        ("Worst", "wrong 0", f"{POSITIVE}: 2 of 2 wrong"),
        ("Worst", "wrong 1", f"{POSITIVE}: 2 of 2 wrong"),
        ("Disagreement", "split 0", f"{POSITIVE}: 1 of 2 wrong"),
        ("Disagreement", "split 1", f"{POSITIVE}: 1 of 2 wrong"),
        ("Typical", "split 2", f"{POSITIVE}: 1 of 2 wrong"),
        ("Typical", "right 0", f"{POSITIVE}: all correct"),
    ]
    assert all(rows[case.number].study_id == case.study_id for case in found)


def test_a_single_model_does_not_disagree_with_baselines() -> None:
    agreed = [graded(f"agreed {n}", RIGHT, RIGHT) for n in range(5)]
    entries = [*agreed, graded("baseline wrong", RIGHT, WRONG)]
    rows = case_rows(Casebook(("a", "b"), tuple(map(with_picture, entries)), 0, frozenset({"b"})))

    found = featured_cases(rows, [0])

    captions = {case.study_id: (case.kind, case.caption) for case in found}
    assert "Disagreement" not in {kind for kind, _ in captions.values()}
    assert captions["agreed 0"] == ("Worst", f"{POSITIVE}: correct")


def test_where_nothing_is_graded_the_caption_is_the_centre_error() -> None:
    point = {Form.POINT: FormOutcome(point_score(12.34, hit=False))}
    case = replace(fake_case_score(), localisation=point)
    rows = case_rows(Casebook(("a",), (with_picture(CaseEntry({"a": case})),)))

    assert [case.caption for case in featured_cases(rows, [0])] == [
        f"{POSITIVE}: centre error 12.3 mm"
    ]


def test_what_has_no_picture_is_not_featured_and_few_cases_are_featured_once() -> None:
    entries = (graded("seen", WRONG), with_picture(graded("shown", RIGHT)))
    rows = case_rows(Casebook(("a",), entries))

    assert [case.study_id for case in featured_cases(rows, [0])] == ["shown"]
    assert featured_cases(rows[:1], [0]) == ()


def test_featured_cases_are_links_to_their_cases(book: Casebook) -> None:
    section = case_section(book)
    macros = environment().get_template("casebook.html").module

    drawn = str(macros.thumbnails(section))  # type: ignore[attr-defined]

    links = re.findall(r'href="#case=([^"]+)"><svg[^>]* data-case="(\d+)"', drawn)
    assert links == [(quote(case.study_id), str(case.number)) for case in section.featured]
    assert len(links) == 6


def test_without_a_case_nothing_is_featured() -> None:
    section = case_section(Casebook(("one",)))

    assert (section.rows, section.featured, section.groups) == ((), (), ())


def test_subgroups_are_offered_where_there_are_two_or_more(book: Casebook) -> None:
    section = case_section(book)
    groups = {by: [group.name for group in found] for by, found in section.groups}
    (number,) = (
        group.number for _, groups in section.groups for group in groups if group.name == "site1"
    )
    members = {case["id"] for case in section.facts["cases"] if number in case["groups"]}

    assert groups["Site"] == ["site0", "site1"]
    assert "Tumour size" not in groups  # all are alike
    assert groups["Distance from the brain's centre"][0] == "central (up to 21 mm)"
    assert members == {"s1", "s3", "s5", EVIL}


def drawings(book: Casebook) -> list[dict[str, Any]]:
    return [drawing(row, book.backends) for row in case_rows(book)]


def vertices(points: str) -> list[tuple[float, float]]:
    numbers = [float(number) for number in points.split()]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def one_entry() -> CaseEntry:
    """A 4x4 plane of 2x1 mm pixels shown whole, and answers whose places are easy to tell."""
    target = fake_target()
    plane = target.plane
    view = SliceView.of(target.grid, plane, 256)
    answers = {
        Form.POINT: Point(plane, at=(20.0, 15.0)),
        Form.BOX: Box(plane, start=(0, 0), stop=(41, 31)),
        Form.POLYGON: Polygon(plane, vertices=((-0.5, -0.5), (40.5, -0.5), (40.5, 30.5))),
        Form.POINT_3D: Point(Plane(plane.axis, 4), at=(0.0, 0.0)),
    }
    case = fake_case_score(target=target, answers=answers)
    kept = SavedCase("s1", Modality.T1C, SavedSlice(view, b"picture"), None)
    return CaseEntry({"one": case}, kept)


def test_answers_are_drawn_where_the_picture_shows_their_voxels() -> None:
    (drawn,) = drawings(Casebook(("one",), (one_entry(),)))
    (answers,) = drawn["backends"]

    # 82 mm across fill the width; 31 mm leave (82 - 31) / 2 = 25.5 mm above and below
    assert answers["point"] == [50.0, 50.0]
    assert answers["box"] == [0.0, 31.1, 100.0, 68.9]
    # the patient's right, high i, is on the left, and the front, high j, at the top
    assert sorted(vertices(answers["outline"])) == [
        (0.0, 31.1),
        (0.0, 68.9),
        (100.0, 68.9),
    ]
    assert drawn["outlined"]["point"] == [50.0, 50.0]
    assert (drawn["plane"], drawn["mm"]) == (
        "axial slice 2 of 0 to 4, where answers are scored",
        82.0,
    )


def test_a_study_of_one_slice_has_no_plane_number_and_no_volume_to_wait_for() -> None:
    entry = one_entry()
    alone = replace(entry.scores["one"], slice_choice=SliceChoice.NOT_STATED)

    (drawn,) = drawings(Casebook(("one",), (replace(entry, scores={"one": alone}),)))

    assert drawn["plane"] == "the only slice, where answers are scored"
    assert drawn["flat"] == "the study is a single slice"


def test_what_lies_on_another_plane_is_not_drawn() -> None:
    entry = one_entry()
    case = entry.scores["one"]
    elsewhere = {Form.POINT: Point(Plane(case.plane.axis, 3), at=(20.0, 15.0))}  # type: ignore[union-attr]

    (drawn,) = drawings(
        Casebook(
            ("one",),
            (
                replace(
                    entry,
                    scores={"one": fake_case_score(target=case.target, answers=elsewhere)},
                ),
            ),
        )
    )

    assert not {"point", "box", "outline"} & set(drawn["backends"][0])


def test_an_outline_is_drawn_with_few_vertices_and_stays_in_place() -> None:
    entry = one_entry()
    plane = entry.scores["one"].target.plane  # type: ignore[union-attr]
    around = np.linspace(0, 2 * np.pi, 500, endpoint=False)
    circle = tuple((20 + 5 * np.cos(at), 15 + 10 * np.sin(at)) for at in around)
    round_case = fake_case_score(
        target=entry.scores["one"].target, answers={Form.POLYGON: Polygon(plane, vertices=circle)}
    )

    (drawn,) = drawings(Casebook(("one",), (replace(entry, scores={"one": round_case}),)))

    outline = np.array(vertices(drawn["backends"][0]["outline"]))
    radii = np.hypot(*(outline - 50).T)
    assert len(outline) < 40
    assert np.abs(radii - 1000 / 82).max() < 0.5


def test_reasons_are_told_once_and_words_are_cut() -> None:
    failure = Failure(FailureReason.REFUSAL, "no", raw="x" * 1000)
    case = fake_case_score(grade=failure, answers={Form.POINT: failure, Form.BOX: failure})

    (drawn,) = drawings(Casebook(("one",), (CaseEntry({"one": case}),)))

    (answer,) = drawn["backends"]
    assert (answer["why"], answer["reasons"]) == (["refusal: no"], ["refusal"])
    assert answer["words"] == "x" * 400


def test_the_reasons_of_a_grade_are_shown_with_their_weights() -> None:
    grade = GradePrediction(Grade.HGG, 0.9, reasons=(Reason("et_ml", "ET 12.0 ml", 1.25),))

    (drawn,) = drawings(Casebook(("one",), (CaseEntry({"one": fake_case_score(grade=grade)}),)))

    assert drawn["backends"][0]["findings"] == "ET 12.0 ml (+1.2)"


def test_a_volume_is_packed_as_nifti_files_in_one_place(book: Casebook) -> None:
    section = case_section(book)
    files = next(iter(section.volumes.values()))

    images = {
        name: nib.Nifti1Image.from_bytes(gzip.decompress(b64decode(file)))
        for name, file in files.items()
    }

    assert set(images) == {"grey", "reference", "0"}
    assert len({image.affine.tobytes() for image in images.values()}) == 1
    grey, reference, mask = (
        np.asarray(images[name].dataobj) for name in ("grey", "reference", "0")
    )
    assert grey.dtype == np.uint8
    assert grey[reference > 0].mean() > grey[grey > 0].mean()
    assert np.array_equal(mask > 0, reference > 0)


def test_a_volume_lies_in_the_picture_where_its_voxels_are() -> None:
    entry = one_entry()
    # voxels of 4x2x3 mm from the study's second voxel: 10 x 20 x 3 of them
    affine = GRID.affine @ np.diag([2.0, 2.0, 1.0, 1.0])
    affine[:3, 3] = GRID.affine[:3, :3] @ np.array([1.5, 1.5, 1.0])
    grid = Grid(shape=(10, 10, 3), affine=affine)
    empty = np.zeros(grid.shape, dtype=np.uint8)
    volume = SavedVolume(grid, empty, reference=None, prediction=None)

    (drawn,) = drawings(
        Casebook(("one",), (replace(entry, kept=replace(entry.kept, volume=volume)),))
    )

    # the study's 41x31 voxels of 2x1 mm in a picture of 82 mm: the volume is its voxels 1 to 20,
    # from 2 to 42 mm from the right edge and from 1 to 21 mm above 25.5 mm from the bottom one
    assert drawn["volume"]["at"] == [48.8, 43.3, 97.6, 67.7]
    assert drawn["volume"]["mm"] == 82.0
    # its slices are the study's planes 1 to 3, the picture is plane 2
    assert (drawn["volume"]["planes"], drawn["volume"]["scored"]) == (3, 1)


def test_a_volume_without_a_picture_fills_the_frame() -> None:
    grid = Grid(shape=(40, 50, 30), affine=np.diag([2.0, 2.0, 2.0, 1.0]))
    volume = SavedVolume(grid, np.zeros(grid.shape, dtype=np.uint8), None, None)
    kept = SavedCase("s1", Modality.T1C, None, volume)

    (drawn,) = drawings(Casebook(("one",), (CaseEntry({"one": fake_case_score()}, kept),)))

    # 80 of 100 mm across, all 100 mm down
    assert drawn["volume"]["at"] == [10.0, 0.0, 90.0, 100.0]
    assert (drawn["volume"]["mm"], drawn["volume"]["planes"]) == (100.0, 30)
    assert "scored" not in drawn["volume"]


def test_without_a_volume_the_page_holds_no_viewer(book: Casebook) -> None:
    bare = replace(book, entries=tuple(replace(one, kept=None) for one in book.entries))

    section = case_section(bare)

    assert (section.volumes, section.viewer, section.licences) == ({}, "", "")


def test_the_viewer_neither_starts_workers_nor_compiles_code() -> None:
    for name in ("new Worker", "WebAssembly", "importScripts", "eval(", "</script"):
        assert name not in text(VIEWER)


def test_a_single_backend_is_not_compared_with_others(book: Casebook) -> None:
    alone = replace(
        book,
        backends=("looks",),
        entries=tuple(replace(one, scores={"looks": one.scores["looks"]}) for one in book.entries),
    )

    values = [value for value, _ in case_section(alone).choices]

    assert values == ["", "right 0", "wrong 0"]


def test_a_hostile_id_is_in_the_facts_as_it_is(book: Casebook) -> None:
    assert EVIL in [case["id"] for case in case_section(book).facts["cases"]]


def stamps_of(*scores: CaseScore) -> object:
    entry = CaseEntry({f"b{n}": score for n, score in enumerate(scores)})
    (drawn,) = drawings(Casebook(backends=tuple(entry.scores), entries=(entry,)))
    return drawn.get("stamps")


def test_a_case_says_that_it_is_simulated_or_an_oracles_slice_and_for_whom() -> None:
    plain, oracle = fake_case_score(), fake_case_score(oracle=True)

    assert stamps_of(plain) is None
    assert stamps_of(replace(plain, simulated=True)) == ["SIMULATED"]
    assert stamps_of(oracle, oracle) == ["oracle slice"]
    assert stamps_of(plain, oracle) == ["oracle slice for b1"]
    assert stamps_of(replace(oracle, slice_choice=SliceChoice.NOT_STATED)) == [
        "oracle slice (selection not stated)"
    ]


def test_a_case_says_which_modalities_it_lacks() -> None:
    lacking = replace(fake_case_score(), absent=(Modality.T1N, Modality.T2W))

    assert stamps_of(lacking) == ["no t1n, no t2w"]


def test_a_tumour_that_is_not_found_and_one_that_is_not_there_are_told_in_words() -> None:
    region = region_score(0.0, 0.0, 373.13, 0.0, 50.0, reference_mm3=0.0)
    mask = {Form.MASK: FormOutcome(mask_score({Region.WT: region}))}
    alarm = replace(
        fake_case_score("s1", reference=None),
        localisation=mask,
        tumour_free=True,
        found_tumour=True,
    )
    missed = replace(
        fake_case_score("s2", target=fake_target()), localisation=mask, found_tumour=False
    )
    book = Casebook(("one",), tuple(CaseEntry({"one": case}) for case in (alarm, missed)))

    rows = rows_of(book)

    assert rows["s1"].grade == "no tumour"
    assert rows["s1"].answers[0].overlap.text == "false positive"
    assert rows["s2"].answers[0].overlap.text == "no tumour found"
    assert not rows["s1"].answers[0].overlap.failed
