import pytest

from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.application.datasets.dataset_labels import propose_labels, settle_labels
from gliobench.domain.errors import InvalidInputError, StoreError
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.proposal import DatasetLabels, UndeclaredLabelsError

PED = [f"BraTS-PED-{n:05}-000" for n in range(9)]
CASES = [fake_case(one) for one in PED]
ADULT = frozenset({1, 2, 3})


def test_what_is_declared_holds_and_no_mask_is_looked_at() -> None:
    declared = DatasetLabels(BUILT_IN["tumour"])
    source = FakeStudySource(
        CASES, labels=declared, integers=dict.fromkeys(PED, StoreError("not to be read"))
    )

    assert settle_labels(source).labels is declared


def test_the_last_mask_of_all_may_settle_it() -> None:
    integers = dict.fromkeys(PED, ADULT) | {PED[-1]: frozenset({4})}

    labels = settle_labels(FakeStudySource(CASES, integers=integers)).labels

    assert labels is not None
    assert labels.convention.name == "brats-ped-2024"


def test_only_the_masks_of_the_studies_that_are_wanted_count() -> None:
    integers = dict.fromkeys(PED, ADULT) | {PED[-1]: frozenset({4})}

    with pytest.raises(UndeclaredLabelsError, match="brats-ped-2023, brats-ped-2024"):
        settle_labels(FakeStudySource(CASES, integers=integers), PED[:5])


def test_a_mask_that_cannot_be_read_says_nothing_of_the_labels() -> None:
    integers = {PED[0]: InvalidInputError("torn"), PED[1]: frozenset({1, 4})}

    proposal = propose_labels(FakeStudySource(CASES, integers=integers))

    assert proposal is not None
    assert proposal.labels().convention.name == "brats-ped-2024"


def test_a_store_that_cannot_be_reached_stops() -> None:
    with pytest.raises(StoreError):
        propose_labels(FakeStudySource(CASES, integers={PED[0]: StoreError("away")}))


def test_without_masks_there_is_nothing_to_settle() -> None:
    source = FakeStudySource(CASES)

    assert settle_labels(source) is source
    assert propose_labels(source) is None


def test_every_study_is_tracked_once() -> None:
    tracked: list[str] = []

    def track(study_ids: object) -> object:
        for one in study_ids:
            tracked.append(one)
            yield one

    propose_labels(FakeStudySource(CASES), track=track)

    assert tracked == PED
