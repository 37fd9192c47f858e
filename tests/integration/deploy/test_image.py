"""The image's steps, carried out without a container engine: build, then run as in a cluster.

The environment is clean: it holds what gliobench declares, linked from the environment of the tests.
Where the tests run as root on Linux, the container is imitated closely: a file system that is
read-only but for the volumes, and a user without rights.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import pytest

from integration.deploy.dockerfile import build, command, environment, placed, stages, the
from integration.deploy.linked_environment import declared, link
from integration.deploy.rendered import DEPLOY, Object, pods

REPOSITORY = DEPLOY.parent
DOCKERFILE = DEPLOY / "Dockerfile"
USER = 65532
READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,ro,bind / && shift && exec "$@"'
READS = "-all,+dac_read_search"
"""No rights but one: the interpreter may lie where only root may look, which an image's does not."""
RIGHTS = [
    "--clear-groups",
    "--no-new-privs",
    f"--bounding-set={READS}",
    f"--inh-caps={READS}",
    f"--ambient-caps={READS}",
]


@dataclass(frozen=True, slots=True)
class Image:
    """An environment as the image has it, the volumes of a pod, and how to start a container."""

    home: Path
    variables: dict[str, str]
    sealed: list[str]

    @property
    def volumes(self) -> Path:
        return self.home / "volumes"

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.sealed, *map(str, arguments)],
            cwd=self.volumes / "tmp",
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    home = Path(tempfile.mkdtemp(prefix="gliobench-image-"))
    home.chmod(0o755)
    try:
        yield _built(home)
    finally:
        shutil.rmtree(home)


def _built(home: Path) -> Image:
    build_stage, final_stage = stages(DOCKERFILE)
    places = {"/opt/gliobench": home / "opt", "/tmp": home / "volumes" / "tmp"}
    extras = the(build_stage, "ARG").partition("=")[2]
    (home / "source").mkdir()
    link({"setuptools": distribution("setuptools")}, _made(home / "tools"))
    build(
        build_stage,
        checkout=REPOSITORY,
        workdir=home / "source",
        places=places,
        variables={**_offline(home / "tools"), "EXTRAS": extras},
    )
    purelib = Path(sysconfig.get_path("purelib", vars={"base": str(home / "opt")}))
    link(declared("gliobench", extras.split(","), purelib=purelib), purelib)
    shutil.rmtree(home / "source")
    for volume in ("tmp", "runs"):
        _made(home / "volumes" / volume).chmod(0o777)
    return Image(home, _variables(environment(final_stage), places), _sealing(home / "volumes"))


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _offline(tools: Path) -> dict[str, str]:
    """Let pip install what lies there, with this environment's setuptools, and nothing else."""
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONPATH": str(tools),
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip's way of saying: no isolation
        "PIP_QUIET": "2",
        "PIP_ROOT_USER_ACTION": "ignore",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def _variables(set_: dict[str, str], places: dict[str, Path]) -> dict[str, str]:
    """Give what ENV sets, with this machine's folders in place of the image's."""
    system = {name: value.replace("$PATH", "/usr/bin:/bin") for name, value in set_.items()}
    return {name: placed(value, places) for name, value in system.items()}


def _sealing(volumes: Path) -> list[str]:
    if os.getuid() != 0:
        return []
    unshare = ["unshare", "--mount"]
    possible = subprocess.run(
        [*unshare, "mount", "--bind", "/", "/"], capture_output=True, check=False
    )
    if possible.returncode != 0 or shutil.which("setpriv") is None:
        pytest.skip("root may not mount here")
    drop = ["setpriv", f"--reuid={USER}", f"--regid={USER}", *RIGHTS]
    return [*unshare, "sh", "-c", READ_ONLY, "sh", str(volumes), *drop]


@pytest.fixture(scope="module")
def cohort(image: Image, phantoms: Path) -> Path:
    return shutil.copytree(phantoms, image.home / "cohort")


def test_hadolint_finds_no_fault() -> None:
    done = subprocess.run(
        [Path(sysconfig.get_path("scripts")) / "hadolint", "--no-color", DOCKERFILE],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout + done.stderr == ""
    assert done.returncode == 0


def test_the_base_is_pinned_to_a_version() -> None:
    (base,) = [
        line.partition("=")[2]
        for line in DOCKERFILE.read_text(encoding="utf-8").splitlines()
        if line.startswith("ARG PYTHON=")
    ]
    version = base.partition(":")[2].partition("-")[0]

    assert version.count(".") == 2 or "@sha256:" in base
    assert {the(stage, "FROM").split(" AS ")[0] for stage in stages(DOCKERFILE)} == {"${PYTHON}"}


def test_the_images_user_is_the_pods(objects: list[Object]) -> None:
    user = the(stages(DOCKERFILE)[-1], "USER")

    for pod in pods(objects):
        security = pod.spec["securityContext"]
        assert user == f"{security['runAsUser']}:{security['runAsGroup']}" == f"{USER}:{USER}"


def test_every_image_of_a_manifest_has_a_recipe(objects: list[Object]) -> None:
    recipes = DOCKERFILE.read_text(encoding="utf-8")
    extras = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    known = set(extras["project"]["optional-dependencies"])

    for pod in pods(objects):
        (line,) = [one for one in recipes.splitlines() if f"-t {pod.container['image']} " in one]
        assert set(line.partition("EXTRAS=")[2].split()[0].split(",")) <= known


def test_a_container_runs_the_images_python(image: Image) -> None:
    done = image.run("python", "-c", "import sys; print(sys.prefix)")

    assert done.stdout.strip() == str(image.home / "opt"), done.stderr


def test_the_slim_image_has_no_torch(image: Image) -> None:
    done = image.run("python", "-c", "import torch")

    assert "No module named 'torch'" in done.stderr


def test_the_image_has_no_pip(image: Image) -> None:
    assert "No module named pip" in image.run("python", "-m", "pip", "--version").stderr


def test_a_container_can_write_to_its_volumes_only(image: Image) -> None:
    assert image.run("touch", image.volumes / "tmp" / "mine").returncode == 0
    if image.sealed:
        for place in (image.home / "opt" / "pyvenv.cfg", image.home / "new", Path("/etc/new")):
            assert image.run("touch", place).returncode != 0
        assert image.run("id", "-u").stdout.strip() == str(USER)


def test_a_container_evaluates_a_cohort(image: Image, cohort: Path) -> None:
    out = image.volumes / "runs" / "night"
    options = ["--backend=cnn-onnx", "--backend=centre-prior", f"--out={out}"]

    done = image.run(*command(stages(DOCKERFILE)[-1]), "evaluate", cohort, *options)

    assert done.returncode in (0, 3), done.stderr
    assert (out / "report.html").is_file()
    assert "Read-only file system" not in done.stderr
    if image.sealed:
        assert (out / "report.html").stat().st_uid == USER
        assert not (out / "report.html").stat().st_mode & stat.S_ISUID
