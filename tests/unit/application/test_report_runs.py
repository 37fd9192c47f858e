"""A report is a pure function of the runs that are kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.evaluation import evaluate
from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_localizer import FakeLocalizer, bright_voxels
from fakes.fake_run_store import FakeRunStore
from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.application.ports.backend import Backend
from gliobench.application.report.report_runs import ReportRuns
from gliobench.domain.comparison.report import Report
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.predictions.prediction import LocalisationPrediction
from gliobench.domain.studies.study import Grade, Study

CASES = [
    fake_case("s0", site="2013", patient_id="anna"),
    fake_case("s1", site="2013", grade=Grade.LGG, patient_id="anna"),
    fake_case("s2", grade=None, tumour=None),
]


def report(*backends: Backend, cases: int = 3) -> Report:
    stores = {backend.name: FakeRunStore() for backend in backends}
    evaluate(FakeStudySource(CASES[:cases]), backends, stores.__getitem__, name="mine")
    return ReportRuns()(stores)


def test_a_report_describes_the_cohort_and_every_backend() -> None:
    made = report(fake_backend("a"), fake_backend("b"))

    cohort = made.cohort
    assert (cohort.name, cohort.n_studies, cohort.n_patients) == ("mine", 3, 2)
    assert (cohort.n_with_tumour, cohort.n_without_tumour, cohort.n_unannotated) == (2, 0, 1)
    assert cohort.grades == {Grade.HGG: 1, Grade.LGG: 1, None: 1}
    assert cohort.sites == {"2013": {Grade.HGG: 1, Grade.LGG: 1}, "CBICA": {None: 1}}
    assert [arm.name for arm in made.arms] == ["a", "b"]
    assert [arm.summary.n_studies for arm in made.arms] == [3, 3]


def test_patients_that_the_backend_learned_from_are_counted_once() -> None:
    (backend,) = report(fake_backend(trained_on=["anna", "berta"])).arms

    assert backend.n_trained_on == 1


def test_a_slice_chosen_with_the_reference_is_told_of() -> None:
    def shown(study: Study) -> LocalisationPrediction:
        found = bright_voxels(study)
        assert isinstance(found, LocalisationPrediction)
        return LocalisationPrediction(found.answers, oracle=True)

    plain, oracle = report(
        fake_backend("plain", classifier=FakeClassifier()),
        fake_backend("oracle", localizer=FakeLocalizer(shown)),
        cases=2,
    ).arms

    assert (plain.oracle, oracle.oracle) == (False, True)


def test_the_cases_are_there_for_readers() -> None:
    casebook = report(fake_backend("a"), fake_backend("b")).casebook

    assert [entry.any_score.study_id for entry in casebook.entries] == ["s0", "s1", "s2"]
    assert casebook.backends == ("a", "b")


def test_shards_that_were_left_out_are_told_of() -> None:
    store = FakeRunStore()
    (run,) = evaluate(FakeStudySource(CASES), [fake_backend()], lambda _: store)
    scores = list(store.scores())
    store.open(replace(run.manifest, missing_shards=("1-of-2",)))
    store.write_scores(scores)

    assert ReportRuns()({"fake": store}).missing_shards == ("1-of-2",)


def test_a_run_without_scores_is_refused() -> None:
    with pytest.raises(NotFoundError):
        ReportRuns()({"a": FakeRunStore()})


def test_no_run_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="runs given: 0, wanted 1 or more"):
        ReportRuns()({})
