"""What docs/privacy.md says, seen from outside: a fresh home stays empty, and nobody is called."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from gliobench import NO_TELEMETRY
from integration.deploy.dockerfile import environment, stages

REPOSITORY = Path(__file__).parents[2]
COMMANDS = {
    "predict": ("predict", "studies/Phantom_0000", "--out", "out"),
    "evaluate": (
        *("--set", "workers=2", "evaluate", "studies", "--out", "out"),
        *("--backend", "cnn-onnx", "--backend", "mean-box"),
    ),
}
STRACE = ("strace", "--seccomp-bpf", "-f", "-qq", "-e", "trace=network,openat", "-o")
"""Of 5.3 or later, which stops at these calls alone."""


@pytest.fixture(scope="module")
def studies(phantoms: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("privacy")
    (folder / "studies").symlink_to(phantoms)
    return folder


@dataclass(frozen=True, slots=True)
class Visit:
    """What a command left in a fresh home, and its system calls where they can be traced."""

    home: Path
    calls: Path | None


@pytest.fixture(scope="module", params=COMMANDS)
def visit(
    request: pytest.FixtureRequest, studies: Path, tmp_path_factory: pytest.TempPathFactory
) -> Visit:
    """Run a command once, watched where strace may watch."""
    home, calls = tmp_path_factory.mktemp("visit"), tmp_path_factory.mktemp("trace") / "calls.txt"
    traced = [*STRACE, str(calls)]
    if not shutil.which("strace") or subprocess.run([*traced, "true"], check=False).returncode:
        traced = []
    run(studies, home, *traced, sys.executable, "-m", "gliobench", *COMMANDS[request.param])
    return Visit(home, calls if traced else None)


def run(work: Path, home: Path, *command: str) -> None:
    for folder in (home / "home", home / "tmp"):
        folder.mkdir()
    inherited = {name: value for name, value in os.environ.items() if name not in NO_TELEMETRY}
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR"):
        inherited.pop(name, None)
    subprocess.run(
        command,
        cwd=work,
        env=inherited
        | {"HOME": str(home / "home"), "TMPDIR": str(home / "tmp"), "GLIOBENCH_THREADS": "1"},
        check=True,
        capture_output=True,
    )


def test_a_fresh_home_and_the_temporary_folder_stay_empty(visit: Visit) -> None:
    assert [str(path) for path in visit.home.rglob("*") if path.is_file()] == []


def test_no_address_is_looked_up_and_no_host_is_called(visit: Visit) -> None:
    if visit.calls is None:
        pytest.skip("strace cannot trace here")

    lines = visit.calls.read_text(errors="replace").splitlines()
    assert lines
    assert [line for line in lines if reaches_out(line)] == []


def reaches_out(line: str) -> bool:
    """Check for a call to a host, or a look at where names are asked for.

    A socket alone is none: urllib3, which pydicom imports, binds one to ::1 to see whether there is IPv6.
    """
    is_idle = re.search(r"\bsocket\(|\bbind\(.*\"::1\"", line)
    return "/etc/resolv.conf" in line or ("AF_INET" in line and not is_idle)


@pytest.mark.parametrize(
    ("line", "out"),
    [
        ('7 openat(AT_FDCWD, "/etc/resolv.conf", O_RDONLY|O_CLOEXEC) = 3', True),
        ("7 connect(3, {sa_family=AF_INET, sin_port=htons(443), …}, 16) = 0", True),
        ('7 sendto(3, "…", 33, 0, {sa_family=AF_INET6, …}, 28) = 33', True),
        ('7 bind(3, {sa_family=AF_INET, sin_addr=inet_addr("0.0.0.0")}, 16) = 0', True),
        ("7 socket(AF_INET6, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 3", False),
        (
            '7 bind(3, {sa_family=AF_INET6, …inet_pton(AF_INET6, "::1", &sin6_addr)…}, 28) = 0',
            False,
        ),
    ],
)
def test_a_socket_alone_is_no_call(line: str, out: bool) -> None:
    assert reaches_out(line) is out


def test_image_and_manifests_silence_the_same_libraries() -> None:
    image = environment(stages(REPOSITORY / "deploy" / "Dockerfile")[-1])
    lines = (REPOSITORY / "deploy" / "base" / "settings.env").read_text().splitlines()
    manifests = dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")

    assert NO_TELEMETRY.items() <= image.items()
    assert NO_TELEMETRY.items() <= manifests.items()
