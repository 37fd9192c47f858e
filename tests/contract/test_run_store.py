"""What every run store promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fakes.fake_run_store import FakeRunStore
from gliobench.adapters.parquet import ParquetRunStore
from gliobench.application.ports.run_store import RunManifest, RunStore, StudyPrediction
from gliobench.domain.errors import JobError
from gliobench.domain.geometry import Axis, Box, Box3D, Grid, Plane, Point, Point3D, Polygon
from gliobench.domain.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.regions import Region
from gliobench.domain.study import Grade

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
)
PLANE = Plane(Axis.AXIAL, 2)
RAW = Failure(FailureReason.WRONG_ARITY, "3 numbers: wanted 4", raw="It is at (1, 2, 3).\n\x07 ü")
GRID = Grid(shape=(5, 4, 3), affine=np.array(np.diag([1 / 3, 2.0, 0.1, 1.0])))


@pytest.fixture(params=["fake", "parquet"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], RunStore]:
    """Give what opens the same store, as a second process would."""
    if request.param == "parquet":
        return lambda: ParquetRunStore(tmp_path / "run")
    fake = FakeRunStore()
    return lambda: fake


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
    [GradePrediction(Grade.LGG), GradePrediction(Grade.HGG, 1 / 3), RAW, None],
    ids=["label", "probability", "failure", "not-asked"],
)
def test_a_grade_comes_back_as_it_was(
    reopen: Callable[[], RunStore], answer: GradePrediction | Failure | None
) -> None:
    reopen().append([prediction(grade=answer)])

    (back,) = read(reopen(), "key-1")

    assert back.grade == answer
    assert back.study_id == "study/1"


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
