"""A backend in a file of Python, run without packaging it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command_line import gliobench
from gliobench.application.ports.backend import BackendOptions, name_of
from gliobench.domain.errors import BackendError, GliobenchError, InvalidInputError, NotFoundError
from gliobench.entrypoints.plugins import build_backend

SOURCE = """
from dataclasses import dataclass

from gliobench.plugin import Backend, Grade, GradePrediction


@dataclass
class Always:
    probability: float

    def classify(self, studies):
        return [GradePrediction(Grade.HGG, self.probability) for _ in studies]


def make(options):
    probability = float(options.extra.get("probability", 0.75))
    return Backend(name="whatever", classifier=Always(probability), localizer=None, fingerprint="")
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my models" / "always one.py"
    path.parent.mkdir()
    path.write_text(SOURCE)
    return path


def fingerprint(file: Path, factory: str = "make") -> str:
    return build_backend(f"{file}:{factory}", BackendOptions()).fingerprint


def test_its_name_is_safe_whatever_the_path() -> None:
    assert name_of("cnn-onnx") == "cnn-onnx"
    assert name_of("my_file.py:make") == "my_file-make"
    assert name_of("/a b/my file.py:make") == "my_file-make"
    assert name_of(r"C:\models\my file.py:make") == "my_file-make"
    assert name_of("../.hidden/..évil.py:make").isascii()
    assert "/" not in name_of("../x.py:../../y")
    assert len(name_of(f"{'x' * 250}.py:{'y' * 250}")) <= 120


def test_it_is_built_and_called_after_file_and_factory(file: Path) -> None:
    backend = build_backend(f"{file}:make", BackendOptions())

    assert backend.name == "always_one-make"


def test_its_content_is_part_of_the_fingerprint_and_its_folder_is_not(file: Path) -> None:
    before = fingerprint(file)
    moved = file.parent.parent / "elsewhere.py"
    moved.write_text(SOURCE)
    file.write_text(SOURCE + "\n# changed")

    assert fingerprint(moved) == before
    assert fingerprint(file) != before


@pytest.mark.parametrize(
    ("source", "error", "wanted"),
    [
        ("", BackendError, "has no function make"),
        ("make = 3", BackendError, "has no function make"),
        ("def make(options): return 3", BackendError, "make gave int: wanted a Backend"),
        ("def make(): return 3", BackendError, "cannot be loaded: TypeError"),
        ("import no_such_library", BackendError, "No module named 'no_such_library'"),
        ("def make(:", BackendError, "SyntaxError"),
        ("raise SystemExit(3)", BackendError, "cannot be loaded: SystemExit"),
        (SOURCE.replace('fingerprint=""', "fingerprint=1"), BackendError, "fingerprint is 1"),
        (SOURCE.replace("Always(probability)", "len"), BackendError, "wanted a Classifier"),
        (SOURCE.replace("localizer=None", "localizer=3"), BackendError, "wanted a Localizer"),
    ],
)
def test_a_file_that_gives_no_backend_is_told_in_one_line(
    file: Path, source: str, error: type[GliobenchError], wanted: str
) -> None:
    file.write_text(source)

    with pytest.raises(error) as told:
        fingerprint(file)

    assert wanted in str(told.value)
    assert "\n" not in str(told.value)


def test_a_file_that_is_not_there_or_has_no_factory_is_told(file: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no file .*nowhere\.py"):
        build_backend(f"{file.parent}/nowhere.py:make", BackendOptions())
    (file.parent / "folder.py").mkdir()
    with pytest.raises(BackendError, match="cannot be read"):
        build_backend(f"{file.parent}/folder.py:make", BackendOptions())
    with pytest.raises(InvalidInputError, match="wanted FILE.py:FACTORY"):
        build_backend(str(file), BackendOptions())
    (file.parent / "cnn.py").write_text(SOURCE + "\nonnx = make")
    with pytest.raises(InvalidInputError, match="called 'cnn-onnx', as an installed one is"):
        build_backend(f"{file.parent}/cnn.py:onnx", BackendOptions())


def test_training_data_are_stated_by_hashes_not_by_names(file: Path) -> None:
    names = 'fingerprint="", trained_on=frozenset({"BraTS20_Training_001"})'
    file.write_text(SOURCE.replace('fingerprint=""', names))

    with pytest.raises(
        BackendError, match="trained_on holds 'BraTS20_Training_001': wanted hashes"
    ):
        build_backend(f"{file}:make", BackendOptions())


def test_it_is_evaluated_under_the_settings_of_its_name_and_predicts(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    setting = ["--set", "backend.always_one_make.probability=0.9"]
    backend = ["--backend", "my models/always one.py:make"]

    done = gliobench(*setting, "evaluate", "phantom:1:0:4", *backend, "--out", "run")
    said = gliobench("predict", "phantom:1:0:4", *backend, "--json")

    assert done.exit_code == 0, done.output
    manifest = json.loads((tmp_path / "run" / "always_one-make" / "manifest.json").read_text())
    assert manifest["backend"] == "always_one-make"
    assert json.loads(said.stdout)["grade"] == {
        "grade": "HGG",
        "probability_hgg": 0.75,
        "confidence": 0.75,
        "conformal": None,
    }


def test_what_a_backend_prints_is_not_among_the_json(file: Path, tmp_path: Path) -> None:
    printing = SOURCE.replace("        return [", "        print('grading')\n        return [")
    file.write_text(f"print('loading')\n{printing}")
    backend = ["--backend", f"{file}:make", "--out", str(tmp_path / "run")]

    done = gliobench("evaluate", "phantom:2:0:4", *backend, "--json")

    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["cohort"]["n_studies"] == 2
    assert "loading" in done.stderr
    assert "grading" in done.stderr
