"""What every run store promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from fakes.fake_run_store import FakeRunStore
from fakes.form_scores import box_score, mask_score, point_score, polygon_score, region_score
from gliobench.adapters.parquet import ParquetRunStore
from gliobench.adapters.storage import open_storage
from gliobench.application.ports.run_store import RunManifest, RunStore, StudyPrediction
from gliobench.domain.comparison.endpoints import PrimaryOrigin
from gliobench.domain.controls.moves import Move
from gliobench.domain.errors import JobError, NotFoundError
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.effort import Effort
from gliobench.domain.evaluation.saved_case import SavedCase, SavedSlice, SavedVolume
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.evaluation.scoring import worst_scores
from gliobench.domain.evaluation.target_facts import TargetFacts
from gliobench.domain.geometry.grids import Axis, Box, Box3D, Grid, Plane, Point, Point3D, Polygon
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    NO_TUMOUR,
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    GradeSet,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.predictions.reasons import Reason
from gliobench.domain.predictions.tokens import Tokens
from gliobench.domain.slices.view import SliceView
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.study import Grade, Modality, SliceChoice

MANIFEST = RunManifest(
    cohort="c0ffee",
    backend="fake",
    fingerprint="f1",
    provenance={"weights": "none"},
    grades=True,
    forms=frozenset(Form),
    settings={"forms": "mask"},
    trained_on=frozenset({"0123456789abcdef"}),
    seed=3,
    versions={"gliobench": "0.1.0"},
    primary="auroc",
    primary_origin=PrimaryOrigin.DECLARED,
    unstated="its base model",
    labels=DatasetLabels(BUILT_IN["brats-ped-2024"], "names and masks"),
)
PLANE = Plane(Axis.AXIAL, 2)
RAW = Failure(FailureReason.WRONG_ARITY, "3 numbers: wanted 4", raw="It is at (1, 2, 3).\n\x07 ü")
GRID = Grid(shape=(5, 4, 3), affine=np.array(np.diag([1 / 3, 2.0, 0.1, 1.0])))


@pytest.fixture(params=["fake", "parquet", "parquet-in-a-store"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], RunStore]:
    """Give what opens the same store, as a second process would."""
    if request.param == "parquet":
        return lambda: ParquetRunStore(open_storage(str(tmp_path / "run")))
    if request.param == "parquet-in-a-store":
        url = f"memory://{uuid4().hex}"
        return lambda: ParquetRunStore(open_storage(url))
    fake = FakeRunStore()
    return lambda: fake


PLANE_OF_SCORES = Plane(Axis.AXIAL, 1)
TUMOUR = TargetFacts(
    grid=GRID,
    volume_mm3=1 / 3,
    centre=Point3D(at=(0.1 + 0.2, 1.0, 1.0)),
    point=Point(PLANE_OF_SCORES, at=(1 / 7, 1.0)),
    box=Box(PLANE_OF_SCORES, start=(0, 1), stop=(2, 3)),
    polygon=Polygon(PLANE_OF_SCORES, vertices=((-0.5, 0.5), (1 / 3, 0.5), (0.0, 2.5))),
    area_mm2=2 / 7,
    brain=Point3D(at=(2.0, 1.5, 1.0)),
    right_share=1 / 9,
)
REGION = region_score(dice=1 / 3, iou=0.2, hd95_mm=2.5, nsd=0.7, volume_error_mm3=-1 / 3)
ALL_FORMS = {
    Form.POINT: FormOutcome(point_score(1 / 3, hit=True), answer=TUMOUR.point),
    Form.BOX: FormOutcome(box_score(1 / 7), answer=TUMOUR.box),
    Form.POLYGON: FormOutcome(polygon_score(1 / 9), answer=TUMOUR.polygon),
    Form.POINT_3D: FormOutcome(point_score(0.0, hit=False), answer=TUMOUR.centre),
    Form.BOX_3D: FormOutcome(box_score(0.0), answer=Box3D(start=(0, 1, 2), stop=(3, 4, 3))),
    Form.MASK: FormOutcome(
        mask_score({Region.WT: REGION, Region.ET: {**REGION, "volume_error_mm3": None}})
    ),
}


def prediction(number: int = 1, **changes: object) -> StudyPrediction:
    made = StudyPrediction(
        key=f"key-{number}",
        study_id=f"study/{number}",
        grade=GradePrediction(Grade.HGG, 0.1 + 0.2),
        localisation=LocalisationPrediction({Form.POINT_3D: Point3D(at=(1 / 3, 2.0, -0.1))}),
    )
    return replace(made, **changes)


def read(store: RunStore, *keys: str) -> list[StudyPrediction]:
    return sorted(store.predictions(keys), key=lambda one: one.key)


@pytest.mark.parametrize(
    "answer",
    [
        GradePrediction(Grade.LGG),
        GradePrediction(Grade.HGG, 1 / 3),
        GradePrediction(Grade.HGG, 1 / 3, grade_set=GradeSet((Grade.LGG, Grade.HGG), 0.9)),
        GradePrediction(Grade.HGG, 1 / 3, grade_set=GradeSet((), 0.8)),
        RAW,
        None,
    ],
    ids=["label", "probability", "both", "neither", "failure", "not-asked"],
)
def test_a_grade_comes_back_as_it_was(
    reopen: Callable[[], RunStore], answer: GradePrediction | Failure | None
) -> None:
    reopen().append([prediction(grade=answer)])

    (back,) = read(reopen(), "key-1")

    assert back.grade == answer
    assert back.study_id == "study/1"


@pytest.mark.parametrize("confidence", [None, 1 / 3])
def test_confidence_comes_back_as_it_was(
    reopen: Callable[[], RunStore], confidence: float | None
) -> None:
    answers = {Form.POINT_3D: Point3D((0, 1, 2)), Form.BOX_3D: NO_TUMOUR}
    regions = {} if confidence is None else {Region.WT: confidence, Region.ET: 2 / 7}
    said = LocalisationPrediction(answers, confidence=confidence, region_confidence=regions)

    reopen().append([prediction(localisation=said)])

    (back,) = read(reopen(), "key-1")
    assert isinstance(back.localisation, LocalisationPrediction)
    assert back.localisation.confidence == confidence
    assert back.localisation.region_confidence == regions


@pytest.mark.parametrize("tokens", [None, Tokens(1 << 40, 0), Tokens(0, 7)])
def test_tokens_come_back_as_they_were(
    reopen: Callable[[], RunStore], tokens: Tokens | None
) -> None:
    reopen().append([prediction(tokens=tokens)])

    (back,) = read(reopen(), "key-1")

    assert back.tokens == tokens


def test_how_long_it_took_comes_back_and_is_no_part_of_the_run(
    reopen: Callable[[], RunStore],
) -> None:
    reopen().open(MANIFEST)
    before = reopen().effort()

    reopen().write_effort(Effort("f1", 3, 0.1))
    reopen().write_effort(Effort("f1", 4, 1 / 3))

    assert before is None
    assert reopen().effort() == Effort("f1", 4, 1 / 3)
    assert reopen().keys() == set()


@pytest.mark.parametrize("oracle", [True, False])
def test_points_boxes_polygons_and_failures_come_back_as_they_were(
    reopen: Callable[[], RunStore], oracle: bool
) -> None:
    answers = {
        Form.POLYGON: Polygon(PLANE, vertices=((0.1, 0.2), (3.3, 1 / 3), (2.0, 5e-9))),
        Form.BOX: Box(Plane(Axis.SAGITTAL, 0), start=(0, 1), stop=(7, 9)),
        Form.POINT: Point(Plane(Axis.CORONAL, 5), at=(-1 / 7, 1e9)),
        Form.BOX_3D: Box3D(start=(0, 1, 2), stop=(3, 4, 5)),
        Form.POINT_3D: Point3D(at=(0.1 + 0.2, 2 / 3, -1.5)),
        Form.MASK: RAW,
    }

    reopen().append([prediction(localisation=LocalisationPrediction(answers, oracle=oracle))])
    (back,) = read(reopen(), "key-1")

    assert isinstance(back.localisation, LocalisationPrediction)
    assert back.localisation.answers == answers
    assert back.localisation.oracle is oracle


def test_the_words_behind_a_grade_and_a_place_come_back_as_they_were(
    reopen: Callable[[], RunStore],
) -> None:
    because = (Reason("et_ml", "ET 1.5 ml", 1 / 3), Reason("wt_ml", "WT 9 ml", -0.1))
    grade = GradePrediction(Grade.HGG, 0.5, raw='{"grade": "HGG"}\n\x07 ü', reasons=because)
    answers = {Form.POINT: Point(PLANE, at=(1.0, 2.0)), Form.BOX: RAW, Form.MASK: RAW}
    place = LocalisationPrediction(answers, raw={Form.POINT: "(0.4, 0.6)\n"})

    reopen().append([prediction(grade=grade, localisation=place)])
    (back,) = read(reopen(), "key-1")

    assert back.grade == grade
    assert isinstance(back.localisation, LocalisationPrediction)
    assert back.localisation.raw == {Form.POINT: "(0.4, 0.6)\n"}
    assert back.localisation.answers == answers


def test_a_mask_comes_back_voxel_by_voxel(reopen: Callable[[], RunStore]) -> None:
    random = np.random.default_rng(0)
    regions = {region: random.random(GRID.shape) < 0.5 for region in (Region.WT, Region.ET)}
    mask = Mask(GRID, regions)

    reopen().append([prediction(localisation=LocalisationPrediction({Form.MASK: mask}))])
    (back,) = read(reopen(), "key-1")

    assert isinstance(back.localisation, LocalisationPrediction)
    found = back.localisation.answers[Form.MASK]
    assert isinstance(found, Mask)
    assert np.array_equal(found.grid.affine, GRID.affine)
    assert set(found.regions) == {Region.WT, Region.ET}
    assert all(np.array_equal(found.regions[name], regions[name]) for name in regions)


@pytest.mark.parametrize("study_id", ["ж" * 120, "..", "-rf", r"Pati\xebnt", "a b%20", "=1+1"])
def test_a_mask_is_kept_whatever_its_study_is_called(
    reopen: Callable[[], RunStore], study_id: str
) -> None:
    mask = Mask(GRID, {Region.WT: np.ones(GRID.shape, dtype=bool)})
    said = prediction(localisation=LocalisationPrediction({Form.MASK: mask}))

    reopen().append([replace(said, study_id=study_id)])

    (back,) = read(reopen(), "key-1")
    assert back.study_id == study_id
    assert isinstance(back.localisation, LocalisationPrediction)


def test_that_there_is_no_tumour_comes_back_in_every_form(reopen: Callable[[], RunStore]) -> None:
    empty = Mask(GRID, {Region.WT: np.zeros(GRID.shape, dtype=bool)})
    answers = {**dict.fromkeys(Form, NO_TUMOUR), Form.MASK: empty}

    reopen().append([prediction(localisation=LocalisationPrediction(answers))])
    (back,) = read(reopen(), "key-1")

    assert isinstance(back.localisation, LocalisationPrediction)
    assert back.localisation.finds_tumour is False
    places = [form for form in Form if form is not Form.MASK]
    assert [back.localisation.answers[form] for form in places] == [NO_TUMOUR] * len(places)
    mask = back.localisation.answers[Form.MASK]
    assert isinstance(mask, Mask)
    assert mask.is_empty


def test_a_study_that_failed_whole_comes_back_as_one_failure(
    reopen: Callable[[], RunStore],
) -> None:
    reopen().append([prediction(grade=RAW, localisation=RAW)])

    (back,) = read(reopen(), "key-1")

    assert (back.grade, back.localisation) == (RAW, RAW)


def test_predictions_of_all_batches_are_kept(reopen: Callable[[], RunStore]) -> None:
    reopen().append([prediction(1), prediction(2)])
    reopen().append([prediction(3)])

    assert reopen().keys() == {"key-1", "key-2", "key-3"}
    assert [one.key for one in read(reopen(), "key-1", "key-3")] == ["key-1", "key-3"]


def test_a_key_kept_twice_is_read_once(reopen: Callable[[], RunStore]) -> None:
    reopen().append([prediction(1), prediction(2)])
    reopen().append([prediction(2)])

    assert [one.key for one in read(reopen(), "key-1", "key-2")] == ["key-1", "key-2"]


def test_a_key_that_is_not_kept_is_not_read(reopen: Callable[[], RunStore]) -> None:
    reopen().append([prediction(1)])

    assert read(reopen(), "stale") == []


def test_an_empty_batch_changes_nothing(reopen: Callable[[], RunStore]) -> None:
    reopen().append([])

    assert reopen().keys() == set()


def test_another_cohort_is_refused_in_one_line(reopen: Callable[[], RunStore]) -> None:
    reopen().open(MANIFEST)

    with pytest.raises(JobError, match="cohort") as refusal:
        reopen().open(replace(MANIFEST, cohort="decaf"))

    assert "\n" not in str(refusal.value)


def test_another_backend_is_refused(reopen: Callable[[], RunStore]) -> None:
    reopen().open(MANIFEST)

    with pytest.raises(JobError, match="backend"):
        reopen().open(replace(MANIFEST, backend="other"))


def test_the_same_backend_with_other_weights_goes_on(reopen: Callable[[], RunStore]) -> None:
    reopen().open(MANIFEST)
    reopen().append([prediction(1)])

    reopen().open(replace(MANIFEST, fingerprint="f2"))

    assert reopen().keys() == {"key-1"}


def test_the_manifest_comes_back_as_it_was(reopen: Callable[[], RunStore]) -> None:
    reopen().open(replace(MANIFEST, n_studies=7))

    assert reopen().manifest() == replace(MANIFEST, n_studies=7)


def test_a_store_without_a_run_says_so_in_one_line(reopen: Callable[[], RunStore]) -> None:
    with pytest.raises(NotFoundError, match="keeps no run|no run is kept") as refusal:
        reopen().manifest()

    assert "\n" not in str(refusal.value)


KEPT_SCORES = [
    CaseScore(
        "s1",
        "p1",
        "TMC",
        Grade.LGG,
        grade=GradePrediction(
            Grade.HGG, 0.1 + 0.2, raw="HGG\n\x07 ü", reasons=(Reason("et", "ET 1 ml", 1 / 3),)
        ),
        localisation=ALL_FORMS,
        plane=PLANE_OF_SCORES,
        oracle=True,
        target=TUMOUR,
        content_hash="c0ffee",
        image_hash="decaf",
        slice_choice=SliceChoice.NOT_STATED,
        simulated=True,
        absent=(Modality.T1N, Modality.T2W),
        moves={Form.POINT: Move(0.1 + 0.2, 20.0), Form.MASK: Move(0.0, 0.0, overlap=0.5)},
    ),
    CaseScore(
        "s1",
        "p1",
        None,
        Grade.HGG,
        grade=RAW,
        localisation={form: FormOutcome(worst_scores(form), RAW) for form in Form},
        plane=PLANE_OF_SCORES,
        target=replace(TUMOUR, brain=None, right_share=None),
    ),
    CaseScore(
        "s1",
        "p1",
        None,
        None,
        grade=GradePrediction(Grade.LGG),
        localisation={Form.BOX: FormOutcome({}), Form.POINT_3D: FormOutcome({}, RAW)},
    ),
    CaseScore("s1", "p1", None, None, plane=Plane(Axis.SAGITTAL, 0)),
    CaseScore(
        "s1",
        "p1",
        None,
        None,
        localisation={
            Form.POINT: FormOutcome(point_score(1.0, hit=False), answer=NO_TUMOUR),
            Form.BOX_3D: FormOutcome({}, answer=NO_TUMOUR),
            Form.MASK: FormOutcome(mask_score({Region.WT: {**REGION, "reference_mm3": 1 / 3}})),
        },
        plane=PLANE_OF_SCORES,
        target=TUMOUR,
        found_tumour=False,
    ),
    CaseScore(
        "s1",
        "p1",
        None,
        None,
        localisation={
            Form.MASK: FormOutcome(mask_score({Region.WT: {**REGION, "reference_mm3": 0.0}}))
        },
        found_tumour=True,
        tumour_free=True,
    ),
    CaseScore(
        "s1",
        "p1",
        None,
        Grade.HGG,
        reference_fault=Fault("s1", FaultKind.UNKNOWN_LABEL, "labels [7]"),
    ),
]


@pytest.mark.parametrize(
    "case",
    KEPT_SCORES,
    ids=[
        *("answered", "failed", "without-a-reference", "without-a-grid"),
        *("none-found", "false-alarm", "unreadable-reference"),
    ],
)
def test_scores_come_back_as_they_were(reopen: Callable[[], RunStore], case: CaseScore) -> None:
    other = replace(case, study_id="s0")
    if case.reference_fault is not None:
        other = replace(other, reference_fault=replace(case.reference_fault, study_id="s0"))
    reopen().write_scores([case, other])

    back = list(reopen().scores())

    assert back == [case, other]
    for one in back:
        assert list(one.localisation) == [form for form in Form if form in case.localisation]
        assert one.target is None or np.array_equal(one.target.grid.affine, GRID.affine)


def test_what_is_told_of_images_and_reference_comes_back(reopen: Callable[[], RunStore]) -> None:
    case = CaseScore(
        "s1",
        "p1",
        None,
        None,
        image_fault=Fault("s1", FaultKind.SKULL_NOT_STRIPPED, "t1c shows scalp and skull"),
        reference_fault=Fault("s1", FaultKind.UNKNOWN_LABEL, "labels [7]"),
        image_note=Fault("s1", FaultKind.CONTRAST_ORDER, "are t1c and t1n swapped?"),
        confidence=1 / 3,
        reference_note=Fault("s1", FaultKind.THRESHOLDED_MASK, "cut at half"),
    )
    reopen().write_scores([case])

    assert list(reopen().scores()) == [case]
    assert reopen().case_table().image_faults == {
        "s1": "skull_not_stripped: t1c shows scalp and skull"
    }


def test_scores_of_some_studies_come_back_alone(reopen: Callable[[], RunStore]) -> None:
    reopen().write_scores([CaseScore(one, one, None, None) for one in ("s1", "s2", "s3")])

    assert [case.study_id for case in reopen().scores({"s3", "s1", "elsewhere"})] == ["s1", "s3"]
    assert list(reopen().scores([])) == []


@pytest.mark.parametrize("count", range(len(KEPT_SCORES) + 1))
def test_scores_in_columns_are_those_of_the_cases(
    reopen: Callable[[], RunStore], count: int
) -> None:
    cases = [replace(case, study_id=f"s{at}") for at, case in enumerate(KEPT_SCORES[:count])]
    reopen().write_scores(cases)

    found, wanted = reopen().case_table().columns, CaseTable.of(cases).columns

    assert list(found) == list(wanted)
    for name, values in wanted.items():
        assert found[name].dtype == values.dtype
        if np.issubdtype(values.dtype, np.floating):
            assert found[name] == pytest.approx(values, rel=1e-12, nan_ok=True), name
        else:
            assert found[name].tolist() == values.tolist(), name


def test_new_scores_take_the_place_of_old_ones(reopen: Callable[[], RunStore]) -> None:
    reopen().write_scores([CaseScore("s1", "p1", None, None), CaseScore("s2", "p2", None, None)])
    reopen().write_scores([CaseScore("s3", "p3", None, None)])

    assert [case.study_id for case in reopen().scores()] == ["s3"]


def test_scores_of_no_study_come_back_as_none(reopen: Callable[[], RunStore]) -> None:
    reopen().write_scores([])

    assert list(reopen().scores()) == []


def test_a_store_without_scores_says_so_in_one_line(reopen: Callable[[], RunStore]) -> None:
    reopen().open(MANIFEST)

    with pytest.raises(NotFoundError, match="no scores") as refusal:
        list(reopen().scores())

    assert "\n" not in str(refusal.value)


def saved_case(study_id: str = "study/1", *, seed: int = 0) -> SavedCase:
    random = np.random.default_rng(seed)
    voxels = [random.integers(0, 255, GRID.shape, dtype=np.uint8) for _ in range(2)]
    return SavedCase(
        study_id,
        Modality.T1C,
        picture=SavedSlice(SliceView.of(GRID, PLANE, 7), b"RIFF\x00\xff"),
        volume=SavedVolume(GRID, grey=voxels[0], reference=voxels[1], prediction=None),
    )


def test_what_readers_will_see_of_a_case_comes_back_as_it_was(
    reopen: Callable[[], RunStore],
) -> None:
    case = saved_case()

    reopen().write_saved_cases([case])
    (back,) = reopen().saved_cases()

    assert (back.study_id, back.modality) == ("study/1", Modality.T1C)
    assert back.picture == case.picture
    assert back.volume is not None
    assert case.volume is not None
    assert back.volume.grid == GRID
    assert np.array_equal(back.volume.grid.affine, GRID.affine)
    assert np.array_equal(back.volume.grey, case.volume.grey)
    assert back.volume.reference is not None
    assert np.array_equal(back.volume.reference, case.volume.reference)
    assert back.volume.prediction is None


def test_kept_cases_take_the_place_of_earlier_ones_and_may_be_none(
    reopen: Callable[[], RunStore],
) -> None:
    never = list(reopen().saved_cases())
    reopen().write_saved_cases(iter([saved_case("s1"), saved_case("s2", seed=1)]))
    first = [case.study_id for case in reopen().saved_cases()]

    reopen().write_saved_cases([SavedCase("s3", Modality.T2F, picture=None, volume=None)])
    second = list(reopen().saved_cases())
    reopen().write_saved_cases([])

    assert (never, first) == ([], ["s1", "s2"])
    assert [(one.study_id, one.picture, one.volume) for one in second] == [("s3", None, None)]
    assert list(reopen().saved_cases()) == []


def test_a_run_is_finished_once_that_is_noted_and_no_more_when_it_is_another(
    reopen: Callable[[], RunStore],
) -> None:
    reopen().open(MANIFEST)
    before = reopen().is_finished()

    reopen().finish()

    assert (before, reopen().is_finished()) == (False, True)
    reopen().open(MANIFEST)
    assert reopen().is_finished()
    reopen().open(replace(MANIFEST, fingerprint="other weights"))
    assert not reopen().is_finished()


def test_scores_are_of_the_manifest_that_they_were_kept_under(
    reopen: Callable[[], RunStore],
) -> None:
    reopen().open(MANIFEST)
    reopen().write_scores([CaseScore("s1", "p1", None, None)])
    assert reopen().is_scored()

    reopen().open(replace(MANIFEST, fingerprint="other weights"))

    assert not reopen().is_scored()
    with pytest.raises(NotFoundError, match="no scores"):
        list(reopen().scores())


def test_another_cohort_takes_the_place_of_a_run_that_lacks_shards(
    reopen: Callable[[], RunStore],
) -> None:
    reopen().open(replace(MANIFEST, missing_shards=("0-of-2",)))

    reopen().open(replace(MANIFEST, cohort="all of it"))

    assert reopen().manifest().cohort == "all of it"


def test_scores_may_come_from_an_iterator(reopen: Callable[[], RunStore]) -> None:
    reopen().write_scores(CaseScore(f"s{n}", "p", None, None) for n in range(3))

    assert [case.study_id for case in reopen().scores()] == ["s0", "s1", "s2"]


def test_scores_may_be_written_while_they_are_read(reopen: Callable[[], RunStore]) -> None:
    reopen().write_scores(CaseScore(f"s{n}", "p", None, None) for n in range(3))

    reopen().write_scores(replace(case, patient_id="q") for case in reopen().scores())

    assert [(case.study_id, case.patient_id) for case in reopen().scores()] == [
        ("s0", "q"),
        ("s1", "q"),
        ("s2", "q"),
    ]


def test_scores_of_other_runs_are_kept_one_run_after_the_other(
    reopen: Callable[[], RunStore],
) -> None:
    reopen().write_scores(KEPT_SCORES)

    reopen().write_scores_of([reopen(), reopen()])

    assert list(reopen().scores()) == KEPT_SCORES * 2
    reopen().write_scores_of([])
    assert list(reopen().scores()) == []


def test_studies_and_their_contents_are_read_alone(reopen: Callable[[], RunStore]) -> None:
    reopen().write_scores(KEPT_SCORES[:2])

    assert list(reopen().contents()) == [("s1", "c0ffee"), ("s1", None)]


def test_runs_without_scores_cannot_be_put_together(reopen: Callable[[], RunStore]) -> None:
    reopen().open(MANIFEST)

    with pytest.raises(NotFoundError, match="no scores"):
        reopen().write_scores_of([reopen()])
    with pytest.raises(NotFoundError, match="no scores"):
        list(reopen().contents())
