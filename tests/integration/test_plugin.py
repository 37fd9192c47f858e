"""A third party's backend, installed from a folder and run like ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import gliobench, gliobench_process

PLUGIN = Path(__file__).parents[1] / "fixtures" / "plugin"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages that holds the plugin, and one that cannot be imported."""
    home = tmp_path_factory.mktemp("site")
    source = shutil.copytree(PLUGIN, home / "plugin", ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", home / "packages", source], check=True, capture_output=True)
    _add_torn(home / "packages")
    return home / "packages"


def _add_torn(packages: Path) -> None:
    (packages / "gliobench_torn.py").write_text("import no_such_library\n")
    (described,) = packages.glob("gliobench_corner-*.dist-info")
    torn = shutil.copytree(described, packages / described.name.replace("corner", "torn"))
    for name in ("METADATA", "entry_points.txt"):
        (torn / name).write_text((torn / name).read_text().replace("corner", "torn"))


@pytest.fixture(scope="module")
def listed(site: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What is said of each backend; in this process, where torch is loaded already."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("listed"))
        patch.syspath_prepend(site)
        result = gliobench("backends", "--json")
    return {row["name"]: row for row in json.loads(result.stdout)}


def test_a_plugin_is_listed_with_the_package_it_comes_from(
    listed: dict[str, dict[str, object]],
) -> None:
    assert listed["corner"] == {
        "name": "corner",
        "package": "gliobench-corner 1.0",
        "grades": False,
        "forms": ["point_3d"],
        "problem": None,
        "stand_in": None,
    }


def test_a_plugin_is_evaluated_beside_ours(site: Path, tmp_path: Path) -> None:
    (tmp_path / "gliobench.toml").write_text("[backend.corner]\ndistance_vox = 20\n")

    arguments = ["--backend", "corner", "--backend", "majority", "--out", "run"]
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    result = gliobench_process(
        "evaluate", "phantom:2:0:4", *arguments, cwd=tmp_path, PYTHONPATH=path
    )

    assert result.returncode == 0, result.stderr
    assert "corner" in result.stdout
    assert (tmp_path / "run" / "corner" / "manifest.json").is_file()


def test_a_plugin_that_cannot_be_imported_is_shown_with_the_reason_beside_ours(
    listed: dict[str, dict[str, object]],
) -> None:
    problem = str(listed["torn"]["problem"])

    assert "gliobench-torn 1.0" in problem
    assert "no_such_library" in problem
    assert listed["majority"]["problem"] is None
