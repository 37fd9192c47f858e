from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fakes.evaluation import evaluate
from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_localizer import FakeLocalizer, bright_voxels
from fakes.fake_run_store import FakeRunStore
from fakes.fake_study_source import FakeStudySource, fake_case
from fakes.form_scores import point_score
from gliobench.application.evaluate.manifests import manifest_of
from gliobench.application.evaluate.score_study import ScoreStudy
from gliobench.application.ports.backend import Backend
from gliobench.application.ports.executor import ReadLimit
from gliobench.application.ports.run_store import StudyPrediction
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import InvalidInputError, StoreError
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.geometry.grids import Box3D, Grid
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.metrics.measures import DICE, VOLUME_ERROR_MM3
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.study import Case, Grade, Modality, Reference, SliceChoice, Study

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
        self.notes = self._inner.notes
        self.origin = self._inner.origin
        self.labels = self._inner.labels
        self.target = self._inner.target
        self.modalities = self._inner.modalities

    def study(self, study_id: str) -> Study:
        if study_id == "s0":
            raise InvalidInputError(f"{study_id} is not NIfTI")
        return self._inner.study(study_id)


class Torn(dict[Modality, np.ndarray]):
    """Images that cannot be read."""

    def __init__(self, images: dict[Modality, np.ndarray], error: Exception) -> None:
        super().__init__(images)
        self._error = error

    def __getitem__(self, modality: Modality) -> np.ndarray:
        raise self._error


def score(
    backend: Backend, source: StudySource, store: FakeRunStore | None = None
) -> list[CaseScore]:
    kept = store or FakeRunStore()
    evaluate(source, [backend], lambda _: kept)
    return list(kept.scores())


def torn(error: Exception, reference: Reference = CASES[0].reference) -> FakeStudySource:
    images = dict(CASES[0].study.volumes)
    study = replace(CASES[0].study, volumes=Torn(images, error))
    source = FakeStudySource([Case(study, reference)])
    source.content_hash = FakeStudySource(CASES).content_hash  # type: ignore[method-assign]  # it would read
    return source


def test_predictions_are_held_against_the_references_of_their_studies() -> None:
    cases = score(fake_backend(), FakeStudySource(CASES))

    mask = cases[0].localisation[Form.MASK]
    assert mask.score(DICE, Region.WT) == 1.0
    assert [case.study_id for case in cases] == ["s0", "s1", "s2"]
    assert [case.site for case in cases] == ["2013", "2013", "CBICA"]


def test_a_study_without_a_reference_is_there_and_not_scored() -> None:
    def nowhere(study: Study) -> LocalisationPrediction | Failure:
        if study.id == "s2":
            return Failure(FailureReason.NO_TUMOUR_FOUND, "nothing bright")
        return bright_voxels(study)

    cases = score(fake_backend(localizer=FakeLocalizer(nowhere)), FakeStudySource(CASES))

    assert cases[2].plane is None
    assert cases[2].localisation[Form.MASK].scores == {}
    assert (cases[2].found_tumour, cases[2].tumour_free) == (False, False)
    assert cases[2].failures == ()


def test_a_failure_counts_by_the_mask_on_its_own_grid_where_no_image_gives_the_studys() -> None:
    grid = Grid((6, 6, 6), np.diag([2.0, 2, 2, 1]))
    tumour = np.zeros(grid.shape, bool)
    tumour[2:4, 2:4, 2:4] = True
    source = torn(
        InvalidInputError("not registered"), Reference(Grade.HGG, {Region.WT: tumour}, grid=grid)
    )

    (case,) = score(fake_backend(), source)

    assert case.localisation[Form.MASK].score(DICE, Region.WT) == 0
    assert case.target is not None
    assert case.target.volume_mm3 == pytest.approx(64)


def tumour_free(study_id: str, *, grade: Grade | None = None) -> Case:
    case = fake_case(study_id, grade=grade, tumour=None)
    nothing = dict.fromkeys(NESTED, np.zeros(case.study.grid.shape, dtype=bool))
    return Case(case.study, Reference(grade=grade, regions=nothing))


def test_a_study_without_tumour_in_which_none_is_found_is_right_and_no_failure() -> None:
    none = Failure(FailureReason.NO_TUMOUR_FOUND, "no voxel was taken for tumour")
    backend = fake_backend(
        classifier=FakeClassifier(lambda _: none), localizer=FakeLocalizer(lambda _: none)
    )

    (case,) = score(backend, FakeStudySource([tumour_free("healthy")]))

    assert (case.tumour_free, case.found_tumour, case.failures) == (True, False, ())
    mask = case.localisation[Form.MASK]
    assert mask.score(DICE, Region.WT) == 1.0


def test_a_tumour_found_where_none_is_has_its_volume_kept() -> None:
    case = tumour_free("healthy")
    backend = fake_backend(
        localizer=FakeLocalizer(
            lambda study: LocalisationPrediction(
                {Form.MASK: Mask(study.grid, CASES[0].reference.regions)}
            )
        )
    )

    (scored,) = score(backend, FakeStudySource([case]))

    mask = scored.localisation[Form.MASK]
    assert scored.found_tumour is True
    assert mask.score(VOLUME_ERROR_MM3, Region.WT) == 100.0


def test_a_grade_that_is_not_given_for_want_of_a_tumour_fails_where_there_is_a_grade() -> None:
    none = Failure(FailureReason.NO_TUMOUR_FOUND, "no voxel was taken for tumour")
    resected = tumour_free("resected", grade=Grade.HGG)

    (case,) = score(
        fake_backend(classifier=FakeClassifier(lambda _: none)), FakeStudySource([resected])
    )

    assert case.failures == (none,)


def test_a_mask_that_cannot_be_read_does_not_take_the_grade_with_it() -> None:
    fault = Fault("s0", FaultKind.UNKNOWN_LABEL, "labels [7]")
    torn = Case(CASES[0].study, Reference(grade=Grade.HGG, fault=fault))

    (case,) = score(fake_backend(), FakeStudySource([torn]))

    assert (case.reference_grade, case.reference_fault) == (Grade.HGG, fault)
    assert (case.plane, case.tumour_free, case.failures) == (None, False, ())


def test_a_grade_that_cannot_be_read_does_not_take_the_mask_with_it() -> None:
    fault = Fault("s0", FaultKind.UNREADABLE, "grade 'IV?'")
    torn = Case(CASES[0].study, replace(CASES[0].reference, grade=None, fault=fault))

    (case,) = score(fake_backend(), FakeStudySource([torn]))

    assert (case.reference_grade, case.reference_fault) == (None, fault)
    mask = case.localisation[Form.MASK]
    assert mask.score(DICE, Region.WT) == 1.0


def test_a_reference_that_raises_is_a_fault_of_the_reference_and_of_no_backend() -> None:
    class Raising(FakeStudySource):  # type: ignore[misc]  # final, for all but this
        def reference(self, study_id: str) -> Reference:
            raise InvalidInputError(f"{study_id}: the table of grades is torn")

    (case,) = score(fake_backend(), Raising(CASES[:1]))

    assert case.reference_fault == Fault(
        "s0", FaultKind.UNREADABLE, "s0: the table of grades is torn"
    )
    assert case.failures == ()


@pytest.mark.usefixtures("real_sizes")
def test_images_that_show_no_brain_are_named_and_scored_all_the_same() -> None:
    (case,) = score(
        fake_backend(classifier=FakeClassifier(lambda _: GradePrediction(Grade.HGG))),
        FakeStudySource(CASES[:1]),
    )

    assert case.image_fault is not None
    assert case.image_fault.kind is FaultKind.BRAIN_TOO_SMALL
    assert isinstance(case.grade, GradePrediction)


def test_images_that_show_a_brain_are_not_named() -> None:
    (case,) = score(fake_backend(), FakeStudySource(CASES[:1]))

    assert case.image_fault is None


def test_sequences_under_each_others_names_are_noted_where_images_are_read() -> None:
    case = fake_case("s0", shape=(24, 24, 24), spacing_mm=(3.0, 3.0, 3.0))
    vessels = case.study.volumes[Modality.T1N].copy()
    vessels[10:18, 10:18, 10:18] *= 5
    volumes = {**case.study.volumes, Modality.T1N: vessels}
    source = FakeStudySource([replace(case, study=replace(case.study, volumes=volumes))])
    grades = FakeClassifier(lambda _: GradePrediction(Grade.HGG))

    (read,) = score(fake_backend(classifier=grades), source)
    (unread,) = score(replace(fake_backend(classifier=grades), reads_images=False), source)

    assert read.image_note is not None
    assert read.image_note.kind is FaultKind.CONTRAST_ORDER
    assert unread.image_note is None


def test_a_mask_outside_of_the_brain_is_noted_with_the_reference() -> None:
    case = fake_case("s0")
    shifted = {region: np.roll(voxels, 6, 0) for region, voxels in case.reference.regions.items()}
    cropped = {
        item: volume * (np.indices(volume.shape)[0] < 7)
        for item, volume in case.study.volumes.items()
    }
    odd = replace(
        case,
        study=replace(case.study, volumes=cropped),
        reference=replace(case.reference, regions=shifted),
    )

    (score_of,) = score(fake_backend(), FakeStudySource([odd]))

    assert score_of.reference_note is not None
    assert score_of.reference_note.kind is FaultKind.MASK_OFF_BRAIN


def test_predictions_of_other_weights_are_not_scored() -> None:
    store, source = FakeRunStore(), FakeStudySource(CASES)
    score(fake_backend(fingerprint="old"), source, store)

    cases = score(fake_backend(fingerprint="new"), source, store)

    assert len(store.kept) == 2 * len(CASES)
    assert len(cases) == len(CASES)


def test_a_study_that_cannot_be_opened_scores_worst_where_its_reference_is_known() -> None:
    case = score(fake_backend(), SourceWithLostImages(CASES))[0]

    assert case.localisation[Form.POINT_3D] == FormOutcome(
        point_score(373.13, hit=False), Failure(FailureReason.UNREADABLE_STUDY, "s0 is not NIfTI")
    )
    assert case.reference_grade is Grade.HGG


def test_an_unreadable_study_without_a_reference_is_counted_as_failed() -> None:
    unreadable = {"s9": InvalidInputError("torn")}
    source = FakeStudySource(CASES[:2], unreadable=unreadable, patients={"s9": "anna"})

    case = score(fake_backend(), source)[2]

    assert case.patient_id == "anna"
    assert case.failures


def test_what_a_comparison_needs_of_a_study_is_kept_with_its_scores() -> None:
    source = FakeStudySource(CASES)

    first, _, without_tumour = score(fake_backend(), source)

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

    lost = score(fake_backend(), source)[0]

    assert (lost.target, lost.content_hash) == (None, None)
    assert lost.plane is not None


def test_an_image_that_cannot_be_read_leaves_the_brain_unknown() -> None:
    (read,) = score(fake_backend(), torn(InvalidInputError("torn")))

    assert read.target is not None
    assert read.target.brain is None


def test_an_image_that_cannot_be_reached_ends_the_run() -> None:
    with pytest.raises(StoreError, match="the bucket is gone"):
        score(fake_backend(), torn(StoreError("the bucket is gone")))


SLICE = fake_case("s0", shape=(12, 14, 1), tumour=Box3D(start=(3, 4, 0), stop=(8, 9, 1)))


@pytest.mark.parametrize(
    ("stated", "kept", "oracle"),
    [
        (SliceChoice.ORACLE, SliceChoice.ORACLE, True),
        (SliceChoice.INDEPENDENT, SliceChoice.INDEPENDENT, False),
        (None, SliceChoice.NOT_STATED, True),
    ],
)
def test_whoever_reads_a_single_slice_is_an_oracle_unless_its_choice_is_stated(
    stated: SliceChoice | None, kept: SliceChoice, oracle: bool
) -> None:
    case = replace(SLICE, study=replace(SLICE.study, slice_choice=stated))

    (scored,) = score(fake_backend(), FakeStudySource([case]))

    assert (scored.slice_choice, scored.oracle) == (kept, oracle)


def test_a_volume_is_no_chosen_slice() -> None:
    scored = score(fake_backend(), FakeStudySource(CASES))[0]

    assert (scored.slice_choice, scored.oracle, scored.simulated) == (None, False, False)


def test_what_a_study_lacks_is_said_unless_it_cannot_be_opened() -> None:
    cases = [fake_case(name, modalities=[Modality.T1C, Modality.T2F]) for name in ("s0", "s1")]

    lost, partial = score(fake_backend(), SourceWithLostImages(cases))

    assert (lost.absent, partial.absent) == ((), (Modality.T1N, Modality.T2W))


def test_a_study_lacks_nothing_that_its_source_never_has() -> None:
    case = fake_case("s0", modalities=[Modality.T1C])
    source = FakeStudySource([case])
    source.modalities = lambda: (Modality.T1C,)  # type: ignore[method-assign]

    assert score(fake_backend(), source)[0].absent == ()


def test_a_study_is_simulated_by_its_source_or_by_its_patients_name() -> None:
    told = replace(CASES[0], study=replace(CASES[0].study, simulated=True))
    named = fake_case("s1", patient_id="Phantom_3_0001")

    scored = score(fake_backend(), FakeStudySource([told, named]))

    assert [one.simulated for one in scored] == [True, True]


def test_a_study_that_nobody_dares_to_look_at_keeps_its_grade() -> None:
    source = FakeStudySource(CASES[:1])

    scorer = ScoreStudy.of(source, "s0", None, limit=ReadLimit.NOTHING)
    backend = fake_backend(classifier=FakeClassifier())
    timeout = Failure(FailureReason.TIMEOUT, "it took too long")
    case = scorer(
        StudyPrediction("key", "s0", timeout, timeout), manifest_of(backend, seed=0, versions={})
    )

    assert (case.reference_grade, case.plane) == (Grade.HGG, None)
    assert case.failures
