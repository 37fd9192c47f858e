from dataclasses import replace

import numpy as np
import pytest

from fakes.fake_study_source import FakeStudySource, fake_case
from fakes.head import GRID, SHAPE, brain, with_skull
from gliobench.application.datasets.verify_dataset import Verification, verify_dataset
from gliobench.domain.errors import InvalidInputError, StoreError
from gliobench.domain.geometry.grids import Box3D
from gliobench.domain.labels.regions import NESTED
from gliobench.domain.studies.faults import Fault, FaultKind, FaultyStudyError
from gliobench.domain.studies.study import Case, Grade, Modality, Reference, Study


def _kinds(verification: Verification) -> list[FaultKind]:
    return [finding.kind for finding in verification.findings]


def _with_t1c(value: float) -> Case:
    case = fake_case()
    volume = np.full(case.study.grid.shape, value, dtype=np.float32)
    study = replace(case.study, volumes={**case.study.volumes, Modality.T1C: volume})
    return replace(case, study=study)


def test_sound_studies_have_nothing_to_tell_of() -> None:
    verification = verify_dataset(FakeStudySource([fake_case("a"), fake_case("b")]))

    assert verification == Verification(n_studies=2, findings=())


@pytest.mark.parametrize("there", [Modality.T1C, Modality.T2F])
def test_absent_modalities_are_notes_where_there_is_t1c_or_flair(there: Modality) -> None:
    verification = verify_dataset(FakeStudySource([fake_case(modalities=[there])]))

    assert verification.faults == []
    assert [(note.study_id, note.kind, note.detail[:7]) for note in verification.notes] == [
        ("study-1", FaultKind.ABSENT_MODALITY, f"no {modality.value} ")
        for modality in Modality
        if modality is not there
    ]


def test_a_study_with_neither_t1c_nor_flair_has_faults() -> None:
    case = fake_case(modalities=[Modality.T1N, Modality.T2W])

    verification = verify_dataset(FakeStudySource([case]))

    assert _kinds(verification) == [FaultKind.MISSING_MODALITY] * 2
    assert [fault.detail for fault in verification.faults] == [
        "study study-1 has no t1c (t1ce)",
        "study study-1 has no t2f (flair)",
    ]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (0.0, FaultKind.EMPTY_VOLUME),
        (7.0, FaultKind.EMPTY_VOLUME),
        (np.nan, FaultKind.NOT_FINITE),
        (np.inf, FaultKind.NOT_FINITE),
    ],
)
def test_a_volume_without_an_image_is_a_fault(value: float, kind: FaultKind) -> None:
    verification = verify_dataset(FakeStudySource([_with_t1c(value)]))

    assert _kinds(verification) == [kind]


def test_a_study_without_tumour_is_usable_and_counted() -> None:
    case = fake_case()
    nothing = {region: np.zeros(case.study.grid.shape, dtype=bool) for region in NESTED}
    empty = replace(case, reference=replace(case.reference, regions=nothing))

    verification = verify_dataset(FakeStudySource([empty]))

    assert _kinds(verification) == [FaultKind.NO_TUMOUR]
    assert (verification.faults, verification.quarantine) == ([], {})
    assert verification.n_without_tumour == 1


def test_a_mask_that_cannot_be_read_is_a_fault_and_not_a_missing_one() -> None:
    fault = Fault("study-1", FaultKind.UNKNOWN_LABEL, "labels [7]")
    case = replace(fake_case(), reference=Reference(grade=Grade.LGG, fault=fault))

    assert verify_dataset(FakeStudySource([case])).findings == (fault,)


def test_a_missing_mask_or_grade_is_a_note_and_keeps_nobody_out() -> None:
    case = replace(fake_case(), reference=Reference())

    verification = verify_dataset(FakeStudySource([case]))

    assert [note.kind for note in verification.notes] == [
        FaultKind.MISSING_GRADE,
        FaultKind.MISSING_MASK,
    ]
    assert verification.faults == []
    assert verification.quarantine == {}


def test_what_the_source_notes_is_passed_on() -> None:
    note = Fault("study-1", FaultKind.MISNAMED_MASK, "W39")

    verification = verify_dataset(FakeStudySource([fake_case()], notes={"study-1": [note]}))

    assert verification.notes == [note]


def test_a_study_that_cannot_be_opened_is_a_fault_and_the_rest_is_looked_at() -> None:
    source = FakeStudySource(
        [fake_case("b", modalities=[Modality.T1N])],
        unreadable={
            "a": FaultyStudyError(FaultKind.DUPLICATE_ID, "there twice"),
            "c": InvalidInputError("strange"),
        },
    )

    verification = verify_dataset(source)

    assert verification.n_studies == 3
    assert [(one.study_id, one.kind) for one in verification.faults] == [
        ("a", FaultKind.DUPLICATE_ID),
        ("b", FaultKind.MISSING_MODALITY),
        ("b", FaultKind.MISSING_MODALITY),
        ("b", FaultKind.MISSING_MODALITY),
        ("c", FaultKind.UNREADABLE),
    ]


@pytest.mark.parametrize(
    ("of", "method"),
    [
        (FakeStudySource, "study"),
        (FakeStudySource, "reference"),
        (FakeStudySource, "content_hash"),
        (Study, "volume"),
    ],
)
def test_a_store_that_cannot_be_read_ends_the_search_and_is_no_studys_fault(
    monkeypatch: pytest.MonkeyPatch, of: type, method: str
) -> None:
    def reset(*_: object) -> None:
        raise StoreError("connection reset")

    monkeypatch.setattr(of, method, reset)

    with pytest.raises(StoreError, match="connection reset"):
        verify_dataset(FakeStudySource([fake_case()]))


def test_the_same_images_under_another_id_are_a_fault_of_the_second() -> None:
    case = fake_case("a")
    twin = replace(case, study=replace(case.study, id="b"))

    (fault,) = verify_dataset(FakeStudySource([case, twin])).faults

    assert (fault.study_id, fault.kind) == ("b", FaultKind.DUPLICATE_CONTENT)
    assert fault.detail == "the same images as a"


def test_the_quarantine_gives_all_reasons_of_a_study_in_one_line() -> None:
    source = FakeStudySource([fake_case(modalities=[Modality.T1N, Modality.T2W])])

    assert verify_dataset(source).quarantine == {
        "study-1": "missing_modality: study study-1 has no t1c (t1ce); "
        "missing_modality: study study-1 has no t2f (flair)"
    }


def test_every_study_passes_the_tracker() -> None:
    seen: list[str] = []

    def track(study_ids):
        for study_id in study_ids:
            seen.append(study_id)
            yield study_id

    verify_dataset(FakeStudySource([fake_case("a"), fake_case("b")]), track=track)

    assert seen == ["a", "b"]


@pytest.mark.usefixtures("real_sizes")
def test_images_that_show_no_stripped_brain_are_faults_by_modality() -> None:
    case = fake_case(shape=SHAPE, spacing_mm=GRID.spacing_mm)
    head = with_skull(brain(), scalp=600, skull=60)
    volumes = {**dict.fromkeys(Modality, brain()), Modality.T1C: head}
    study = replace(case.study, volumes=volumes)

    (fault,) = verify_dataset(FakeStudySource([replace(case, study=study)])).faults

    assert fault.kind is FaultKind.SKULL_NOT_STRIPPED
    assert fault.detail.startswith("t1c shows scalp and skull")


def test_a_background_that_is_not_zero_is_worth_a_note() -> None:
    tumour = Box3D((30, 24, 20), (36, 30, 26))
    case = fake_case(shape=SHAPE, spacing_mm=GRID.spacing_mm, tumour=tumour)
    volumes = {modality: brain(seed=seed) - 1024 for seed, modality in enumerate(Modality)}
    study = replace(case.study, volumes=volumes)

    verification = verify_dataset(FakeStudySource([replace(case, study=study)]))

    assert _kinds(verification) == [FaultKind.BACKGROUND_NOT_ZERO] * 4
    assert "t1n is -1024: it is taken for 0" in verification.notes[0].detail
    assert verification.quarantine == {}
