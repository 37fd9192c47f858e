"""A study's fault is counted and the others go on; what ends a job passes through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_run_store import FakeRunStore
from fakes.fake_study_source import FakeStudySource, fake_case
from fakes.torn_volumes import TornVolumes
from gliobench.application.datasets.dataset_labels import propose_labels
from gliobench.application.datasets.fingerprint_dataset import fingerprint_dataset
from gliobench.application.datasets.verify_dataset import verify_dataset
from gliobench.application.evaluate.evaluate_batch import EvaluateBatch
from gliobench.application.ports.executor import Assignment
from gliobench.application.predict.ask_backend import ask
from gliobench.application.predict.check_reads import check_reads
from gliobench.application.predict.read_reference import read_reference
from gliobench.application.predict.scope import implausible_images
from gliobench.application.train.training_studies import learned_images
from gliobench.domain.errors import (
    BackendError,
    FaultError,
    GliobenchError,
    ImplausibleError,
    InvalidInputError,
    JobError,
    MissingExtraError,
    NotFoundError,
    StoppedError,
    StoreError,
)
from gliobench.domain.labels.proposal import UndeclaredLabelsError
from gliobench.domain.predictions.prediction import Failure, GradePrediction
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.image_hash import image_at_hand
from gliobench.domain.studies.study import Grade, Study

HGG = GradePrediction(Grade.HGG)
FAULTS = [
    FaultError("at fault"),
    InvalidInputError("torn"),
    FaultyStudyError(FaultKind.TRUNCATED, "torn"),
    ImplausibleError("no brain"),
    NotFoundError("no t2w"),
    BackendError("NaN"),
]
ENDS = [
    JobError("wrong place"),
    MissingExtraError(extra="vlm", purpose="This"),
    UndeclaredLabelsError("which convention?"),
    StoreError("no network"),
    StoppedError("SIGTERM"),
]


def source_of(error: GliobenchError) -> FakeStudySource:
    return FakeStudySource(
        [fake_case("a"), fake_case("c")], unreadable={"b": error}, integers={"a": error}
    )


def torn(error: GliobenchError) -> Study:
    return replace(fake_case("b").study, volumes=TornVolumes({}, error))


def ask_one_that_raises(error: GliobenchError) -> object:
    def rule(study: Study) -> GradePrediction:
        if study.id == "b":
            raise error
        return HGG

    studies = [fake_case(one).study for one in "abc"]
    answers = ask(fake_backend(classifier=FakeClassifier(rule)), studies)
    assert [grade for grade, _ in answers][::2] == [HGG, HGG]
    return answers[1][0]


def evaluate_three(error: GliobenchError) -> object:
    work = EvaluateBatch(source_of(error), [fake_backend()], open_store=lambda _: FakeRunStore())
    batch = [
        Assignment(one, content=None, keys={"fake": one}, waiting=frozenset({"fake"}))
        for one in "abc"
    ]
    loaded = work.load(batch)
    assert isinstance(loaded.studies["a"], Study)
    assert isinstance(loaded.studies["c"], Study)
    return loaded.studies["b"]


SITES: dict[str, Callable[[GliobenchError], object]] = {
    "ask a backend": ask_one_that_raises,
    "load a batch": evaluate_three,
    "read a reference": lambda error: read_reference(source_of(error), "b").fault,
    "verify": lambda error: verify_dataset(source_of(error)),
    "fingerprint": lambda error: fingerprint_dataset(source_of(error)),
    "propose labels": lambda error: propose_labels(source_of(error)),
    "check what backends read": lambda error: check_reads(
        [fake_backend()], source_of(error), ["b", "a"]
    ),
    "look at images": lambda error: list(implausible_images(torn(error))),
    "find an image": lambda error: image_at_hand(torn(error)),
    "find learned images": lambda error: learned_images(source_of(error), frozenset({"x"})),
}


@pytest.mark.parametrize("error", FAULTS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
def test_a_fault_of_a_study_does_not_stop_the_others(
    site: Callable[[GliobenchError], object], error: GliobenchError
) -> None:
    site(error)


@pytest.mark.parametrize("error", ENDS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
def test_what_ends_a_job_is_blamed_on_no_study(
    site: Callable[[GliobenchError], object], error: GliobenchError
) -> None:
    with pytest.raises(type(error)):
        site(error)


@pytest.mark.parametrize("error", FAULTS, ids=lambda one: type(one).__name__)
def test_a_study_at_fault_is_counted_as_a_failure(error: GliobenchError) -> None:
    assert isinstance(ask_one_that_raises(error), Failure)
    assert isinstance(evaluate_three(error), Failure)
