"""The core does its main job on a machine that has neither torch nor MONAI."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

import nibabel
import numpy as np
import pytest

from command_line import gliobench_process
from gliobench.adapters.phantom.source import PhantomStudySource

gliobench = partial(gliobench_process, without=("torch", "monai"))


@pytest.fixture
def study_folder(tmp_path: Path) -> Path:
    """A phantom's volumes as a user's files."""
    folder = tmp_path / "patient"
    folder.mkdir()
    study = PhantomStudySource(1, spacing_mm=2.0).study("Phantom_0000")
    for modality in study.volumes:
        image = nibabel.Nifti1Image(study.volume(modality).astype(np.int16), study.grid.affine)
        nibabel.save(image, folder / f"patient_{modality.value}.nii.gz")
    return folder


def test_help_needs_no_torch(tmp_path: Path) -> None:
    assert gliobench("--help", cwd=tmp_path).returncode == 0


def test_the_command_line_imports_nothing_heavy_before_it_knows_what_to_do(tmp_path: Path) -> None:
    code = "import sys, gliobench.entrypoints.cli; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    heavy = {"numpy", "pydantic", "dependency_injector", "onnxruntime", "PIL", "torch"}
    modules = set(result.stdout.split())
    assert heavy & modules == set()
    assert not [one for one in modules if one.startswith("gliobench.entrypoints.commands.")]


def test_a_study_is_predicted_without_torch(study_folder: Path, tmp_path: Path) -> None:
    result = gliobench("predict", str(study_folder), "--out", "out", "--json", cwd=tmp_path)

    assert result.returncode == 0, result.stderr
    assert list((tmp_path / "out").glob("*.nii.gz"))


def test_a_cohort_is_evaluated_without_torch(tmp_path: Path) -> None:
    arguments = ["--backend", "cnn-onnx", "--backend", "centre-prior", "--out", "run"]
    result = gliobench("evaluate", "phantom:2:0:4", *arguments, cwd=tmp_path)

    assert result.returncode in (0, 3), result.stderr
    assert list((tmp_path / "run").rglob("report.html"))


def test_training_without_torch_names_the_extra(study_folder: Path, tmp_path: Path) -> None:
    arguments = ["train", "localizer", str(study_folder.parent), "--out", "trained"]
    result = gliobench(*arguments, cwd=tmp_path)

    assert result.returncode == 1
    assert "pip install 'gliobench[train]'" in result.stderr
