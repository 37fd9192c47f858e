"""What every classifier promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fakes.fake_classifier import FakeClassifier
from fakes.fake_study_source import fake_case
from fakes.network_backends import fake_llama, tiny_networks
from fakes.program_backend import backend as program
from gliobench.adapters.baselines.backends import majority, prevalence, site_only
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.application.ports.classifier import Classifier
from gliobench.domain.predictions.prediction import Failure, GradePrediction
from gliobench.domain.studies.study import Study

STUDIES = [
    fake_case(f"s{number}", site=site, spacing_mm=(2.0, 2.0, 2.0)).study
    for number, site in enumerate(["CBICA", "TCIA10", "2013", None, "elsewhere"])
]


def classifier_of(make: Callable[[BackendOptions], Backend]) -> Classifier:
    classifier = make(BackendOptions()).classifier
    assert classifier is not None
    return classifier


MAKERS: dict[str, Callable[[], Classifier]] = {
    "fake": FakeClassifier,
    "majority": lambda: classifier_of(majority),
    "prevalence": lambda: classifier_of(prevalence),
    "site-only": lambda: classifier_of(site_only),
    "onnx": lambda: classifier_of(lambda _: tiny_networks()),
    "llama": lambda: classifier_of(lambda _: fake_llama()),
    "program": lambda: classifier_of(
        lambda _: program(
            *("writes", "grades.csv", "case,grade", "CASE,HGG"), output="grades.csv", batch=True
        )
    ),
}


@pytest.fixture(params=sorted(MAKERS))
def make(request: pytest.FixtureRequest) -> Callable[[], Classifier]:
    return MAKERS[request.param]


def test_each_study_gets_one_grade(make: Callable[[], Classifier]) -> None:
    answers = make().classify(STUDIES)

    assert len(answers) == len(STUDIES)
    assert all(isinstance(answer, GradePrediction | Failure) for answer in answers)


def test_no_study_gets_no_grade(make: Callable[[], Classifier]) -> None:
    assert make().classify([]) == []


def test_grades_come_in_the_order_of_the_studies(make: Callable[[], Classifier]) -> None:
    classifier = make()

    forwards, backwards = classifier.classify(STUDIES), classifier.classify(STUDIES[::-1])

    assert forwards == backwards[::-1]


def test_a_grade_does_not_depend_on_the_batch(make: Callable[[], Classifier]) -> None:
    together = make().classify(STUDIES)

    alone = [answer for study in STUDIES for answer in make().classify([study])]

    assert together == alone


def test_a_grade_does_not_depend_on_the_names(make: Callable[[], Classifier]) -> None:
    renamed = [replace(study, id="x", patient_id="y") for study in STUDIES]

    assert make().classify(renamed) == make().classify(STUDIES)


@pytest.mark.parametrize("name", sorted(set(MAKERS) - {"fake"}))
def test_a_study_without_modalities_is_answered_or_fails_as_a_value(name: str) -> None:
    bare: Study = replace(STUDIES[0], volumes={})

    answers = MAKERS[name]().classify([bare, STUDIES[1]])

    assert isinstance(answers[0], GradePrediction | Failure)
    assert answers[1] == MAKERS[name]().classify([STUDIES[1]])[0]
