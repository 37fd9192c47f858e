"""The backend `llama-vision` on a random model, as a user runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("nilearn", reason="the extra `phantom` is not installed")
pytest.importorskip("transformers", reason="the extra `vlm` is not installed")

from typer.testing import Result

from command_line import gliobench
from fakes.tiny_mllama import tiny_mllama

NAME = "Phantom_0000"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_mllama(tmp_path_factory.mktemp("model"), tile_px=56)


@pytest.fixture
def settings(model: Path) -> dict[str, str]:
    """What a user sets to run other weights, and to be answered in JSON."""
    return {
        "GLIOBENCH_LLAMA__MODEL": str(model),
        "GLIOBENCH_LLAMA__POLICY": "brain-middle",
        "GLIOBENCH_LLAMA__DECODING": "constrained",
        "GLIOBENCH_LLAMA__MAX_NEW_TOKENS": "300",
        "GLIOBENCH_LLAMA__DEVICE": "cpu",
    }


@pytest.fixture
def in_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run `gliobench` here, where the libraries of the model are loaded already."""

    def run(*arguments: str, **environment: str) -> Result:
        monkeypatch.chdir(tmp_path)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return gliobench(*arguments)

    return run


@pytest.mark.slow
def test_a_study_is_read_on_one_slice(
    in_process: Callable[..., Result], phantoms: Path, settings: dict[str, str], tmp_path: Path
) -> None:
    result = in_process(
        "predict", str(phantoms / NAME), "--backend", "llama-vision", "--json", **settings
    )

    assert result.exit_code in (0, 3), result.stderr
    shown = json.loads(result.stdout)
    assert 0 <= shown["grade"]["probability_hgg"] <= 1
    assert len(shown["localisation"]["centre_mm"]) == 3
    assert shown["slice"]["axis"] == "axial"
    assert shown["slice"]["oracle"] is False
    assert shown["provenance"]["slices"] == "brain-middle"
    assert (tmp_path / shown["files"]["overlay"]).read_bytes().startswith(b"\x89PNG")
    assert "mask" not in shown["files"]


@pytest.mark.slow
def test_prompts_are_shown_and_nothing_is_predicted(
    in_process: Callable[..., Result], phantoms: Path, settings: dict[str, str], tmp_path: Path
) -> None:
    result = in_process(
        "predict",
        str(phantoms / NAME),
        "--backend",
        "llama-vision",
        "--show-prompts",
        **settings,
    )

    assert result.exit_code == 0, result.stderr
    assert result.stdout.count("<|begin_of_text|><|start_header_id|>user") == 4
    assert 'compared: {"grade": "LGG"}' in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_backend_without_prompts_says_so(
    in_process: Callable[..., Result], phantoms: Path
) -> None:
    result = in_process("predict", str(phantoms / NAME), "--backend", "majority", "--show-prompts")

    assert result.exit_code == 1
    assert result.stderr == "error: backend majority sends no prompts\n"


@pytest.mark.slow
def test_a_cohort_is_read_by_an_oracle_that_says_so_everywhere(
    in_process: Callable[..., Result], phantoms: Path, settings: dict[str, str], tmp_path: Path
) -> None:
    settings["GLIOBENCH_LLAMA__POLICY"] = "oracle-largest-tumour"

    result = in_process(
        "evaluate", str(phantoms), "--backend", "llama-vision", "--out", "run", **settings
    )

    assert result.exit_code in (0, 3), result.stderr
    said = " ".join(result.stdout.split())
    assert "llama-vision was shown slices selected with the reference mask" in said
    manifest = json.loads((tmp_path / "run" / "llama-vision" / "manifest.json").read_text())
    assert manifest["facts"]["oracle"] is True
    assert manifest["provenance"]["slices"] == "oracle-largest-tumour"
    assert "oracle" in (tmp_path / "run" / "report.html").read_text().lower()


@pytest.mark.slow
def test_an_oracle_does_not_predict_a_study_without_a_reference(
    in_process: Callable[..., Result], phantoms: Path, settings: dict[str, str], tmp_path: Path
) -> None:
    bare = tmp_path / NAME
    bare.mkdir()
    for image in (phantoms / NAME).glob("*.nii.gz"):
        if "_seg" not in image.name:
            (bare / image.name).symlink_to(image)
    settings["GLIOBENCH_LLAMA__POLICY"] = "oracle-largest-tumour"

    result = in_process("predict", str(bare), "--backend", "llama-vision", **settings)

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "no reference tumour" in result.stderr


def test_a_model_that_is_not_there_exits_1_with_one_line(
    in_process: Callable[..., Result], phantoms: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    result = in_process(
        "predict",
        str(phantoms / NAME),
        "--backend",
        "llama-vision",
        GLIOBENCH_LLAMA__MODEL="no/such/model",
    )

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "no/such/model" in result.stderr
