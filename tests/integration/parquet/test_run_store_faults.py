"""What a run folder does when disks fill up, files tear and processes die."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fakes.form_scores import mask_score, point_score, region_score
from fakes.full_disk import largest_file
from gliobench.adapters.parquet import ParquetRunStore, run_store
from gliobench.adapters.storage import open_storage
from gliobench.application.ports.run_store import RunManifest, StudyPrediction
from gliobench.domain.errors import JobError
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.evaluation.scoring import worst_scores
from gliobench.domain.geometry.grids import Axis, Grid, Plane
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.studies.study import Grade, Modality

GRID = Grid(shape=(40, 40, 40), affine=np.eye(4))
MANIFEST = RunManifest(
    cohort="c0ffee" * 10,
    backend="fake",
    fingerprint="f1",
    provenance={},
    grades=True,
    forms=frozenset({Form.MASK}),
    settings={},
    trained_on=frozenset(),
    seed=0,
)


def prediction(number: int = 1) -> StudyPrediction:
    voxels = np.random.default_rng(number).random(GRID.shape) < 0.5
    return StudyPrediction(
        key=f"key-{number}",
        study_id=f"s{number}",
        grade=GradePrediction(Grade.HGG, 0.7),
        localisation=LocalisationPrediction({Form.MASK: Mask(GRID, {Region.WT: voxels})}),
    )


def run_in(folder: Path) -> ParquetRunStore:
    return ParquetRunStore(open_storage(str(folder)))


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("room", [100, 9000], ids=["no-mask-fits", "masks-fit-the-part-does-not"])
def test_a_full_disk_ends_in_one_line_and_nothing_half_written(tmp_path: Path, room: int) -> None:
    store = run_in(tmp_path)
    store.append([prediction(1)])
    many = [prediction(number) for number in range(2, 5)]
    if room == 9000:
        many = [StudyPrediction(f"k{n}" * 500, f"s{n}", many[0].grade, None) for n in range(50)]
        room = 1000

    with largest_file(room), pytest.raises(JobError, match="cannot be written") as refusal:
        store.append(many)

    assert "\n" not in str(refusal.value)
    assert store.keys() == {"key-1"}
    assert not [name for name in files(tmp_path) if name.endswith(".tmp")]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file where the folder should be")

    with pytest.raises(JobError, match="run"):
        run_in(tmp_path / "run").open(MANIFEST)


@pytest.mark.parametrize("damage", ["cut", "scribbled", "empty"])
def test_a_corrupt_part_is_named(tmp_path: Path, damage: str) -> None:
    store = run_in(tmp_path)
    store.append([prediction(1)])
    (part,) = (tmp_path / "predictions").iterdir()
    whole = part.read_bytes()
    part.write_bytes({"cut": whole[:-20], "scribbled": b"x" * len(whole), "empty": b""}[damage])

    for read in (store.keys, lambda: list(store.predictions(["key-1"]))):
        with pytest.raises(JobError, match=part.name) as refusal:
            read()
        assert "\n" not in str(refusal.value)


def test_a_part_with_foreign_columns_is_named(tmp_path: Path) -> None:
    (tmp_path / "predictions").mkdir()
    pq.write_table(pa.table({"key": ["key-1"]}), tmp_path / "predictions" / "part-0.parquet")

    with pytest.raises(JobError, match=r"part-0\.parquet"):
        list(run_in(tmp_path).predictions(["key-1"]))


@pytest.mark.parametrize("damage", ["gone", "cut", "empty"])
def test_a_corrupt_mask_is_named(tmp_path: Path, damage: str) -> None:
    store = run_in(tmp_path)
    store.append([prediction(1)])
    (mask,) = (tmp_path / "masks").iterdir()
    whole = mask.read_bytes()
    mask.unlink() if damage == "gone" else mask.write_bytes(whole[:500] if damage == "cut" else b"")

    with pytest.raises(JobError, match=mask.name) as refusal:
        list(store.predictions(["key-1"]))

    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("content", ['{"cohort": ', ""])
def test_a_corrupt_manifest_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.json").write_text(content)

    with pytest.raises(JobError, match=r"manifest\.json"):
        run_in(tmp_path).open(MANIFEST)


def test_files_that_a_killed_process_left_are_not_looked_at(tmp_path: Path) -> None:
    store = run_in(tmp_path)
    store.append([prediction(1)])
    (tmp_path / "predictions" / ".part-1.parquet.77.tmp").write_bytes(b"half")

    assert store.keys() == {"key-1"}


def test_a_batch_repeated_takes_the_place_of_itself(tmp_path: Path) -> None:
    store = run_in(tmp_path)

    store.append([prediction(1)])
    store.append([prediction(1)])

    assert len(files(tmp_path)) == 2


def test_two_settings_of_one_study_keep_their_masks_apart(tmp_path: Path) -> None:
    store = run_in(tmp_path)
    old = prediction(1)
    new = StudyPrediction("another-key", "s1", None, prediction(2).localisation)

    store.append([old])
    store.append([new])

    (back,) = store.predictions(["key-1"])
    assert isinstance(back.localisation, LocalisationPrediction)
    assert isinstance(old.localisation, LocalisationPrediction)
    masks = [one.localisation.answers[Form.MASK] for one in (back, old)]
    assert all(isinstance(mask, Mask) for mask in masks)
    assert np.array_equal(masks[0].whole, masks[1].whole)


def test_a_manifest_can_be_read_by_anyone(tmp_path: Path) -> None:
    run_in(tmp_path).open(MANIFEST)

    manifest = json.loads((tmp_path / "manifest.json").read_text())

    assert manifest["backend"] == "fake"
    assert manifest["forms"] == ["mask"]


def test_predictions_are_one_flat_row_an_answer(tmp_path: Path) -> None:
    run_in(tmp_path).append([prediction(1)])

    (part,) = (tmp_path / "predictions").iterdir()
    rows = pq.read_table(part).to_pylist()

    assert [row["task"] for row in rows] == ["grade", "mask"]
    assert (rows[0]["grade"], rows[0]["probability_hgg"]) == ("HGG", 0.7)
    assert (tmp_path / "masks" / rows[1]["mask_file"]).is_file()


def test_scores_are_one_flat_row_a_study(tmp_path: Path) -> None:
    region = region_score(dice=0.9, iou=0.8, hd95_mm=2.0, nsd=0.95, volume_error_mm3=-10.0)
    refusal = Failure(FailureReason.REFUSAL, "no")
    scored = CaseScore(
        study_id="s1",
        patient_id="p1",
        site=None,
        reference_grade=Grade.LGG,
        grade=GradePrediction(Grade.HGG, 0.75),
        localisation={
            Form.MASK: FormOutcome(mask_score({Region.WT: region})),
            Form.POINT: FormOutcome(point_score(error_mm=3.0, hit=True)),
            Form.BOX: FormOutcome(worst_scores(Form.BOX), refusal),
        },
        plane=Plane(Axis.AXIAL, 7),
    )
    failed = CaseScore("s2", "p2", "TMC", None, grade=refusal)

    run_in(tmp_path).write_scores([scored, failed])
    run_in(tmp_path).write_scores([scored, failed])

    first, second = pq.read_table(tmp_path / "scores.parquet").to_pylist()
    assert (first["grade"], first["reference_grade"], first["probability_hgg"]) == (
        "HGG",
        "LGG",
        0.75,
    )
    assert (first["mask_WT_dice"], first["mask_TC_dice"]) == (0.9, None)
    assert (first["point_error_mm"], first["point_hit"], first["scoring_plane"]) == (3.0, True, 7)
    assert (first["box_iou"], first["box_failure"]) == (0.0, "refusal")
    assert (second["grade"], second["grade_failure"]) == (None, "refusal")


def test_more_scores_than_are_read_at_once_come_back_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_store, "SCORES_AT_ONCE", 2)
    monkeypatch.setattr(run_store, "COLUMNS_AT_ONCE", 3)
    ids = [f"s{number}" for number in range(8)]

    run_in(tmp_path).write_scores([CaseScore(one, one, None, None) for one in ids])

    assert [case.study_id for case in run_in(tmp_path).scores()] == ids
    assert pq.ParquetFile(tmp_path / "scores.parquet").num_row_groups == 3


@pytest.mark.parametrize(
    "written", ["{", "[1]", '{"seconds": 1}', '{"fingerprint": "a", "studies": 1, "seconds": -1}']
)
def test_a_time_that_cannot_be_read_is_named_in_one_line(tmp_path: Path, written: str) -> None:
    (tmp_path / "seconds.json").write_text(written)

    with pytest.raises(JobError, match=r"seconds\.json holds no time .* delete it$"):
        run_in(tmp_path).effort()


@pytest.mark.parametrize("spoil", ["torn", "older"])
def test_scores_that_cannot_be_read_are_told_in_one_line(tmp_path: Path, spoil: str) -> None:
    scores = tmp_path / "scores.parquet"
    run_in(tmp_path).write_scores([CaseScore("s1", "p1", None, None)])
    if spoil == "torn":
        scores.write_bytes(scores.read_bytes()[:-40])
    else:
        pq.write_table(pq.read_table(scores).drop_columns(["point_answered"]), scores)

    for read in (lambda run: list(run.scores()), lambda run: run.case_table()):
        with pytest.raises(JobError, match=r"scores\.parquet .*evaluate the run again") as refusal:
            read(run_in(tmp_path))
        assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("grid_shape", [240.0, 240.0]),
        ("point_answer", [1.0]),
        ("polygon_answer", [1.0, 2.0, 3.0, 4.0]),
        ("reference_grade", "benign"),
        ("point_failure", "boredom"),
    ],
)
def test_rows_that_are_no_scores_are_told_in_one_line(
    tmp_path: Path, column: str, value: object
) -> None:
    scores = tmp_path / "scores.parquet"
    run_in(tmp_path).write_scores([CaseScore("s1", "p1", None, None)])
    row = pq.read_table(scores).to_pylist()[0] | {column: value, "point_answered": True}
    pq.write_table(pa.Table.from_pylist([row], schema=pq.read_schema(scores)), scores)

    with pytest.raises(JobError, match=r"scores\.parquet .*evaluate the run again") as refusal:
        run_in(tmp_path).case_table()

    assert "\n" not in str(refusal.value)


def test_runs_of_before_images_were_hashed_are_still_read(tmp_path: Path) -> None:
    scores = tmp_path / "scores.parquet"
    run_in(tmp_path).write_scores([CaseScore("s1", "p1", None, None, image_hash="a" * 16)])
    pq.write_table(pq.read_table(scores).drop_columns(["image_hash"]), scores)

    assert run_in(tmp_path).case_table().images.tolist() == [None]
    assert [case.image_hash for case in run_in(tmp_path).scores()] == [None]


def test_of_older_runs_phantoms_are_known_by_name_and_slices_say_nothing(tmp_path: Path) -> None:
    scores = tmp_path / "scores.parquet"
    run_in(tmp_path).write_scores(
        [CaseScore(one, one, None, None) for one in ("Phantom_0_0001", "anna")]
    )
    pq.write_table(pq.read_table(scores).drop_columns(["simulated", "slice_choice"]), scores)

    assert run_in(tmp_path).case_table().simulated.tolist() == [True, False]
    assert [case.simulated for case in run_in(tmp_path).scores()] == [True, False]
    assert {case.slice_choice for case in run_in(tmp_path).scores()} == {None}


def test_older_runs_do_not_say_what_studies_lack(tmp_path: Path) -> None:
    scores = tmp_path / "scores.parquet"
    run_in(tmp_path).write_scores([CaseScore("s1", "p1", None, None, absent=(Modality.T1N,))])
    assert run_in(tmp_path).case_table().lacks(Modality.T1N).tolist() == [True]
    pq.write_table(pq.read_table(scores).drop_columns(["absent_modalities"]), scores)

    assert run_in(tmp_path).case_table().lacks(Modality.T1N).tolist() == [False]
    assert [case.absent for case in run_in(tmp_path).scores()] == [()]


def test_scores_of_the_manifest_that_another_process_has_replaced_are_none(
    tmp_path: Path,
) -> None:
    partial, whole = run_in(tmp_path), run_in(tmp_path)
    scores = [CaseScore(one, one, None, None) for one in ("s0", "s1")]
    partial.open(replace(MANIFEST, missing_shards=("1-of-2",)))
    whole.open(replace(MANIFEST, cohort="all of it"))
    whole.write_scores(scores)
    assert run_in(tmp_path).is_scored()

    partial.write_scores(scores[:1])
    partial.finish()

    assert not run_in(tmp_path).is_scored()
    assert not run_in(tmp_path).is_finished()
    whole.open(whole.manifest())
    whole.write_scores(scores)
    assert len(list(run_in(tmp_path).scores())) == 2


def test_a_part_that_was_deleted_is_asked_no_more(tmp_path: Path) -> None:
    store = run_in(tmp_path)
    store.append([prediction(1)])
    assert store.keys() == {"key-1"}
    (part,) = (tmp_path / "predictions").iterdir()

    part.unlink()
    store.append([prediction(2)])

    assert store.keys() == {"key-2"}
    assert list(store.predictions(["key-1"])) == []


def test_of_two_answers_to_one_study_all_readers_take_the_same(tmp_path: Path) -> None:
    answers = [replace(prediction(1), grade=GradePrediction(Grade.HGG, n / 8)) for n in range(8)]
    early = run_in(tmp_path)
    for answer in answers:
        early.append([answer])
        early.keys()

    read = [next(store.predictions(["key-1"])).grade for store in (early, run_in(tmp_path))]

    assert read[0] == read[1]


def test_copied_scores_lie_in_groups_as_if_they_were_written_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_store, "SCORES_AT_ONCE", 2)
    monkeypatch.setattr(run_store, "COLUMNS_AT_ONCE", 3)
    cases = [CaseScore(f"s{number}", "p", None, None) for number in range(8)]
    parts = [run_in(tmp_path / str(number)) for number in range(4)]
    for part, some in zip(parts, (cases[:1], [], cases[1:6], cases[6:]), strict=True):
        part.write_scores(some)
    run_in(tmp_path / "at-once").write_scores(cases)

    run_in(tmp_path / "copied").write_scores_of(parts)

    copied, at_once = (tmp_path / name / "scores.parquet" for name in ("copied", "at-once"))
    assert list(run_in(tmp_path / "copied").scores()) == cases
    assert copied.read_bytes() == at_once.read_bytes()


def test_scores_of_before_images_were_hashed_are_copied(tmp_path: Path) -> None:
    scores = tmp_path / "old" / "scores.parquet"
    run_in(tmp_path / "old").write_scores([CaseScore("s1", "p1", None, None, image_hash="a" * 16)])
    pq.write_table(pq.read_table(scores).drop_columns(["image_hash"]), scores)

    run_in(tmp_path / "whole").write_scores_of([run_in(tmp_path / "old")])

    assert [case.image_hash for case in run_in(tmp_path / "whole").scores()] == [None]


def test_scores_that_lack_columns_are_not_copied(tmp_path: Path) -> None:
    scores = tmp_path / "old" / "scores.parquet"
    run_in(tmp_path / "old").write_scores([CaseScore("s1", "p1", None, None)])
    pq.write_table(pq.read_table(scores).drop_columns(["point_answered"]), scores)

    with pytest.raises(JobError, match=r"old/scores\.parquet .*evaluate the run again"):
        run_in(tmp_path / "whole").write_scores_of([run_in(tmp_path / "old")])

    assert not run_in(tmp_path / "whole").is_scored()
