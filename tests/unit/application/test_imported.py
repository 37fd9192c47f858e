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


def test_names_of_other_studies_are_of_other_patients() -> None:
    names = ["BraTS20_Training_002", "BraTS20_Training_0011", "c d"]

    assert patients_named(names, SOURCE) >= set(map(patient_hash, names))
