from dataclasses import replace

import numpy as np
import pytest

from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.application.datasets.fingerprint_dataset import Distribution, fingerprint_dataset
from gliobench.domain.errors import InvalidInputError, StoreError
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.studies.cohort import cohort_fingerprint
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.study import Grade, Modality, Reference

CASES = [
    fake_case("a", patient_id="anna", grade=Grade.HGG, site="CBICA"),
    fake_case("b", patient_id="anna", grade=Grade.HGG, site="CBICA"),
    fake_case("c", grade=Grade.LGG, site="TMC", spacing_mm=(1.0, 1.0, 2.0)),
    fake_case("d", grade=None, site=None, tumour=None, shape=(10, 10, 10)),
]


def test_studies_patients_prevalence_and_sites_are_counted() -> None:
    described = fingerprint_dataset(FakeStudySource(CASES))

    assert (described.n_studies, described.n_patients) == (4, 3)
    assert described.prevalence_hgg == pytest.approx(2 / 3)
    assert described.grades_by_site == {
        "CBICA": {Grade.HGG: 2},
        "TMC": {Grade.LGG: 1},
        None: {None: 1},
    }


def test_grids_are_counted() -> None:
    described = fingerprint_dataset(FakeStudySource(CASES))

    assert described.shapes == {(12, 14, 10): 3, (10, 10, 10): 1}
    assert described.spacings_mm == {(1.0, 1.0, 1.0): 3, (1.0, 1.0, 2.0): 1}


def test_absent_modalities_are_counted() -> None:
    cases = [
        fake_case("whole"),
        fake_case("two", modalities=[Modality.T1C, Modality.T2F]),
        fake_case("three", modalities=[Modality.T1C, Modality.T2W, Modality.T2F]),
    ]

    found = fingerprint_dataset(FakeStudySource(cases))

    assert found.absent == {Modality.T1N: 2, Modality.T2W: 1}
    assert found.intensities[Modality.T2W].n == 2


def test_tumour_volumes_are_in_cubic_millimetres_and_of_masks_only() -> None:
    described = fingerprint_dataset(FakeStudySource(CASES))

    # 5 x 5 x 4 voxels: of 1 mm3 in two studies, of 2 mm3 in one.
    assert described.volumes_mm3[Region.WT] == Distribution(3, 100.0, (100.0, 100.0, 150.0), 200.0)


def test_studies_without_tumour_are_counted_and_have_no_volume() -> None:
    bare = fake_case("bare")
    nothing = {region: np.zeros(bare.study.grid.shape, dtype=bool) for region in NESTED}
    fault = Fault("torn", FaultKind.UNKNOWN_LABEL, "labels [7]")
    cases = [
        fake_case("tumour"),
        fake_case("unannotated", tumour=None),
        replace(bare, reference=replace(bare.reference, regions=nothing)),
        replace(fake_case("torn"), reference=Reference(grade=Grade.LGG, fault=fault)),
    ]

    found = fingerprint_dataset(FakeStudySource(cases))

    assert (found.n_with_tumour, found.n_without_tumour, found.n_unannotated) == (1, 1, 1)
    assert found.unreadable_references == {"torn": "unknown_label: labels [7]"}
    assert found.volumes_mm3[Region.WT].n == 1
    assert found.prevalence_hgg == 3 / 4


def test_intensities_leave_the_air_out() -> None:
    case = fake_case(tumour=None)
    volume = case.study.volume(Modality.T1C)

    described = fingerprint_dataset(FakeStudySource([case]))

    wanted = np.percentile(volume[volume > 0], 99)
    assert described.intensities[Modality.T1C].largest == pytest.approx(wanted)


def test_a_study_that_cannot_be_read_is_counted_and_told() -> None:
    source = FakeStudySource(CASES[:1], unreadable={"z": InvalidInputError("truncated")})

    described = fingerprint_dataset(source)

    assert described.n_studies == 2
    assert described.unreadable == {"z": "truncated"}


def test_a_store_that_cannot_be_read_has_no_fingerprint() -> None:
    source = FakeStudySource(CASES[:1], unreadable={"z": StoreError("connection reset")})

    with pytest.raises(StoreError, match="connection reset"):
        fingerprint_dataset(source)


def test_the_hash_is_that_of_a_run_over_the_same_studies() -> None:
    source = FakeStudySource(CASES)
    hashes = {study_id: source.content_hash(study_id) for study_id in source.study_ids()}

    assert fingerprint_dataset(source).hash == cohort_fingerprint(hashes)


def test_without_grades_there_is_no_prevalence() -> None:
    assert fingerprint_dataset(FakeStudySource(CASES[3:])).prevalence_hgg is None


def test_nothing_has_no_distribution() -> None:
    assert Distribution.of([]) is None


def test_phantoms_among_the_studies_are_counted() -> None:
    phantom = fake_case("a", patient_id="Phantom_0_0001")

    assert fingerprint_dataset(FakeStudySource([phantom, fake_case("b")])).n_simulated == 1
