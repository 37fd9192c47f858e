"""What `make gpu` runs on a lent machine runs in rehearsal on any."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "gpu.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = spec_from_file_location("gpu_command", SCRIPT)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules["gpu_command"] = module
    spec.loader.exec_module(module)
    return module


def test_a_run_is_timed_after_one_that_is_not(script: ModuleType) -> None:
    runs = iter(range(100))

    last, seconds = script._timed(lambda: next(runs))

    assert last == script.REPEATS
    assert seconds >= 0


def test_the_shipped_networks_are_run_on_inputs_of_their_size(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "_timed", lambda run: (run(), 0.0))  # no time is looked at

    rows = list(script.networks(rehearse=True))

    assert [what.split(",")[0] for what, _, _ in rows] == [
        "brain",
        "grader",
        "localizer",
        "slices/grader",
        "slices/localizer",
    ]
    assert "1x5x56x64x56, provider cpu" in rows[0][0]
    assert "1x4x80x96x80, provider cpu" in rows[2][0]
    assert all("at most 0.0e+00 off" in outcome for _, outcome, _ in rows)


def test_a_provider_that_is_absent_is_a_row_and_not_the_end(script: ModuleType) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    rows = list(script.networks(rehearse=False))

    assert len(rows) == 5
    assert all("asked for provider cuda, got" in outcome for _, outcome, _ in rows)


def test_a_part_that_takes_too_long_leaves_a_row(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(script.PARTS, "lora", (script.lora, 0.1))

    rows = list(script._run("lora", rehearse=True))

    assert [(row.what, row.outcome) for row in rows] == [
        ("did not come to its end", "ended after 0.4 s")
    ]


def test_without_a_gpu_it_says_how_to_rehearse(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["gpu.py"])

    with pytest.raises(SystemExit, match="no CUDA device: --rehearse runs small models on a CPU"):
        script.main()


@pytest.mark.slow
@pytest.mark.full
@pytest.mark.parametrize("part", ["tests", "questions", "lora"])
def test_every_part_comes_to_its_end(part: str) -> None:
    command = [sys.executable, SCRIPT, "--rehearse", "--part", part]

    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert all(json.loads(line)["outcome"] for line in done.stdout.splitlines())
