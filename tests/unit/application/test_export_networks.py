from __future__ import annotations

import numpy as np
import pytest

from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_localizer import FakeLocalizer
from fakes.fake_study_source import fake_case
from gliobench.application.ports.backend import Backend
from gliobench.application.train.export_networks import StudyParity, check_parity
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Box3D
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.studies.study import Grade, Study

STUDY = fake_case(shape=(30, 30, 30)).study
CUBE = Box3D(start=(5, 5, 5), stop=(20, 20, 20))
NO_TUMOUR = Failure(FailureReason.NO_TUMOUR_FOUND, "nothing there")


def backend(
    *, grade: GradePrediction | Failure | None = None, mask: np.ndarray | Failure | None = None
) -> Backend:
    """Make a backend that says the same of every study; by default HGG and the cube."""
    said = cube() if mask is None else mask

    def place(study: Study) -> LocalisationPrediction | Failure:
        if isinstance(said, Failure):
            return said
        return LocalisationPrediction({Form.MASK: Mask(study.grid, {Region.WT: said})})

    return fake_backend(
        classifier=FakeClassifier(lambda _: grade or GradePrediction(Grade.HGG, 0.9)),
        localizer=FakeLocalizer(place),
    )


def cube(*, moved: int = 0, without: int = 0) -> np.ndarray:
    mask = np.zeros(STUDY.grid.shape, dtype=bool)
    mask[5 + moved : 20 + moved, 5:20, 5:20] = True
    voxels = np.flatnonzero(mask)
    mask.ravel()[voxels[:: max(len(voxels) // without, 1)][:without] if without else []] = False
    return mask


def parity(after: Backend, before: Backend | None = None) -> StudyParity:
    (row,) = check_parity(before or backend(), after, [STUDY])
    return row


def test_networks_that_say_the_same_are_on_a_par() -> None:
    row = parity(backend())

    assert row == StudyParity("study-1", False, 0.0, 0.0, 1.0)
    assert row.holds


def test_a_probability_may_differ_in_its_last_digits() -> None:
    row = parity(backend(grade=GradePrediction(Grade.HGG, 0.900001)))

    assert row.probability_apart == pytest.approx(1e-6)
    assert row.holds


def test_a_flipped_grade_fails_however_near_the_probabilities() -> None:
    before = backend(grade=GradePrediction(Grade.HGG, 0.5000001))

    row = parity(backend(grade=GradePrediction(Grade.LGG, 0.4999999)), before)

    assert row.grade_flipped
    assert not row.holds


@pytest.mark.parametrize("before", [None, backend(grade=NO_TUMOUR)], ids=["graded", "failed"])
def test_a_grade_that_only_one_gave_fails(before: Backend | None) -> None:
    after = backend(grade=NO_TUMOUR) if before is None else backend()

    row = parity(after, before)

    assert row.grade_flipped
    assert row.probability_apart is None
    assert not row.holds


def test_a_centre_that_moved_fails() -> None:
    row = parity(backend(mask=cube(moved=1)))

    assert row.centre_moved_mm == pytest.approx(1.0)
    assert not row.holds


@pytest.mark.parametrize(
    ("moved_mm", "holds"), [(0.5, True), (0.51, False)], ids=["half-a-millimetre", "further"]
)
def test_a_centre_may_move_by_half_a_millimetre(moved_mm: float, holds: bool) -> None:
    assert StudyParity("s", False, 0.0, moved_mm, 1.0).holds is holds


@pytest.mark.parametrize(("without", "holds"), [(6, True), (7, False)])
def test_a_mask_may_lose_no_more_than_a_thousandth_of_its_dice(without: int, holds: bool) -> None:
    row = parity(backend(mask=cube(without=without)))

    voxels = 15**3
    assert row.dice == pytest.approx(2 * (voxels - without) / (2 * voxels - without))
    assert row.holds is holds


def test_a_tumour_that_only_one_found_fails() -> None:
    row = parity(backend(mask=NO_TUMOUR))

    assert row.dice == 0.0
    assert row.centre_moved_mm is None
    assert not row.holds


def test_a_study_in_which_neither_found_a_tumour_holds_beside_one_in_which_both_did() -> None:
    def only_first(study: Study) -> LocalisationPrediction | Failure:
        if study.id != "study-1":
            return NO_TUMOUR
        return LocalisationPrediction({Form.MASK: Mask(study.grid, {Region.WT: cube()})})

    finder = fake_backend(localizer=FakeLocalizer(only_first))
    other = fake_case("study-2", shape=(30, 30, 30)).study

    rows = check_parity(finder, finder, [STUDY, other])

    assert [row.holds for row in rows] == [True, True]
    assert rows[1].centre_moved_mm is None
    assert rows[1].dice == 1.0


def test_without_a_study_nothing_is_proved() -> None:
    with pytest.raises(InvalidInputError, match="no study to check"):
        check_parity(backend(), backend(), [])


@pytest.mark.parametrize("reason", [FailureReason.NO_TUMOUR_FOUND, FailureReason.MISSING_MODALITY])
def test_where_no_study_could_be_answered_nothing_is_proved(reason: FailureReason) -> None:
    failed = Failure(reason, "no")
    mute = backend(grade=failed, mask=failed)

    with pytest.raises(InvalidInputError, match="no tumour was found in any of 2 studies"):
        check_parity(mute, mute, [STUDY, fake_case("study-2").study])
