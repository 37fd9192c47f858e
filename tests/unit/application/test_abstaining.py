"""A backend that refuses where it is not sure, or where the images are not for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_localizer import FakeLocalizer
from fakes.fake_study_source import fake_case
from gliobench.application.backends import abstaining as module
from gliobench.application.backends.abstaining import Refusals, abstaining
from gliobench.application.ports.backend import Backend
from gliobench.application.ports.classifier import Classifier
from gliobench.application.predict.ask_backend import ask
from gliobench.domain.geometry.grids import Point3D
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    LocalisationPrediction,
)
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.study import Grade, Study

STUDIES = [fake_case(f"s{number}").study for number in range(3)]
SURE = {"s0": 0.9, "s1": 0.69, "s2": None}


def place(study: Study) -> LocalisationPrediction:
    return LocalisationPrediction({Form.POINT_3D: Point3D((1, 2, 3))}, confidence=SURE[study.id])


def backend() -> Backend:
    probability = {"s0": 0.2, "s1": 0.6, "s2": None}
    grades = FakeClassifier(
        lambda study: GradePrediction(
            Grade.LGG if study.id == "s0" else Grade.HGG, probability[study.id], raw="as I see it"
        )
    )
    return fake_backend(classifier=grades, localizer=FakeLocalizer(place, forms=(Form.POINT_3D,)))


def failures(made: Backend, studies: Sequence[Study] = STUDIES) -> list[list[Failure | None]]:
    return [
        [item if isinstance(item, Failure) else None for item in answer]
        for answer in ask(made, studies)
    ]


def test_answers_below_the_limit_become_failures_and_the_rest_stays() -> None:
    made = abstaining(backend(), Refusals(abstain_below=0.7))

    grade = Failure(
        FailureReason.LOW_CONFIDENCE, "confidence 0.60 is below the limit of 0.7", "as I see it"
    )
    localised = Failure(FailureReason.LOW_CONFIDENCE, "confidence 0.69 is below the limit of 0.7")
    assert failures(made) == [[None, None], [grade, localised], [None, None]]
    (given, _), *_ = ask(made, STUDIES)
    assert given == GradePrediction(Grade.LGG, 0.2, "as I see it")


def test_an_answer_at_the_limit_is_given() -> None:
    assert failures(abstaining(backend(), Refusals(abstain_below=0.6))) == [[None, None]] * 3


def test_studies_out_of_scope_are_refused_without_being_asked_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault = Fault("s1", FaultKind.CONTRAST_ORDER, "t1c is not brighter than t1n")
    monkeypatch.setattr(
        module, "scope_faults", lambda study: iter([fault] if study.id == "s1" else [])
    )
    classifier = FakeClassifier()
    inner = replace(backend(), classifier=classifier)

    found = failures(abstaining(inner, Refusals(out_of_scope=True)))

    refused = Failure(FailureReason.OUT_OF_SCOPE, fault.sentence)
    assert found == [[None, None], [refused, refused], [None, None]]
    assert classifier.asked == ["s0", "s2"]


def test_when_a_backend_refuses_is_part_of_what_it_is() -> None:
    plain = backend()

    made = abstaining(plain, Refusals(abstain_below=0.7))

    assert abstaining(plain, Refusals()) is plain
    assert made.provenance == {"weights": "none", "abstains below confidence": "0.7"}
    others = [Refusals(abstain_below=0.6), Refusals(out_of_scope=True), Refusals()]
    prints = {made.fingerprint, *(abstaining(plain, rule).fingerprint for rule in others)}
    assert len(prints) == 4


def test_a_backend_that_answers_too_few_studies_is_still_reported() -> None:
    class Half(Classifier):
        def classify(self, studies: Sequence[Study]) -> list[GradePrediction | Failure]:
            return [GradePrediction(Grade.HGG)] * (len(studies) - 1)

    made = abstaining(fake_backend(classifier=Half()), Refusals(abstain_below=0.5))

    ((grade, _), *_) = ask(made, STUDIES)

    assert isinstance(grade, Failure)
    assert "2 answers to 3 studies" in grade.detail


def test_confidence_is_a_number_from_0_to_1() -> None:
    with pytest.raises(ValueError, match="outside"):
        LocalisationPrediction({Form.POINT_3D: Point3D((1, 2, 3))}, confidence=float(np.nan))
