from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from gliobench.adapters.onnx.backend import read_region_grader
from gliobench.domain.errors import BackendError
from gliobench.domain.networks.conformal_sets import ConformalSets
from gliobench.domain.networks.region_grader import RegionGrader, Term

GRADER = RegionGrader(
    terms=(Term("et_ml", 1 / 3, 0.5, -2.0),),
    intercept=0.1,
    training_data="0f" * 32,
    trained_on=("aa", "bb"),
    temperature=1.7,
    learned_images=("cc",),
    conformal=ConformalSets(coverage=0.9, lgg_up_to=0.7, hgg_from=0.2, n_lgg=10, n_hgg=20),
)


def written(folder: Path, text: str) -> Path:
    path = folder / "grader.json"
    path.write_text(text)
    return path


def test_a_grader_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    path = written(tmp_path, GRADER.to_json())

    assert read_region_grader(path) == (GRADER, sha256(path.read_bytes()).hexdigest())


def test_a_field_of_a_later_version_is_passed_over(tmp_path: Path) -> None:
    text = json.dumps({**json.loads(GRADER.to_json()), "licence": "Apache-2.0"})

    assert read_region_grader(written(tmp_path, text))[0] == GRADER


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1, 2]",
        "null",
        "{}",
        "[" * 100_000,
        GRADER.to_json().replace("et_ml", "colour"),
        GRADER.to_json().replace("0.5", "0.0"),
        GRADER.to_json().replace("1.7", '"warm"'),
        GRADER.to_json().replace("1.7", "NaN"),
        GRADER.to_json().replace("-2.0", "1e999"),
        GRADER.to_json().replace('"version": 1', '"version": 2'),
    ],
)
def test_what_is_no_region_grader_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text)

    with pytest.raises(BackendError, match=r"grader\.json: region grader cannot be read: [^\n]+$"):
        read_region_grader(path)


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "grader.json").mkdir()

    with pytest.raises(BackendError, match="cannot be read"):
        read_region_grader(tmp_path / "grader.json")
