from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.fake_backend import fake_backend
from fakes.fake_slice import fake_slice
from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.application.ports.backend import Reads
from gliobench.application.predict.check_reads import check_reads
from gliobench.domain.errors import InvalidInputError, StoreError

VOLUME = FakeStudySource([fake_case("volume-1")])
SLICE = FakeStudySource([fake_slice("slice-1")])
OF_VOLUMES = replace(fake_backend("cnn-3d"), reads=Reads.VOLUMES)
OF_SLICES = replace(fake_backend("cnn-2d"), reads=Reads.SLICES)


@pytest.mark.parametrize(
    ("backend", "source", "said"),
    [
        (OF_VOLUMES, SLICE, "study slice-1 is a single slice: wanted volumes"),
        (OF_SLICES, VOLUME, "study volume-1 is a volume of 10 planes: wanted slices"),
    ],
    ids=["a-slice", "a-volume"],
)
def test_a_backend_made_for_the_other_kind_of_study_says_so_in_one_line(
    backend, source: FakeStudySource, said: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_reads([fake_backend("any"), backend], source, source.study_ids())

    assert str(caught.value) == f"backend {backend.name} is not made for this dataset: {said}"


def test_a_backend_made_for_these_studies_passes() -> None:
    check_reads([OF_VOLUMES, fake_backend()], VOLUME, VOLUME.study_ids())
    check_reads([OF_SLICES, fake_backend()], SLICE, SLICE.study_ids())


def test_the_first_study_that_opens_decides() -> None:
    source = FakeStudySource(
        [fake_slice("slice-2")], unreadable={"slice-1": InvalidInputError("torn")}
    )

    with pytest.raises(InvalidInputError, match="study slice-2 is a single slice"):
        check_reads([OF_VOLUMES], source, source.study_ids())


def test_a_dataset_that_cannot_be_reached_is_no_bad_study() -> None:
    source = FakeStudySource(
        [fake_slice("slice-2")], unreadable={"slice-1": StoreError("the bucket is gone")}
    )

    with pytest.raises(StoreError, match="the bucket is gone"):
        check_reads([OF_VOLUMES], source, source.study_ids())


def test_where_no_study_opens_nothing_is_said_yet() -> None:
    source = FakeStudySource(unreadable={"slice-1": InvalidInputError("torn")})

    check_reads([OF_VOLUMES], source, source.study_ids())
