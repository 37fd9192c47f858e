from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("monai", reason="the extra `train` is not installed")

from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.adapters.monai import load_study_tumours
from gliobench.application.train.learn_regions import RegionTumour
from gliobench.domain.errors import JobError

FOUND = {"wt_ml": 3.0, "tc_ml": 2.0, "et_ml": 1.0, "rim": 0.5, "enclosed": 0.25}


def fold(run: Path, number: int, rows: object) -> None:
    folder = run / f"fold-{number}"
    folder.mkdir(parents=True)
    (folder / "predictions.json").write_text(json.dumps(rows))


def tumours(run: Path | None) -> dict[str, RegionTumour]:
    source = FakeStudySource([fake_case("a"), fake_case("b"), fake_case("c")])
    return {tumour.patient_id: tumour for tumour in load_study_tumours(source, run)}


def test_a_tumour_is_measured_as_the_fold_that_held_it_out_segmented_it(tmp_path: Path) -> None:
    fold(tmp_path, 0, [{"study_id": "a", "measures": FOUND, "dice_WT": 0.9}])
    fold(tmp_path, 3, [{"study_id": "b", "measures": None}])

    found = tumours(tmp_path)

    assert found["a"].predicted is not None
    assert found["a"].predicted.enclosed == 0.25
    assert found["b"].segmented
    assert found["b"].judged is None


def test_a_study_of_a_fold_that_has_not_been_fitted_counts_as_the_experts_drew_it(
    tmp_path: Path,
) -> None:
    fold(tmp_path, 0, [{"study_id": "a", "measures": FOUND}])

    found = tumours(tmp_path)

    assert not found["c"].segmented
    assert found["c"].judged == found["c"].reference


def test_what_was_found_is_part_of_what_is_learned_from(tmp_path: Path) -> None:
    fold(tmp_path, 0, [{"study_id": "a", "measures": FOUND}])

    found, drawn = tumours(tmp_path), tumours(None)

    assert found["a"].sha256 != drawn["a"].sha256
    assert found["c"].sha256 == drawn["c"].sha256


def test_a_run_without_a_fold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="has no fold: run gliobench train localizer"):
        tumours(tmp_path)


@pytest.mark.parametrize("rows", [{}, [{"study_id": "a"}], [{"study_id": 1, "measures": None}]])
def test_a_fold_that_does_not_say_what_it_found_is_refused(tmp_path: Path, rows: object) -> None:
    fold(tmp_path, 1, rows)

    with pytest.raises(JobError, match=r"fold-1.predictions\.json cannot be read"):
        tumours(tmp_path)
