from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.application.predict.read_reference import reference_faults
from gliobench.application.train.training_studies import (
    TrainingStudies,
    case_hash,
    check_regions,
    hash_of,
)
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.study import Case, Grade, Reference

CASE = fake_case("study-1")


def with_mask(case: Case, whole: np.ndarray) -> Case:
    reference = replace(case.reference, regions={**case.reference.regions, Region.WT: whole})
    return Case(case.study, reference)


def empty(case: Case) -> Case:
    return with_mask(case, np.zeros(case.study.grid.shape, dtype=bool))


def test_all_studies_of_a_patient_are_learned_from() -> None:
    cases = [fake_case("before", patient_id="p"), fake_case("after", patient_id="p"), CASE]

    studies = TrainingStudies.of(FakeStudySource(cases)).by_patient

    assert studies == {"p": ["after", "before"], "study-1": ["study-1"]}


def test_a_mask_without_a_voxel_is_no_mask() -> None:
    source = FakeStudySource([CASE, empty(fake_case("empty")), fake_case("none", tumour=None)])

    assert TrainingStudies.of(source).by_patient == {"study-1": ["study-1"]}


def test_a_study_whose_mask_cannot_be_read_is_left_out_and_named() -> None:
    fault = Fault("torn", FaultKind.UNKNOWN_LABEL, "labels [7]")
    torn = Case(fake_case("torn").study, Reference(grade=Grade.HGG, fault=fault))
    source = FakeStudySource([CASE, torn], unreadable={"lost": InvalidInputError("lost")})

    assert TrainingStudies.of(source).by_patient == {"study-1": ["study-1"]}
    assert list(reference_faults(source)) == [Fault("lost", FaultKind.UNREADABLE, "lost"), fault]


def test_a_study_of_which_no_image_can_be_opened_is_left_out() -> None:
    lost = fake_case("lost")
    alone = Case(lost.study, replace(lost.reference, grid=lost.study.grid))

    studies = TrainingStudies.of(FakeStudySource([CASE, alone])).by_patient

    assert studies == {"study-1": ["study-1"]}


def test_a_study_without_a_grade_is_left_out_where_one_is_needed() -> None:
    source = FakeStudySource([CASE, fake_case("ungraded", grade=None)])

    assert set(TrainingStudies.of(source, graded=True).by_patient) == {"study-1"}
    assert set(TrainingStudies.of(source).by_patient) == {"study-1", "ungraded"}


def test_nothing_to_learn_from_is_said_in_one_line() -> None:
    source = FakeStudySource([empty(CASE), fake_case("ungraded", grade=None)])

    with pytest.raises(InvalidInputError, match="no study has a reference mask and a grade: noth"):
        TrainingStudies.of(source, graded=True)


def test_the_hash_of_a_case_tells_of_its_images_its_grade_and_its_mask() -> None:
    less = CASE.reference.regions[Region.WT].copy()
    less[3, 4, 2] = False
    graded = Case(CASE.study, replace(CASE.reference, grade=Grade.LGG))
    imaged = Case(replace(fake_case("other").study, id="study-1"), CASE.reference)

    hashes = {
        case_hash(FakeStudySource([case]), "study-1")
        for case in (CASE, with_mask(CASE, less), graded, imaged)
    }

    assert len(hashes) == 4
    assert case_hash(FakeStudySource([fake_case("study-1")]), "study-1") in hashes


def test_a_hash_of_hashes_does_not_depend_on_their_order() -> None:
    assert hash_of(["x", "y"]) == hash_of(["y", "x"]) != hash_of(["x"])


def test_masks_without_a_region_that_a_network_learns_are_refused_by_their_convention() -> None:
    source = FakeStudySource([fake_case()], labels=DatasetLabels(BUILT_IN["tumour"]))

    check_regions(source, [Region.WT])
    with pytest.raises(InvalidInputError, match="labels tumour have no TC and no ET: this network"):
        check_regions(source, NESTED)
