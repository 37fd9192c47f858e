from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("monai", reason="the extra `train` is not installed")

import torch

from fakes.fake_slice import fake_slice
from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.adapters.monai.fitting import Schedule
from gliobench.adapters.monai.slice_networks import (
    MirroredLocalizer,
    TurnedGrader,
    slice_grader,
    slice_localizer,
)
from gliobench.adapters.monai.slice_trainer import (
    SliceTrainer,
    crop_about,
    lesson_about,
    lessons_of,
)
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Box3D
from gliobench.domain.labels.regions import Region
from gliobench.domain.networks.slice_input import SliceGeometry
from gliobench.domain.studies.study import Case, Grade

SMALL = SliceGeometry(edge_mm=1.0, shape=(32, 32, 1), crop=(16, 16, 1))


def quiet(done: int, wanted: int, loss: float) -> None:
    """Tell nobody."""


def cases() -> list[Case]:
    """Make four slices of two grades, each with its tumour elsewhere."""
    made = []
    for number in range(4):
        start = (4 + 3 * number, 6 + 2 * number, 2)
        i, j, _ = start
        made.append(
            fake_slice(
                f"slice-{number}",
                grade=list(Grade)[number % 2],
                shape=(30, 28, 10),
                tumour=Box3D(start=start, stop=(i + 12, j + 11, 6)),
            )
        )
    return made


def trainer(source: FakeStudySource | None = None, *, steps: int = 6) -> SliceTrainer:
    return SliceTrainer(
        source or FakeStudySource(cases()),
        schedule=Schedule(steps=steps, average=0.5, learning_rate=1e-2, checkpoint_every=2),
        batch_size=4,
        geometry=SMALL,
    )


def test_a_lesson_shows_the_brain_and_where_its_tumour_is() -> None:
    case = cases()[0]

    (lesson,) = lessons_of(case.study, case.reference, SMALL)

    assert lesson.pixels.shape == lesson.tumour.shape == (32, 32)
    assert lesson.tumour.sum() == case.reference.regions[Region.WT].sum() == 12 * 11
    assert lesson.pixels[lesson.tumour > 0].min() > lesson.pixels[lesson.tumour == 0].max()
    assert lesson.grade is Grade.LGG


def test_the_middle_of_a_grader_s_lesson_is_its_input() -> None:
    case = cases()[1]

    lesson = lesson_about(case.study, case.reference, SMALL)

    crop = crop_about(case.reference.regions[Region.WT], case.study, SMALL)
    np.testing.assert_array_equal(lesson.pixels[8:24, 8:24], crop[0, :, :, 0])
    assert lesson.tumour.sum() == 12 * 11


def test_it_learns_to_find_tumours_and_says_how_it_does(tmp_path: Path) -> None:
    taught = trainer(steps=36)

    taught.fit(list(taught.strata()), tmp_path, quiet)
    rows = taught.predict(["slice-0", "slice-2"], tmp_path)

    assert [row["study_id"] for row in rows] == ["slice-0", "slice-2"]
    for row in rows:
        assert row["found"]
        assert row["hit"]
        assert float(str(row["dice_WT"])) > 0.7
        assert np.isfinite(float(str(row["logit"])))
        assert row["grade"] == "LGG"


def test_an_interrupted_fit_ends_in_the_same_networks(tmp_path: Path) -> None:
    def stop(done: int, wanted: int, loss: float) -> None:
        if done == 5:
            raise KeyboardInterrupt

    patients = [f"slice-{n}" for n in range(4)]
    trainer().fit(patients, tmp_path / "whole", quiet)
    with pytest.raises(KeyboardInterrupt):
        trainer().fit(patients, tmp_path / "torn", stop)
    trainer().fit(patients, tmp_path / "torn", quiet)

    for network in ("localizer", "grader"):
        whole, torn = (
            torch.load(tmp_path / name / network / "checkpoint.pt", weights_only=True)["averaged"]
            for name in ("whole", "torn")
        )
        assert all(torch.equal(whole[key], torn[key]) for key in whole)
        assert (tmp_path / "torn" / network / "curve.csv").is_file()


def test_progress_counts_both_networks_steps(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []

    trainer().fit(
        [f"slice-{n}" for n in range(4)], tmp_path, lambda done, of, _: told.append((done, of))
    )

    assert told == [(done, 7) for done in range(1, 8)]


def test_a_tumour_that_is_not_found_scores_worst_and_has_no_grade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gliobench.adapters.monai import slice_trainer

    taught = trainer()
    taught.fit([f"slice-{n}" for n in range(4)], tmp_path, quiet)
    monkeypatch.setattr(slice_trainer, "find_tumour", lambda *_: None)

    (row,) = taught.predict(["slice-1"], tmp_path)

    assert not row["found"]
    assert (row["dice_WT"], row["hit"], row["box_iou"]) == (0.0, False, 0.0)
    assert row["centre_error_mm"] is None
    assert row["logit"] is None


def test_patients_are_dealt_by_site_and_grade_and_all_of_their_slices_count() -> None:
    first, second, third, _ = cases()
    again = Case(replace(second.study, id="slice-1b", patient_id="slice-1"), second.reference)
    unknown = Case(third.study, replace(third.reference, grade=None))

    taught = trainer(FakeStudySource([first, second, again, unknown]))

    assert taught.strata() == {"slice-0": "CBICA×LGG", "slice-1": "CBICA×HGG"}
    assert taught.training_data(["slice-1", "slice-0"]).patients == ("slice-0", "slice-1")


def test_volumes_are_refused_in_one_line() -> None:
    with pytest.raises(InvalidInputError, match="volume-1 is a volume: wanted slices"):
        trainer(FakeStudySource([fake_case("volume-1")]))


def test_slices_without_masks_are_nothing_to_learn_from() -> None:
    with pytest.raises(InvalidInputError, match="nothing to learn from"):
        trainer(FakeStudySource([fake_slice("slice-1", tumour=None)]))


def test_a_grader_needs_both_grades(tmp_path: Path) -> None:
    only_hgg = FakeStudySource([case for case in cases() if case.reference.grade is Grade.HGG])

    with pytest.raises(InvalidInputError, match="both grades"):
        trainer(only_hgg).fit(["slice-1", "slice-3"], tmp_path, quiet)


def test_networks_as_they_ship_say_the_same_of_a_mirror() -> None:
    torch.manual_seed(0)
    localizer = MirroredLocalizer(slice_localizer()).eval()
    grader = TurnedGrader(slice_grader()).eval()
    seen = torch.randn(2, 1, 32, 32, 1)

    with torch.inference_mode():
        torch.testing.assert_close(localizer(seen.flip(2)).flip(2), localizer(seen))
        for turned in (seen.flip(2), seen.flip(3), seen.transpose(2, 3)):
            torch.testing.assert_close(grader(turned), grader(seen))
    assert localizer(seen).shape == seen.shape
    assert grader(seen).shape == (2, 1)
