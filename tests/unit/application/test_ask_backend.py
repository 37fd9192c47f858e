from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from math import nan
from pathlib import Path

import numpy as np
import pytest

from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_localizer import FakeLocalizer, bright_voxels
from fakes.fake_study_source import fake_case
from gliobench.application.predict.ask_backend import ask, tokens_of
from gliobench.domain.errors import BackendError, InvalidInputError, NotFoundError, Terminated
from gliobench.domain.geometry.grids import Axis, Box3D, Plane, Point3D, Polygon
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    Localisation,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.predictions.tokens import Tokens
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.study import Grade, Study

STUDIES = [fake_case(f"s{number}").study for number in range(3)]
HGG = GradePrediction(Grade.HGG)


def fails_on(study_id: str, error: BaseException) -> FakeClassifier:
    def rule(study: Study) -> GradePrediction:
        if study.id == study_id:
            raise error
        return HGG

    return FakeClassifier(rule)


def test_a_backend_is_asked_for_a_grade_and_a_place() -> None:
    answers = ask(fake_backend(), STUDIES)

    assert len(answers) == 3
    assert all(isinstance(grade, GradePrediction) for grade, _ in answers)
    assert all(isinstance(place, LocalisationPrediction) for _, place in answers)


def test_a_backend_that_only_grades_is_not_asked_for_a_place() -> None:
    answers = ask(fake_backend(classifier=FakeClassifier(lambda _: HGG)), STUDIES)

    assert answers == [(HGG, None)] * 3


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (InvalidInputError("torn"), FailureReason.UNREADABLE_STUDY),
        (NotFoundError("no t2w"), FailureReason.MISSING_MODALITY),
        (FaultyStudyError(FaultKind.MISSING_MODALITY, "no t2w"), FailureReason.MISSING_MODALITY),
        (FaultyStudyError(FaultKind.TRUNCATED, "torn"), FailureReason.UNREADABLE_STUDY),
        (BackendError("no weights"), FailureReason.BACKEND_ERROR),
        (ZeroDivisionError("a bug"), FailureReason.BACKEND_ERROR),
        (SystemExit(0), FailureReason.BACKEND_ERROR),
    ],
)
def test_a_study_that_makes_a_backend_raise_fails_and_the_others_are_answered(
    error: BaseException, reason: FailureReason
) -> None:
    answers = ask(fake_backend(classifier=fails_on("s1", error)), STUDIES)

    assert [answers[0][0], answers[2][0]] == [HGG, HGG]
    failure = answers[1][0]
    assert isinstance(failure, Failure)
    assert failure.reason is reason
    assert str(error) in failure.detail


@pytest.mark.parametrize(
    "place",
    [
        lambda _: Point3D((nan, 2.0, 3.0)),
        lambda _: Box3D((5, 5, 5), (5, 9, 9)),
        lambda _: Polygon(Plane(Axis.AXIAL, 2), ((0.0, 0.0), (1.0, 1.0))),
        lambda study: Mask.of_labels(
            np.full(study.grid.shape, 9), convention=BUILT_IN["brats-gli-2024"], grid=study.grid
        ),
    ],
)
def test_a_place_that_cannot_be_is_the_backends_fault_not_the_studys(
    place: Callable[[Study], Localisation],
) -> None:
    localizer = FakeLocalizer(lambda study: LocalisationPrediction({Form.MASK: place(study)}))

    ((_, failure),) = ask(fake_backend(localizer=localizer), STUDIES[:1])

    assert isinstance(failure, Failure)
    assert failure.reason is FailureReason.BACKEND_ERROR


def test_a_request_to_end_is_no_failure_of_the_backend() -> None:
    with pytest.raises(Terminated):
        ask(fake_backend(classifier=fails_on("s1", Terminated(143))), STUDIES)


def test_an_error_that_cannot_say_what_it_is_is_named_by_its_kind() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise ValueError

    (_, (failure, _), _) = ask(fake_backend(classifier=fails_on("s1", MuteError())), STUDIES)

    assert isinstance(failure, Failure)
    assert failure.detail.endswith("raises MuteError")


def test_a_backend_that_answers_too_few_studies_has_failed_on_all() -> None:
    class Short:
        def classify(self, studies: list[Study]) -> list[GradePrediction | Failure]:
            return [HGG] * (len(studies) - 1)

    answers = ask(fake_backend(classifier=Short()), STUDIES)

    assert all(isinstance(grade, Failure) for grade, _ in answers)
    assert "2 answers to 3 studies" in answers[0][0].detail


def test_an_answer_of_a_wrong_kind_is_a_failure() -> None:
    answers = ask(fake_backend(classifier=FakeClassifier(lambda _: "HGG")), STUDIES[:1])

    assert isinstance(answers[0][0], Failure)


def test_a_form_that_was_promised_and_not_answered_has_failed() -> None:
    localizer = FakeLocalizer(forms=(Form.MASK, Form.POINT_3D))

    ((_, place),) = ask(fake_backend(localizer=localizer), STUDIES[:1])

    assert isinstance(place, LocalisationPrediction)
    assert isinstance(place.answers[Form.MASK], Mask)
    assert isinstance(place.answers[Form.POINT_3D], Failure)


def test_a_form_that_was_not_asked_for_is_left_out() -> None:
    def more(study: Study) -> LocalisationPrediction:
        mask = bright_voxels(study)
        assert isinstance(mask, LocalisationPrediction)
        return replace(mask, answers={**mask.answers, Form.POINT_3D: Point3D(at=(0, 0, 0))})

    ((_, place),) = ask(fake_backend(localizer=FakeLocalizer(more)), STUDIES[:1])

    assert isinstance(place, LocalisationPrediction)
    assert set(place.answers) == {Form.MASK}


def _localizer_that_shifts(mm: float) -> FakeLocalizer:
    def shifted(study: Study) -> LocalisationPrediction:
        place = bright_voxels(study)
        assert isinstance(place, LocalisationPrediction)
        mask = place.answers[Form.MASK]
        assert isinstance(mask, Mask)
        other = replace(study.grid, affine=study.grid.affine + mm * np.eye(4, k=3))
        return LocalisationPrediction({Form.MASK: replace(mask, grid=other)})

    return FakeLocalizer(shifted)


def test_a_mask_on_another_grid_than_the_studys_has_failed_and_says_how_far_off_it_is() -> None:
    ((_, place),) = ask(fake_backend(localizer=_localizer_that_shifts(0.5)), STUDIES[:1])

    assert isinstance(place, LocalisationPrediction)
    failure = place.answers[Form.MASK]
    assert isinstance(failure, Failure)
    assert "up to 0.5 mm (0.5 voxels) apart" in failure.detail


def test_a_mask_whose_affine_a_backend_rounded_is_an_answer() -> None:
    ((_, place),) = ask(fake_backend(localizer=_localizer_that_shifts(0.02)), STUDIES[:1])

    assert isinstance(place, LocalisationPrediction)
    assert isinstance(place.answers[Form.MASK], Mask)


def _localizer_of_one_array() -> FakeLocalizer:
    array = np.zeros(STUDIES[0].grid.shape, dtype=bool)

    def rule(study: Study) -> LocalisationPrediction:
        array[...] = False
        array[STUDIES.index(study)] = True
        return LocalisationPrediction({Form.MASK: Mask(study.grid, {Region.WT: array})})

    return FakeLocalizer(rule)


def test_a_backend_that_uses_one_array_for_all_studies_gives_each_its_own_mask() -> None:
    answers = ask(fake_backend(localizer=_localizer_of_one_array()), STUDIES)

    assert [_first_slice(place) for _, place in answers] == [0, 1, 2]


def test_a_mask_stays_as_it_was_when_the_backend_is_asked_again() -> None:
    backend = fake_backend(localizer=_localizer_of_one_array())
    ((_, first),) = ask(backend, STUDIES[:1])

    ask(backend, STUDIES[1:2])

    assert _first_slice(first) == 0


def _first_slice(place: object) -> int:
    assert isinstance(place, LocalisationPrediction)
    mask = place.answers[Form.MASK]
    assert isinstance(mask, Mask)
    return int(np.argmax(mask.whole.any(axis=(1, 2))))


def test_a_backend_that_changes_the_working_folder_is_brought_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)

    def rule(study: Study) -> GradePrediction:
        os.chdir(tmp_path / "other")
        return HGG

    ask(fake_backend(classifier=FakeClassifier(rule)), STUDIES)

    assert Path.cwd() == tmp_path


def test_tokens_are_those_that_the_backend_counts() -> None:
    counts = replace(fake_backend(), tokens=lambda study: Tokens(len(study.id), 1))

    assert tokens_of(counts, STUDIES[0]) == Tokens(2, 1)
    assert tokens_of(fake_backend(), STUDIES[0]) is None


@pytest.mark.parametrize("said", ["many", 7, KeyError("s0"), -1])
def test_a_count_that_is_none_stops_nothing(said: object) -> None:
    def counts(study: Study) -> Tokens:
        if isinstance(said, Exception):
            raise said
        return Tokens(said) if said == -1 else said

    assert tokens_of(replace(fake_backend(), tokens=counts), STUDIES[0]) is None
