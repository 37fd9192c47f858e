from __future__ import annotations

import pytest

from gliobench.domain.studies.patients import (
    PATTERNS,
    assumptions,
    is_phantom,
    is_sure,
    patient_hash,
    patient_of,
)

SETTLED_BY = "a column patient_id in the dataset's table would settle it"


def test_a_patient_hash_is_sixteen_digits_of_sha256() -> None:
    # printf abc | sha256sum
    assert patient_hash("abc") == "ba7816bf8f01cfea"


@pytest.mark.parametrize(
    ("study_id", "patient"),
    [
        ("BraTS20_Training_001", "BraTS20_Training_001"),
        ("BraTS2021_00097", "BraTS2021_00097"),
        ("Brats18_TCIA10_637_1", "Brats18_TCIA10_637"),
        ("BraTS19_2013_10_1", "BraTS19_2013_10"),
        ("brats_tcia_pat100_0083", "brats_tcia_pat100"),
        ("brats_2013_pat0001_1", "brats_2013_pat0001"),
        ("BraTS-GLI-00003-001", "BraTS-GLI-00003"),
        ("BraTS-GLI-02062-101", "BraTS-GLI-02062"),
        ("BraTS-PED-00012-000", "BraTS-PED-00012"),
        ("BraTS-SSA-00002-000", "BraTS-SSA-00002"),
        ("BraTS-MET-00110-000", "BraTS-MET-00110"),
        ("BraTS-MEN-RT-0012-1", "BraTS-MEN-RT-0012"),
        ("BraTS-GoAT-00001", "BraTS-GoAT-00001"),
        ("TCGA-02-0003_1997.06.08", "TCGA-02-0003"),
        ("tcga-02-0003", "TCGA-02-0003"),
        ("UPENN-GBM-00940_11", "UPENN-GBM-00940"),
        ("UPENN-GBM-00940_21", "UPENN-GBM-00940"),
        ("UCSF-PDGM-0004_nifti", "UCSF-PDGM-0004"),
        ("UCSF-PDGM-0431_FU001d", "UCSF-PDGM-0431"),
        ("UCSF-PDGM-0431_FU001d_nifti", "UCSF-PDGM-0431"),
        ("Patient-001_week-000-1", "Patient-001"),
        ("RHUH-0001_2", "RHUH-0001"),
        ("PatientID_0003_Timepoint_1", "PatientID_0003"),
        ("sub-01_ses-1", "sub-01"),
        ("sub-0A1_ses-post_run-2", "sub-0A1"),
        ("Phantom_3_0001", "Phantom_3_0001"),
    ],
)
def test_the_patient_of_a_known_collection_is_sure(study_id: str, patient: str) -> None:
    assert patient_of(study_id).id == patient
    assert is_sure(study_id)


@pytest.mark.parametrize(
    ("study_id", "patient"),
    [
        ("W39_1998.09.19", "W39"),
        ("anna-20240131", "anna"),
        ("P1_visit2", "P1"),
        ("100001_time1", "100001"),
        ("P7-pre-op", "P7"),
        ("P7_baseline", "P7"),
        ("P7_followup", "P7"),
        ("P7_intraop", "P7"),
        ("P7_recurrence", "P7"),
        ("P7-initial", "P7"),
        ("P1_2", "P1"),
        ("P01_02", "P01"),
    ],
)
def test_a_visit_in_the_shape_of_a_name_is_assumed(study_id: str, patient: str) -> None:
    assert patient_of(study_id).id == patient
    assert not is_sure(study_id)


@pytest.mark.parametrize(
    "study_id", ["anna", "Case_01", "study-1", "site1_02", "HGG_007", "visit1"]
)
def test_a_name_that_tells_no_visit_is_its_patients(study_id: str) -> None:
    assert patient_of(study_id).id == study_id
    assert patient_of(study_id).pattern is None


def test_no_two_patterns_are_of_one_collection() -> None:
    assert len({row.whose for row in PATTERNS}) == len(PATTERNS)


def test_known_collections_need_no_assumption() -> None:
    ids = [
        "UPENN-GBM-00940_11",
        "UPENN-GBM-00940_21",
        "BraTS20_Training_001",
        "BraTS20_Training_002",
    ]

    assert assumptions({one: patient_of(one).id for one in ids}) == []


def test_what_is_assumed_of_names_is_said() -> None:
    ids = ["P1_1", "P1_2", "P2_1", "Case_01", "Case_02", "Case_03"]

    said = assumptions({one: patient_of(one).id for one in ids})

    assert said == [
        "2 studies are taken for visits of 1 patient, because their names end in a number after a "
        f"number (such as P1_1 and P1_2, of P1): {SETTLED_BY}",
        "3 studies whose names differ in the last number only (such as Case_01 and Case_02) are "
        f"taken for different patients: {SETTLED_BY}",
    ]


def test_what_is_assumed_of_folders_is_said() -> None:
    (said,) = assumptions({"anna_x": "anna", "anna_y": "anna", "ben_x": "ben"})

    assert said.startswith(
        "2 studies are taken for visits of 1 patient, because their folders lie together (such as "
        "anna_x and anna_y, of anna)"
    )


def test_nothing_is_assumed_where_a_table_names_the_patients() -> None:
    assert assumptions({"Case_01": "anna", "Case_02": "anna", "P1_1": "ben", "P1_2": "ben"}) == []


@pytest.mark.parametrize("name", ["Phantom_0001", "Phantom_0_0001", "Phantom_12_10000"])
def test_a_phantom_is_known_by_its_name(name: str) -> None:
    assert is_phantom(name)


@pytest.mark.parametrize("name", ["BraTS20_Training_001", "Phantom", "Phantom_1", "aPhantom_0001"])
def test_a_patient_is_no_phantom(name: str) -> None:
    assert not is_phantom(name)
