"""docs/operations.md, followed to the letter by somebody who copies every command in it.

The box of Ray is run at the full dose alone. Three things stand in for what a test cannot have: `.venv` leads to the environment of the tests, with
its libraries loaded, so that `make demo` has nothing to install, the cluster is an API server on loopback that keeps what
the published schemas and a restricted namespace allow, and each of the three shards has two studies.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from command_line import loaded_python
from fakes.fake_api_server import FakeCluster, fake_cluster
from gliobench.entrypoints.container import container
from integration.deploy.validity import check

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8")
BOXES = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
COHORT, SMALL_COHORT, N_STUDIES = "phantom:12:0:4", "phantom:6:0:4", 6
BLOCKS = [body.replace(COHORT, SMALL_COHORT) for kind, body in BOXES if kind == "sh"]
OF_RAY = "--executor ray"
NEEDED = ["Makefile", "pyproject.toml", "constraints.txt", "deploy"]
DEMO = r"COHORT=phantom:2:0:4 BACKENDS=centre-prior\ majority"
"""A demo in seconds; the other backends are evaluated in tests of their own."""
LIMIT_S = 900


@dataclass(frozen=True, slots=True)
class Done:
    """One box of the page, what it printed, and the files that were there afterwards."""

    commands: str
    code: int
    printed: str
    files: frozenset[str]


@dataclass(frozen=True, slots=True)
class Walk:
    """The whole page."""

    place: Path
    steps: list[Done]
    cluster: FakeCluster

    def step(self, *words: str) -> Done:
        """Find the only box with all of these words."""
        (found,) = [one for one in self.steps if all(word in one.commands for word in words)]
        return found


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory, full: bool) -> Iterator[Walk]:
    if shutil.which("kubectl") is None:
        pytest.skip("no kubectl: .ci/run tells how to get one")
    if find_spec("ray") is None:
        pytest.skip("no Ray: pip install 'gliobench[ray]'")
    place = tmp_path_factory.mktemp("page")
    _check_out(place)
    with fake_cluster(check) as cluster:
        variables = {**os.environ, "MAKEFLAGS": f"-- {DEMO}", "GLIOBENCH_BATCH_SIZE": "1"}
        variables["KUBECONFIG"] = str(cluster.write_config(place / "kubeconfig"))
        blocks = [block for block in BLOCKS if full or OF_RAY not in block]
        yield Walk(place, [_do(block, place, variables) for block in blocks], cluster)


def _check_out(place: Path) -> None:
    for name in NEEDED:
        copy = shutil.copytree if (REPOSITORY / name).is_dir() else shutil.copy
        copy(REPOSITORY / name, place / name)
    venv = place / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    command = venv / "bin" / "gliobench"
    command.write_text(f'#!/bin/sh\nexec {shlex.join(loaded_python("-m", "gliobench"))} "$@"\n')
    command.chmod(0o755)
    (venv / ".demo").touch()


def _do(block: str, place: Path, variables: dict[str, str]) -> Done:
    # Each box in a shell of its own; of those before it, only this is left in the reader's shell.
    before = "".join(BLOCKS[: BLOCKS.index(block)])
    exports = re.findall(r"^export .*$", before, flags=re.MULTILINE)
    script = "\n".join(["set -e", ". .venv/bin/activate", *exports, block])
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=place,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    files = (path for path in (place / "runs").rglob("*") if path.is_file())
    names = frozenset(path.relative_to(place / "runs").as_posix() for path in files)
    return Done(block, done.returncode, done.stdout, names)


def rows(run: Path) -> list[object]:
    return list(container.run_store(str(run)).scores())


def test_no_command_stands_in_a_box_that_is_not_run() -> None:
    command = re.compile(r"^(gliobench|kubectl|make)\b", re.MULTILINE)

    assert len(BLOCKS) >= 8
    assert [body for kind, body in BOXES if kind != "sh" and command.search(body)] == []


def test_every_command_ends_well(walk: Walk) -> None:
    assert {one.commands: one.printed for one in walk.steps if one.code} == {}


def test_the_demo_ends_in_a_report(walk: Walk) -> None:
    assert (walk.place / "demo" / "report.html").is_file()


def test_killed_shards_leave_their_predictions_and_no_report(walk: Walk) -> None:
    files = walk.step("kill -9").files

    assert any(name.endswith(".parquet") and "/predictions/" in name for name in files)
    assert "sharded/report.html" not in files
    assert "sharded/cnn-onnx/scores.parquet" not in files


def test_missing_shards_are_not_merged(walk: Walk) -> None:
    assert "exit code 1" in walk.step("gliobench merge").printed
    assert "sharded/report.html" not in walk.step("gliobench merge").files


def test_resumed_shards_keep_what_was_there_and_end_in_a_report(walk: Walk) -> None:
    killed, resumed = walk.step("kill -9").files, walk.step("wait\n").files

    assert {name for name in killed if "/predictions/part-" in name} <= resumed
    assert {"sharded/report.html", "sharded/cnn-onnx/scores.parquet"} <= resumed
    assert len(rows(walk.place / "runs" / "sharded" / "cnn-onnx")) == N_STUDIES


@pytest.mark.full
def test_ray_makes_the_rows_of_the_killed_and_resumed_run(walk: Walk) -> None:
    runs = walk.place / "runs"

    assert rows(runs / "ray" / "cnn-onnx") == rows(runs / "sharded" / "cnn-onnx")


def test_the_cluster_takes_every_job(walk: Walk) -> None:
    jobs = {
        (kind, name)
        for kind, name in walk.cluster.objects
        if kind in ("Job", "CronJob", "RayJob", "Secret")
    }

    assert jobs == {
        ("CronJob", "gliobench-nightly"),
        ("Job", "gliobench-sharded"),
        ("Job", "gliobench-lora"),
        ("RayJob", "gliobench-ray"),
        ("Secret", "gliobench-object-store"),
    }


def test_an_overlay_of_ones_own_changes_what_it_names(walk: Walk) -> None:
    spec = walk.cluster.objects["Job", "gliobench-sharded"]["spec"]
    container = spec["template"]["spec"]["containers"][0]

    assert spec["completions"] == 64
    assert container["env"] == [{"name": "GLIOBENCH_SHARDS", "value": "64"}]
    assert container["image"] == "registry.example.org/gliobench:0.2.0-cpu"
