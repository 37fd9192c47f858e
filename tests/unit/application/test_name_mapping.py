"""The table of subjects: what it notes of studies that it does not name."""

from __future__ import annotations

from gliobench.application.datasets.name_mapping import NameMapping
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.study import Grade
from gliobench.domain.studies.subjects import Subject

NAMES = NameMapping({"BraTS20_001": Subject("BraTS20_001", Grade.HGG)})


def noted(names: NameMapping, study_id: str) -> list[str]:
    notes: list[Fault] = names.notes(study_id, None)
    assert {note.kind for note in notes} <= {FaultKind.MISSING_GRADE}
    return [note.detail for note in notes]


def test_a_study_that_the_table_names_has_no_note() -> None:
    assert noted(NAMES, "BraTS20_001") == []


def test_a_study_that_the_table_names_in_other_capitals_has_a_note_with_both_spellings() -> None:
    assert noted(NAMES, "brats20_001") == [
        "the name mapping spells it 'BraTS20_001', in other capitals: its row is not used"
    ]


def test_a_study_without_a_row_has_a_note_that_shows_how_the_table_names_others() -> None:
    assert noted(NAMES, "Study_001") == [
        "the name mapping has no row for it: its first row names 'BraTS20_001'"
    ]


def test_a_visit_whose_patient_has_a_row_has_no_note() -> None:
    of_patients = NameMapping({"sub-01": Subject("sub-01", Grade.LGG)})

    assert noted(of_patients, "sub-01_ses-2") == []


def test_without_a_table_there_is_no_note() -> None:
    assert noted(NameMapping(), "Study_001") == []
