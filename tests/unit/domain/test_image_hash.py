"""A copy is told again by its voxels, whatever was done to its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError, StoreError
from gliobench.domain.geometry.grids import FloatArray, Grid
from gliobench.domain.studies.image_hash import image_at_hand, image_hash, image_hashes
from gliobench.domain.studies.study import Modality, Study

HEAD = np.zeros((12, 10, 8), dtype=np.float32)
HEAD[2:9, 3:8, 1:7] = np.random.default_rng(0).integers(1, 900, (7, 5, 6))


@pytest.mark.parametrize(
    "copy",
    [
        lambda head: head.astype(np.int16),
        lambda head: np.asfortranarray(head.astype(np.float64)),
        lambda head: np.pad(head, ((3, 0), (0, 5), (1, 1))),
        lambda head: head[1:, 2:9, :7],
    ],
    ids=["another-type", "another-order", "padded", "cropped-to-the-head"],
)
def test_a_copy_has_the_hash_of_its_original(copy: Callable[[FloatArray], FloatArray]) -> None:
    assert image_hash(copy(HEAD)) == image_hash(HEAD)


def test_other_voxels_have_another_hash() -> None:
    others = [HEAD * 2, HEAD[::-1], np.swapaxes(HEAD, 0, 1), HEAD + 5 * (HEAD > 0)]

    hashes = {image_hash(one) for one in (HEAD, *others)}

    assert len(hashes) == 5
    assert all(one is not None and len(one) == 16 for one in hashes)


def test_a_blank_image_tells_nobody() -> None:
    assert image_hash(np.zeros((4, 4, 4))) is None


def test_every_image_of_a_study_is_hashed_and_the_first_is_at_hand() -> None:
    study = study_of(t1n=np.zeros_like(HEAD), t1c=HEAD, t2w=None, t2f=HEAD * 2)

    assert image_hashes(study) == {image_hash(HEAD), image_hash(HEAD * 2)}
    first = image_at_hand(study)
    assert first is not None
    assert np.shares_memory(first, study.volumes[Modality.T1C])


def test_a_study_of_which_nothing_can_be_read_has_no_image() -> None:
    study = study_of(t1c=None)

    assert image_at_hand(study) is None
    assert image_hashes(study) == frozenset()


def test_a_store_that_cannot_be_reached_is_no_missing_image() -> None:
    study = study_of(t1c=None, error=StoreError("the store is away"))

    with pytest.raises(StoreError):
        image_at_hand(study)
    with pytest.raises(StoreError):
        image_hashes(study)


class Unreadable(Mapping[Modality, NDArray[np.float32]]):
    """Raises for a volume that is None."""

    def __init__(
        self, volumes: Mapping[Modality, NDArray[np.float32] | None], error: Exception
    ) -> None:
        self._volumes, self._error = volumes, error

    def __getitem__(self, modality: Modality) -> NDArray[np.float32]:
        if (volume := self._volumes[modality]) is None:
            raise self._error
        return volume

    def __iter__(self) -> Iterator[Modality]:
        return iter(self._volumes)

    def __len__(self) -> int:
        return len(self._volumes)


def study_of(*, error: Exception | None = None, **volumes: NDArray[np.float32] | None) -> Study:
    named = {Modality.parse(name): volume for name, volume in volumes.items()}
    grid = Grid(shape=(12, 10, 8), affine=np.eye(4))
    return Study("s1", "p1", grid, Unreadable(named, error or InvalidInputError("truncated")))
