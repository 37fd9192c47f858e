"""What the files of a backend that others ran are checked against."""

from __future__ import annotations

import pytest

from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.application.backends.imported import patients_named
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.patients import patient_hash

SOURCE = FakeStudySource([fake_case("BraTS20_Training_001"), fake_case("c d")])


@pytest.mark.parametrize(
    "line",
    [
        *(
            "BraTS20_Training_001.nii.gz",
            "BraTS20_Training_001_0000.nii.gz",
            "BRATS20_TRAINING_001",
        ),
        *("/data/BraTS20_Training_001", "train/x/BraTS20_Training_001_flair.nii"),
        *("'BraTS20_Training_001',", "BraTS20_Training_001 BraTS20_Training_002"),
    ],
)
def test_a_line_that_hides_what_a_model_learned_from_is_refused(line: str) -> None:
    with pytest.raises(InvalidInputError, match="looks like BraTS20_Training_001"):
        patients_named([line], SOURCE)


VISITS = FakeStudySource(
    [fake_case("P1_visit1", patient_id="P1"), fake_case("UCSF-PDGM-0004"), fake_case("007")]
)


@pytest.mark.parametrize(
    "line",
    [
        *("P1, P9", "p1", "- P1", "1. P1", '"P1"', "P1\t50", "P1 # first", "0,P1"),
        *("P1_visit3_t1c.nii.gz", "p1_VISIT3", "UCSF-PDGM-0004_FU001d,50", "7"),
    ],
)
def test_a_line_that_hides_a_patient_is_refused(line: str) -> None:
    with pytest.raises(InvalidInputError, match=r"looks like (P1|UCSF-PDGM-0004|007)"):
        patients_named([line], VISITS)


@pytest.mark.parametrize("name", ["P1", "P1_visit9", "UCSF-PDGM-004", "007"])
def test_a_patient_is_known_by_another_visit_and_in_other_digits(name: str) -> None:
    learned = patients_named([name], VISITS)

    assert {patient_hash(name) for name in ("P1", "UCSF-PDGM-0004", "007")} & learned


def test_names_of_other_studies_are_of_other_patients() -> None:
    names = ["BraTS20_Training_002", "BraTS20_Training_0011", "c d"]

    assert patients_named(names, SOURCE) >= set(map(patient_hash, names))
