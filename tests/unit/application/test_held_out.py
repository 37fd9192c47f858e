from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_localizer import FakeLocalizer
from fakes.fake_study_source import fake_case
from gliobench.application.backends.held_out import RULE, backend_of, held_out
from gliobench.application.ports.backend import Backend, BackendOptions, Reads
from gliobench.application.predict.ask_backend import ask
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.predictions.prediction import Failure, Form, GradePrediction
from gliobench.domain.studies.image_hash import image_hashes
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Grade, Study

PATIENTS = {"anna": 0, "berta": 1, "carla": 2, "dora": 1, "eva": 0}
"""Each patient's fold."""


def studies(*patients: str) -> list[Study]:
    return [fake_case(f"study-of-{one}", patient_id=one).study for one in patients]


def fold(number: int, folds: Mapping[str, int], asked: dict[str, int] | None = None) -> Backend:
    """Make the backend of a fold, which grades with its number and tells whom it was asked about."""

    def grade(study: Study) -> GradePrediction:
        if asked is not None:
            asked[study.patient_id] = number
        return GradePrediction(Grade.HGG, number / 10)

    made = fake_backend(
        "cnn",
        classifier=FakeClassifier(grade),
        localizer=FakeLocalizer(),
        fingerprint=f"weights of {number}",
        trained_on=[patient for patient, its in folds.items() if its != number],
    )
    return replace(made, provenance={"engine": "fake", "weights": f"w{number}"})


def joined(folds: Mapping[str, int] = PATIENTS, asked: dict[str, int] | None = None) -> Backend:
    return backend_of({f"fold-{n}": fold(n, folds, asked) for n in range(3)})


def grades(backend: Backend, asked: Sequence[Study]) -> list[GradePrediction | Failure]:
    assert backend.classifier is not None
    return backend.classifier.classify(asked)


def test_no_patient_is_answered_by_a_network_that_has_seen_them() -> None:
    asked: dict[str, int] = {}
    backend = joined(asked=asked)

    ask(backend, studies(*PATIENTS))

    assert asked == PATIENTS
    for patient, number in asked.items():
        assert patient_hash(patient) not in fold(number, PATIENTS).trained_on


def test_answers_come_in_the_order_of_the_studies() -> None:
    answers = grades(joined(), studies("carla", "anna", "dora", "eva", "berta"))

    assert [one.probability_hgg for one in answers if isinstance(one, GradePrediction)] == [
        0.2,
        0.0,
        0.1,
        0.0,
        0.1,
    ]


def test_places_are_asked_of_the_same_fold_as_grades() -> None:
    (first,) = studies("berta")
    blind = replace(fold(1, PATIENTS), localizer=FakeLocalizer(lambda _: here))
    here = ask(fold(0, PATIENTS), [first])[0][1]
    assert here is not None
    backend = backend_of({"fold-0": fold(0, PATIENTS), "fold-1": blind})

    assert backend.localizer is not None
    assert backend.localizer.forms == {Form.MASK}
    assert backend.localizer.localise([first], {Form.MASK}) == [here]


def test_a_patient_that_every_fold_has_seen_is_refused_and_nobody_else() -> None:
    folds = PATIENTS | {"zoe": 7}

    of_zoe, of_anna = grades(joined(folds), studies("zoe", "anna"))

    assert isinstance(of_zoe, Failure)
    assert of_zoe.detail == (
        "study study-of-zoe: every fold has learned from its patient, none was held out"
    )
    assert of_anna == GradePrediction(Grade.HGG, 0.0)


def test_a_patient_that_no_fold_has_seen_is_answered_by_the_first() -> None:
    assert grades(joined(), studies("nobody")) == [GradePrediction(Grade.HGG, 0.0)]


def test_an_image_that_a_fold_has_seen_under_another_name_is_answered_by_the_next() -> None:
    (renamed,) = studies("nobody")
    first = fold(0, PATIENTS)
    seen = replace(first, trained_on=first.trained_on | image_hashes(renamed))

    backend = backend_of({"fold-0": seen, "fold-1": fold(1, PATIENTS)})

    assert grades(backend, [renamed]) == [GradePrediction(Grade.HGG, 0.1)]


def test_the_whole_says_that_it_is_held_out_and_has_learned_from_nobody() -> None:
    backend = joined()

    assert backend.name == "cnn"
    assert backend.trained_on == frozenset()
    assert backend.facts.held_out == RULE == "each patient by the fold that has not seen them"
    assert backend.provenance["engine"] == "fake"
    assert "weights" not in backend.provenance
    assert [backend.provenance[f"fold-{n}"] for n in range(3)] == [
        "weights of 0",
        "weights of 1",
        "weights of 2",
    ]


def test_any_fold_that_changes_changes_the_fingerprint() -> None:
    folds = {f"fold-{n}": fold(n, PATIENTS) for n in range(3)}
    marks = {backend_of(folds).fingerprint}

    for name, one in folds.items():
        marks.add(backend_of({**folds, name: replace(one, fingerprint="other")}).fingerprint)

    assert len(marks) == 4


def test_what_it_reads_and_whether_it_is_an_oracle_is_as_the_folds_are() -> None:
    folds = {
        f"fold-{n}": replace(fold(n, PATIENTS), facts=BackendFacts(oracle=True), reads=Reads.SLICES)
        for n in range(3)
    }

    backend = backend_of(folds)

    assert backend.facts.oracle
    assert backend.reads is Reads.SLICES
    assert backend.show_prompts is None


def test_prompts_are_those_of_the_fold_that_would_answer() -> None:
    folds = {
        f"fold-{n}": replace(fold(n, PATIENTS), show_prompts=lambda study, n=n: f"{n}: {study.id}")
        for n in range(3)
    }
    (of_carla,) = studies("carla")

    backend = backend_of(folds)

    assert backend.show_prompts is not None
    assert backend.show_prompts(of_carla) == "2: study-of-carla"


def test_a_fold_that_does_not_say_whom_it_has_seen_is_refused() -> None:
    mute = replace(fold(1, PATIENTS), trained_on=frozenset())

    with pytest.raises(InvalidInputError, match="fold-1 of cnn does not state its training"):
        backend_of({"fold-0": fold(0, PATIENTS), "fold-1": mute})


def test_nothing_is_joined_unless_it_is_asked_for() -> None:
    assert held_out(BackendOptions(), lambda *_: pytest.fail("built")) is None


def test_a_backend_that_only_grades_is_joined_to_one_that_only_grades() -> None:
    folds = {f"fold-{n}": replace(fold(n, PATIENTS), localizer=None) for n in range(3)}

    assert backend_of(folds).localizer is None
