"""Single cases on a page: the table, the drawings and the volumes."""

from __future__ import annotations

import gzip
from base64 import b64decode
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest

from fakes.fake_case_score import fake_case_score, fake_target
from fakes.fake_kept_runs import EVIL, fake_heads, saved_runs
from fakes.form_scores import mask_score, region_score
from gliobench.adapters.html.casebook import case_section, page_scripts
from gliobench.adapters.html.casebook.drawings import drawings
from gliobench.adapters.html.casebook.rows import CaseRow, GradeOutcome, case_table
from gliobench.adapters.html.casebook.viewer import viewer_script
from gliobench.application.evaluate.save_cases import SavedImages
from gliobench.application.report.gather_cases import gather_cases
from gliobench.domain.comparison.casebook import Casebook, CaseEntry
from gliobench.domain.evaluation.saved_case import KeptSlice, SavedCase
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.geometry.grids import Box, Plane, Point, Polygon
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import Failure, FailureReason, Form, GradePrediction
from gliobench.domain.slices.view import SliceView
from gliobench.domain.studies.study import Grade, Modality, SliceChoice


@pytest.fixture(scope="module")
def book() -> Casebook:
    heads = fake_heads()
    return gather_cases(
        saved_runs(heads, images=SavedImages(volumes=2)), [[one.study.id for one in heads]]
    )


def rows_of(book: Casebook) -> dict[str, CaseRow]:
    return {row.study_id: row for row in case_table(book).rows}


def test_each_backend_has_the_columns_that_it_answers(book: Casebook) -> None:
    headings = {name: [one.title for one in found] for name, found in case_table(book).headings}

    assert headings["looks"] == [
        "Grade",
        "On-plane centre error, mm",
        "Box IoU",
        "Polygon Dice",
        "Dice",
    ]
    assert headings["says-hgg"] == ["Grade"]


def test_a_row_tells_the_grades_their_probabilities_and_who_is_right(book: Casebook) -> None:
    row = rows_of(book)["s5"]

    assert (row.site, row.grade) == ("site1", "HGG")
    assert [cells[0].text for cells in row.cells] == ["LGG 0.20", "HGG", "HGG"]
    assert row.verdicts == (GradeOutcome.WRONG, GradeOutcome.RIGHT, GradeOutcome.RIGHT)
    assert not row.failed


def test_a_failure_is_told_by_its_reason_and_sorted_as_the_worst(book: Casebook) -> None:
    row = rows_of(book)["s2"]
    grade, centre = row.cells[1][:2]

    assert row.failed
    assert (grade.text, grade.key, grade.verdict) == ("refusal", None, GradeOutcome.FAILED)
    assert (centre.text, centre.key) == ("refusal", 373.13)
    assert centre.why == "refusal: it declined to answer"


def test_a_backend_that_has_not_read_a_study_leaves_its_cells_empty(book: Casebook) -> None:
    first, *others = book.entries
    partial = replace(first, scores={"draws": first.scores["draws"]})

    row = case_table(replace(book, entries=(partial, *others))).rows[0]

    assert {cell.text for cell in row.cells[0]} == {"–"}
    assert row.verdicts[0] is GradeOutcome.UNKNOWN


def test_a_grade_without_a_reference_is_neither_right_nor_wrong() -> None:
    case = fake_case_score(reference=None, grade=GradePrediction(Grade.HGG))

    (row,) = case_table(Casebook(("one",), (CaseEntry({"one": case}),))).rows

    assert row.verdicts == (GradeOutcome.UNKNOWN,)


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
    kept = SavedCase("s1", Modality.T1C, KeptSlice(view, b"picture"), None)
    return CaseEntry({"one": case}, kept)


def test_answers_are_drawn_where_the_picture_shows_their_voxels() -> None:
    (drawn,) = drawings(Casebook(("one",), (one_entry(),)))
    (answers,) = drawn["backends"]

    # 82 mm across fill the width; 31 mm leave (82 - 31) / 2 = 25.5 mm above and below
    assert answers["point"] == [50.0, 50.0]
    assert answers["box"] == [0.0, 31.1, 100.0, 68.9]
    # the patient's right, high i, is on the left, and the front, high j, at the top
    assert sorted(zip(answers["outline"][::2], answers["outline"][1::2], strict=True)) == [
        (0.0, 31.1),
        (0.0, 68.9),
        (100.0, 68.9),
    ]
    assert drawn["reference"]["point"] == [50.0, 50.0]
    assert drawn["plane"] == "axial plane 2"


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

    assert drawn["backends"] == [{}]


def test_an_outline_is_drawn_with_few_vertices_and_stays_in_place() -> None:
    entry = one_entry()
    plane = entry.scores["one"].target.plane  # type: ignore[union-attr]
    around = np.linspace(0, 2 * np.pi, 500, endpoint=False)
    circle = tuple((20 + 5 * np.cos(at), 15 + 10 * np.sin(at)) for at in around)
    round_case = fake_case_score(
        target=entry.scores["one"].target, answers={Form.POLYGON: Polygon(plane, vertices=circle)}
    )

    (drawn,) = drawings(Casebook(("one",), (replace(entry, scores={"one": round_case}),)))

    outline = np.reshape(drawn["backends"][0]["outline"], (-1, 2))
    radii = np.hypot(*(outline - 50).T)
    assert len(outline) < 40
    assert np.abs(radii - 1000 / 82).max() < 0.5


def test_reasons_are_told_once_and_words_are_cut() -> None:
    failure = Failure(FailureReason.REFUSAL, "no", raw="x" * 1000)
    case = fake_case_score(grade=failure, answers={Form.POINT: failure, Form.BOX: failure})

    (drawn,) = drawings(Casebook(("one",), (CaseEntry({"one": case}),)))

    assert drawn["backends"] == [{"why": ["refusal: no"], "words": "x" * 400}]


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


def test_without_a_volume_the_page_holds_no_viewer(book: Casebook) -> None:
    bare = replace(book, entries=tuple(replace(one, kept=None) for one in book.entries))

    section = case_section(bare)

    assert (section.volumes, section.viewer, section.licences) == ({}, "", "")
    assert len(page_scripts(bare)) == 1
    assert page_scripts(book)[1] == viewer_script()


def test_the_viewer_neither_starts_workers_nor_compiles_code() -> None:
    for name in ("new Worker", "WebAssembly", "importScripts", "eval(", "</script"):
        assert name not in viewer_script()


def test_a_single_backend_is_not_compared_with_others(book: Casebook) -> None:
    alone = replace(
        book,
        backends=("looks",),
        entries=tuple(replace(one, scores={"looks": one.scores["looks"]}) for one in book.entries),
    )

    values = [value for value, _ in case_section(alone).choices]

    assert values == ["", "failed", "right 0", "wrong 0"]


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

    first, second = case_table(book).rows

    assert first.grade == "no tumour"
    assert [cell.text for cell in first.cells[0]] == ["false positive"]
    assert [cell.text for cell in second.cells[0]] == ["no tumour found"]
    assert not first.failed
