"""A report on backends in memory, made as a real one is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fakes.evaluation import evaluate
from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_localizer import FakeLocalizer, bright_voxels
from fakes.fake_run_store import FakeRunStore
from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.adapters.html.claims import claims
from gliobench.adapters.html.verdict import verdict
from gliobench.application.ports.backend import Backend
from gliobench.application.report.report_runs import ReportRuns
from gliobench.domain.comparison.report import Report
from gliobench.domain.geometry.grids import Point3D
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    LocalisationPrediction,
)
from gliobench.domain.studies.study import Case, Grade, Study

COHORT = tuple(
    fake_case(
        f"s{number}",
        patient_id=f"patient of s{number}",
        grade=Grade.LGG if number < 2 else Grade.HGG,
        site=f"site{number % 2}",
    )
    for number in range(8)
)


def grade_cleverly(study: Study) -> GradePrediction | Failure:
    """Grade all of the cohort right but s3, and fail on s4."""
    if study.id == "s4":
        return Failure(FailureReason.REFUSAL, "I would rather not", raw="Ask <a> doctor.")
    if study.id in ("s0", "s1", "s3"):
        return GradePrediction(Grade.LGG, 0.2)
    return GradePrediction(Grade.HGG, 0.9)


def find_most(study: Study) -> LocalisationPrediction | Failure:
    """Find all tumours of the cohort but that of s5."""
    if study.id == "s5":
        return Failure(FailureReason.UNREADABLE_STUDY, "s5 is torn")
    return bright_voxels(study)


def point_to_the_corner(study: Study) -> LocalisationPrediction | Failure:
    """Miss every tumour."""
    assert study.id
    return LocalisationPrediction({Form.POINT_3D: Point3D(at=(0.0, 0.0, 0.0))})


def clever_backend(name: str = "clever", *, trained_on: Sequence[str] = ()) -> Backend:
    """Make a backend that grades and localises, and fails once at each."""
    return fake_backend(
        name,
        classifier=FakeClassifier(grade_cleverly),
        localizer=FakeLocalizer(find_most),
        trained_on=trained_on,
    )


def constant_backend(name: str = "constant") -> Backend:
    """Make a backend that answers HGG and the corner, whatever it sees."""
    return fake_backend(
        name,
        classifier=FakeClassifier(lambda _: GradePrediction(Grade.HGG)),
        localizer=FakeLocalizer(point_to_the_corner, forms=(Form.POINT_3D,)),
    )


def fake_report(*backends: Backend, cases: Sequence[Case] = COHORT, name: str = "cohort") -> Report:
    """Evaluate backends over cases; without any, the clever one and the constant one."""
    chosen = backends or (clever_backend(), constant_backend())
    stores = {backend.name: FakeRunStore() for backend in chosen}
    evaluate(FakeStudySource(cases), chosen, stores.__getitem__, name=name)
    return replace(ReportRuns()(stores), versions={"gliobench": "0.1.0"})


def in_words(report: Report) -> str:
    """Return what a report claims: its verdict, and each claim."""
    return " ".join([verdict(report), *claims(report)])
