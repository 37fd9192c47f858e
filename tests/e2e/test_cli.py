"""The command line as a whole: in processes of its own where they matter, else in that of the tests."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from command_line import gliobench, loaded_python
from e2e.conftest import RunCli
from gliobench import __version__

COMMANDS = [
    "demo",
    "predict",
    "evaluate",
    "merge",
    "dataset",
    "train",
    "export",
    "backends",
    "config",
    "doctor",
]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")


def test_help_names_every_command_and_says_that_it_is_not_for_patients(
    gliobench_process: RunCli,
) -> None:
    result = gliobench_process("--help")

    assert result.returncode == 0
    for command in COMMANDS:
        assert f" {command} " in result.stdout
    assert "not for diagnosis" in result.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    result = gliobench(command, "--help")

    assert result.exit_code == 0
    assert re.search(rf"Usage: \S+ {command} ", result.stdout)


def test_version_is_the_package_s() -> None:
    assert gliobench("--version").stdout == f"gliobench {__version__}\n"


def test_a_wrong_flag_exits_2_with_a_hint() -> None:
    result = gliobench("evaluate", "phantom:1", "--bakend", "majority")

    assert result.exit_code == 2
    assert "No such option: --bakend" in result.stderr
    assert "--backend" in result.stderr.replace("--bakend", "")


def test_a_wrong_command_exits_2_with_a_hint() -> None:
    result = gliobench("evalute")

    assert result.exit_code == 2
    assert "'evaluate'" in result.stderr


def test_an_unknown_backend_exits_1_with_one_line_that_lists_the_known(
    gliobench_process: RunCli,
) -> None:
    result = gliobench_process("evaluate", "phantom:1", "--backend", "cnn-onyx", "--out", "run")

    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith(
        "error: unknown backend 'cnn-onyx': wanted FILE.py:FACTORY or one of "
    )
    assert "cnn-onnx" in result.stderr


def test_a_dataset_that_is_not_there_exits_1_with_one_line_that_names_it() -> None:
    result = gliobench("evaluate", "no/such/folder", "--backend", "majority", "--out", "run")

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "no/such/folder" in result.stderr


def test_a_phantom_cohort_with_wrong_numbers_exits_1_with_one_line() -> None:
    result = gliobench("evaluate", "phantom:many", "--backend", "majority", "--out", "run")

    assert result.exit_code == 1
    assert result.stderr.startswith("error: dataset 'phantom:many': wanted phantom:COUNT")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "line"),
    [("evaluate", "interrupted; this goes on: gliobench evaluate 'my data'\n"), ("doctor", "")],
)
def test_ctrl_c_exits_130_with_the_command_that_goes_on_if_there_is_one(
    command: str, line: str
) -> None:
    code = f"""
import os, signal, typer
from gliobench.entrypoints import cli

def interrupted(name):
    app = typer.Typer()

    @app.command()
    def command(dataset: str) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent in the background ignores it
        os.kill(os.getpid(), signal.SIGINT)

    return typer.main.get_command(app)

cli.load_command = interrupted
cli.app(["{command}", "my data"])
"""
    result = subprocess.run(loaded_python("-c", code), capture_output=True, text=True, check=False)

    assert result.returncode == 130
    assert result.stderr.lstrip("\n") == line


def test_a_setting_in_the_file_that_does_not_exist_exits_1_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "gliobench.toml").write_text("providr = 'cuda'\n")

    result = gliobench("backends")

    assert result.exit_code == 1
    assert result.stderr.startswith("error: gliobench.toml: providr: there is no such setting")
    assert result.stderr.count("\n") == 1


def test_help_is_shown_though_a_setting_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "gliobench.toml").write_text("providr = 'cuda'\n")

    assert gliobench("predict", "--help").exit_code == 0


def test_config_show_tells_where_each_value_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLIOBENCH_BATCH_SIZE", "8")
    (tmp_path / "gliobench.toml").write_text("workers = 2\nseed = 3\n[backend.corner]\nedge = 1\n")

    result = gliobench("--set", "seed=5", "config", "show", "--json")

    shown = json.loads(result.stdout)
    assert shown["workers"] == {"value": 2, "from": "file"}
    assert shown["batch_size"] == {"value": 8, "from": "env"}
    assert shown["seed"] == {"value": 5, "from": "flag"}
    assert shown["provider"] == {"value": "cpu", "from": "default"}
    assert shown["backend"] == {"value": {"corner": {"edge": 1}}, "from": "file"}


def test_backends_lists_ours_with_what_each_can_do() -> None:
    result = gliobench("backends", "--json")

    rows = {row["name"]: row for row in json.loads(result.stdout)}

    assert rows["cnn-onnx"]["problem"] is None
    assert rows["cnn-onnx"]["grades"]
    assert "mask" in rows["cnn-onnx"]["forms"]
    assert rows["majority"]["grades"]
    assert rows["majority"]["forms"] == []
    assert not rows["centre-prior"]["grades"]
    assert rows["centre-prior"]["package"] == f"gliobench {__version__}"


def test_backends_are_listed_without_loading_a_language_model() -> None:
    asked = (
        "import sys; from gliobench.entrypoints.container import container; "
        "rows = {row.name: row for row in container.list_backends()}; "
        "print(rows['llama-vision'].forms, rows['llama-vision'].stand_in, 'torch' in sys.modules)"
    )

    done = subprocess.run(loaded_python("-c", asked), capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "['box', 'point', 'polygon'] stand-in, not LLaMA False"


def test_doctor_finds_this_machine_ready() -> None:
    result = gliobench("doctor", "--json")

    checks = {check["name"]: check for check in json.loads(result.stdout)}
    assert result.exit_code == 0
    assert "CPUExecutionProvider" in json.dumps(checks)
    assert "sha256" in checks["weights localizer.onnx"]["found"]


def test_doctor_exits_1_where_there_are_no_weights(tmp_path: Path) -> None:
    result = gliobench("--set", f"weights_dir={tmp_path}", "doctor", "--json")

    checks = {check["name"]: check for check in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert checks["weights grader.onnx"]["ok"] is False
