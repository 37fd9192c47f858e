"""What docs/privacy.md says, seen from outside: a fresh home stays empty, and nobody is called."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gliobench import NO_TELEMETRY
from gliobench.adapters.phantom import PhantomStudySource, export_phantoms
from integration.deploy.dockerfile import environment, stages

REPOSITORY = Path(__file__).parents[2]
COMMANDS = {
    "predict": ("predict", "studies/Phantom_0000", "--out", "out"),
    "evaluate": (
        *("--set", "workers=2", "evaluate", "studies", "--out", "out"),
        *("--backend", "cnn-onnx", "--backend", "mean-box"),
    ),
}


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("privacy")
    export_phantoms(folder / "studies", PhantomStudySource(2, spacing_mm=4.0))
    return folder


def run(work: Path, home: Path, *command: str) -> None:
    for folder in (home / "home", home / "tmp"):
        folder.mkdir(parents=True)
    inherited = {name: value for name, value in os.environ.items() if name not in NO_TELEMETRY}
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR"):
        inherited.pop(name, None)
    subprocess.run(
        command,
        cwd=work,
        env=inherited | {"HOME": str(home / "home"), "TMPDIR": str(home / "tmp")},
        check=True,
        capture_output=True,
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_a_fresh_home_and_the_temporary_folder_stay_empty(
    studies: Path, tmp_path: Path, name: str
) -> None:
    run(studies, tmp_path, sys.executable, "-m", "gliobench", *COMMANDS[name])

    assert [str(path) for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_no_address_is_looked_up_and_no_host_is_called(
    studies: Path, tmp_path: Path, name: str
) -> None:
    calls = tmp_path / "calls.txt"
    traced = ["strace", "-f", "-qq", "-e", "trace=network,openat", "-o", str(calls)]
    if not shutil.which("strace") or subprocess.run([*traced, "true"], check=False).returncode:
        pytest.skip("strace cannot trace here")

    run(studies, tmp_path, *traced, sys.executable, "-m", "gliobench", *COMMANDS[name])

    traces = ("AF_INET", "/etc/resolv.conf")
    lines = calls.read_text(errors="replace").splitlines()
    abroad = [line for line in lines if any(trace in line for trace in traces)]
    assert abroad == []


def test_image_and_manifests_silence_the_same_libraries() -> None:
    image = environment(stages(REPOSITORY / "deploy" / "Dockerfile")[-1])
    lines = (REPOSITORY / "deploy" / "base" / "settings.env").read_text().splitlines()
    manifests = dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")

    assert NO_TELEMETRY.items() <= image.items()
    assert NO_TELEMETRY.items() <= manifests.items()
