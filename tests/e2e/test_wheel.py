"""The wheel, built from a copy of the tree and run beside PyPI's packages of our layers' names."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from gliobench import __version__

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
SHIPPED = ["src", "domain", "application", "adapters", "entrypoints"]
FILES = ["pyproject.toml", "README.md", "LICENSE"]


def run(*command: str | Path, cwd: Path) -> str:
    elsewhere = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=cwd, env=elsewhere, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("tree")
    for folder in SHIPPED:
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(REPOSITORY / folder, tree / folder, symlinks=True, ignore=ignored)
    for file in FILES:
        shutil.copy(REPOSITORY / file, tree)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    run(*pip, "--wheel-dir", "dist", ".", cwd=tree)
    (built,) = (tree / "dist").iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the executables of an environment with the wheel and PyPI's two packages.

    Other dependencies come from the environment of the tests, so that nothing large is fetched.
    """
    home = tmp_path_factory.mktemp("home")
    run(sys.executable, "-m", "venv", "--without-pip", home / "venv", cwd=home)
    bin_ = home / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    pip = [sys.executable, "-m", "pip", "--python", bin_ / "python", "install", "--quiet"]
    run(*pip, "--no-deps", "--no-compile", wheel, "entrypoints", "adapters", cwd=home)
    purelib = sysconfig.get_path("purelib", vars={"base": str(home / "venv")})
    (Path(purelib) / "zz_dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return bin_


def test_the_wheel_holds_the_four_layers_and_what_they_read(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    for layer in ("domain", "application", "adapters", "entrypoints"):
        assert f"gliobench/{layer}/__init__.py" in names
    for file in ("onnx/weights/localizer.onnx", "onnx/weights/grader.onnx"):
        assert f"gliobench/adapters/{file}" in names
    assert "gliobench/py.typed" in names
    assert any(name.startswith("gliobench/adapters/html/templates/") for name in names)


def test_the_wheel_holds_every_file_of_the_layers(wheel: Path) -> None:
    wanted = {
        f"gliobench/{path.relative_to(REPOSITORY).as_posix()}"
        for layer in SHIPPED[1:]
        for path in (REPOSITORY / layer).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert wanted <= set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}

    assert tops == {"gliobench", f"gliobench-{__version__}.dist-info"}


def test_the_command_runs_beside_packages_of_the_same_names(
    installed: Path, tmp_path: Path
) -> None:
    assert run(installed / "gliobench", "--version", cwd=tmp_path) == f"gliobench {__version__}\n"


def test_every_backend_of_ours_can_be_loaded_from_the_wheel(
    installed: Path, tmp_path: Path
) -> None:
    rows = json.loads(run(installed / "gliobench", "backends", "--json", cwd=tmp_path))

    assert [row["name"] for row in rows if row["problem"]] == []
    assert {"cnn-onnx", "majority", "centre-prior"} <= {row["name"] for row in rows}


def test_the_packages_of_the_same_names_are_still_theirs(installed: Path, tmp_path: Path) -> None:
    code = """
import importlib.util, entrypoints, gliobench.entrypoints.cli, gliobench.adapters
assert hasattr(entrypoints, "get_group_all"), entrypoints.__file__
print(entrypoints.__file__, importlib.util.find_spec("adapters").origin, gliobench.__file__)
"""
    for place in run(installed / "python", "-c", code, cwd=tmp_path).split():
        assert Path(place).is_relative_to(installed.parent)
