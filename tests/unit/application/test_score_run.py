from __future__ import annotations

from dataclasses import replace

import numpy as np

from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_localizer import FakeLocalizer, bright_voxels
from fakes.fake_run_store import FakeRunStore
from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.application.evaluate_cohort import EvaluateCohort
from gliobench.application.ports.backend import Backend
from gliobench.application.ports.study_source import StudySource
from gliobench.application.report_evaluation import report_evaluation
from gliobench.application.score_run import ScoreRun
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.report import BackendReport
from gliobench.domain.evaluation.scores import FormOutcome, MaskScore, PointScore
from gliobench.domain.evaluation.summary import FormSummary, Measure
from gliobench.domain.prediction import (
    Failure,
    FailureReason,
    Form,
    LocalisationPrediction,
)
from gliobench.domain.regions import Region
from gliobench.domain.study import Case, Grade, Modality, Study

CASES = [
    fake_case("s0", site="2013", patient_id="anna"),
    fake_case("s1", site="2013", grade=Grade.LGG, patient_id="anna"),
    fake_case("s2", grade=None, tumour=None),
]


class SourceWithLostImages:
    """Has lost the images of study s0."""

    def __init__(self, cases: list[Case]) -> None:
        self._inner = FakeStudySource(cases)
        self.study_ids = self._inner.study_ids
        self.reference = self._inner.reference
        self.content_hash = self._inner.content_hash

    def study(self, study_id: str) -> Study:
        if study_id == "s0":
            raise InvalidInputError(f"{study_id} is not NIfTI")
        return self._inner.study(study_id)


def score(
    backend: Backend, source: StudySource, store: FakeRunStore | None = None
) -> BackendReport:
    kept = store or FakeRunStore()
    evaluate = EvaluateCohort(source, open_store=lambda _: kept)
    (run,) = evaluate([backend], source.study_ids())
    return ScoreRun(source)(run)


def row(report: BackendReport, form: Form) -> FormSummary:
    rows = report.summary.everyone.intention_to_treat.localisation
    (found,) = (one for one in rows if one.form is form and one.region in (None, Region.WT))
    return found


def test_predictions_are_held_against_the_references_of_their_studies() -> None:
    report = score(fake_backend(), FakeStudySource(CASES))

    mask = report.cases[0].localisation[Form.MASK].score
    assert isinstance(mask, MaskScore)
    assert mask.regions[Region.WT].dice == 1.0
    assert [case.study_id for case in report.cases] == ["s0", "s1", "s2"]
    assert [case.site for case in report.cases] == ["2013", "2013", "CBICA"]
    assert report.summary.mixed_sites is not None


def test_a_study_without_a_reference_is_there_and_not_scored() -> None:
    def nowhere(study: Study) -> LocalisationPrediction | Failure:
        if study.id == "s2":
            return Failure(FailureReason.NO_TUMOUR_FOUND, "nothing bright")
        return bright_voxels(study)

    report = score(fake_backend(localizer=FakeLocalizer(nowhere)), FakeStudySource(CASES))

    assert row(report, Form.MASK).n == 2
    assert report.cases[2].plane is None
    assert [failure.reason for failure in report.cases[2].failures] == [
        FailureReason.NO_TUMOUR_FOUND
    ]
    assert report.summary.n_studies == 3


def test_scores_are_kept_in_the_run() -> None:
    store = FakeRunStore()

    report = score(fake_backend(), FakeStudySource(CASES), store)

    assert list(store.scores()) == list(report.cases)


def test_predictions_of_other_weights_are_not_scored() -> None:
    store, source = FakeRunStore(), FakeStudySource(CASES)
    score(fake_backend(fingerprint="old"), source, store)

    report = score(fake_backend(fingerprint="new"), source, store)

    assert len(store.kept) == 2 * len(CASES)
    assert len(report.cases) == len(CASES)


def test_a_study_that_cannot_be_opened_scores_worst_where_its_reference_is_known() -> None:
    report = score(fake_backend(), SourceWithLostImages(CASES))

    outcome = report.cases[0].localisation[Form.POINT_3D]
    assert outcome == FormOutcome(
        PointScore(373.13, hit=False), Failure(FailureReason.UNREADABLE_STUDY, "s0 is not NIfTI")
    )
    assert report.cases[0].reference_grade is Grade.HGG
    assert row(report, Form.POINT_3D).measures[Measure.HIT].value == 0.5


def test_an_unreadable_study_without_a_reference_is_counted_as_failed() -> None:
    source = FakeStudySource(CASES[:2], unreadable={"s9": InvalidInputError("torn")})

    report = score(fake_backend(), source)

    assert report.summary.n_studies == 3
    assert report.summary.n_failed == 1
    assert report.cases[2].patient_id == "s9"


def test_patients_that_the_backend_learned_from_are_counted_once() -> None:
    report = score(fake_backend(trained_on=["anna", "berta"]), FakeStudySource(CASES))

    assert report.n_trained_on == 1


def test_a_slice_chosen_with_the_reference_is_told_of() -> None:
    def shown(study: Study) -> LocalisationPrediction:
        found = bright_voxels(study)
        assert isinstance(found, LocalisationPrediction)
        return LocalisationPrediction(found.answers, oracle=True)

    plain = score(fake_backend(classifier=FakeClassifier()), FakeStudySource(CASES[:2]))
    oracle = score(fake_backend(localizer=FakeLocalizer(shown)), FakeStudySource(CASES[:2]))

    assert (plain.oracle, oracle.oracle) == (False, True)


def test_a_report_describes_the_cohort() -> None:
    backend = score(fake_backend(), FakeStudySource(CASES))

    cohort = report_evaluation(
        "mine", fingerprint="c0ffee", backends=[backend], seed=0, versions={}
    ).cohort

    assert (cohort.name, cohort.n_studies, cohort.n_patients, cohort.n_with_mask) == (
        "mine",
        3,
        2,
        2,
    )
    assert cohort.grades == {Grade.HGG: 1, Grade.LGG: 1, None: 1}
    assert cohort.sites == {"2013": {Grade.HGG: 1, Grade.LGG: 1}, "CBICA": {None: 1}}


def test_what_a_comparison_needs_of_a_study_is_kept_with_its_scores() -> None:
    source = FakeStudySource(CASES)

    first, _, without_tumour = score(fake_backend(), source).cases

    assert first.target is not None
    assert first.target.centre.at == (5.0, 6.0, 3.5)
    assert first.target.volume_mm3 == 100.0
    # The fake's brain fills all but a border of one voxel of 12x14x10.
    assert first.target.brain is not None
    assert first.target.brain.at == (5.5, 6.5, 4.5)
    assert first.target.plane == first.plane
    assert first.content_hash == source.content_hash("s0")
    assert without_tumour.target is None


def test_a_study_that_cannot_be_opened_has_no_facts_and_no_content() -> None:
    source = SourceWithLostImages(CASES)
    source.content_hash = FakeStudySource([]).content_hash

    lost = score(fake_backend(), source).cases[0]

    assert (lost.target, lost.content_hash) == (None, None)
    assert lost.plane is not None


def test_an_image_that_cannot_be_read_leaves_the_brain_unknown() -> None:
    class Torn(dict[Modality, np.ndarray]):
        def __getitem__(self, modality: Modality) -> np.ndarray:
            raise InvalidInputError(f"{modality.value} is torn")

    case = CASES[0]
    torn = Case(replace(case.study, volumes=Torn(case.study.volumes)), case.reference)
    source = FakeStudySource([torn])
    source.content_hash = FakeStudySource(CASES).content_hash  # type: ignore[method-assign]  # it would read

    (read,) = score(fake_backend(), source).cases

    assert read.target is not None
    assert read.target.brain is None


def test_one_image_is_read_once_for_all_runs() -> None:
    looked_at = []

    class Watched(dict[Modality, np.ndarray]):
        def __getitem__(self, modality: Modality) -> np.ndarray:
            looked_at.append(modality)
            return super().__getitem__(modality)

    case = CASES[0]
    watched = Case(replace(case.study, volumes=Watched(case.study.volumes)), case.reference)
    source = FakeStudySource([watched])
    evaluate = EvaluateCohort(source, open_store=lambda _: FakeRunStore())
    runs = evaluate([fake_backend("one"), fake_backend("other")], ["s0"])
    score_run = ScoreRun(source)
    looked_at.clear()

    for run in runs:
        score_run(run)

    assert len(looked_at) == 1
