from dataclasses import replace

import numpy as np
import pytest

from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.application.predict.read_reference import read_reference
from gliobench.domain.errors import NotFoundError
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.faults import FaultKind
from gliobench.domain.studies.study import Case, Grade, Reference


def _case_with(whole: np.ndarray) -> Case:
    case = fake_case(grade=Grade.LGG)
    return replace(case, reference=replace(case.reference, regions={Region.WT: whole}))


def test_a_plausible_reference_is_given_as_it_is() -> None:
    case = fake_case()

    assert read_reference(FakeStudySource([case]), "study-1") is case.reference


def test_a_reference_that_cannot_be_read_leaves_the_grade_that_its_table_states(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def moved_away(study_id: str) -> Reference:
        raise NotFoundError(f"no file {study_id}_t1c.nii.gz")

    source = FakeStudySource([fake_case(grade=Grade.LGG)])
    monkeypatch.setattr(source, "reference", moved_away)

    reference = read_reference(source, "study-1")

    assert reference.grade is Grade.LGG
    assert reference.fault is not None
    assert reference.fault.detail == "no file study-1_t1c.nii.gz"


@pytest.mark.parametrize("tumour", [True, False])
def test_an_inverted_mask_is_a_fault_and_the_grade_stays(tumour: bool) -> None:
    whole = fake_case().reference.regions[Region.WT]
    inverted = ~whole if tumour else np.ones_like(whole)

    reference = read_reference(FakeStudySource([_case_with(inverted)]), "study-1")

    assert reference.grade is Grade.LGG
    assert reference.regions == {}
    assert reference.fault is not None
    assert reference.fault.kind is FaultKind.IMPLAUSIBLE_MASK
    assert "is it inverted?" in reference.fault.detail
