"""`gliobench evaluate` from and into a store: disturbed in every way, the run equals a local one."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import fsspec
import pytest

from command_line import gliobench, loaded_python
from fakes.fake_study_source import fake_case
from fakes.s3_server import BUSY, ENVIRONMENT, RESET, S3, Fault, Request
from fakes.study_folder import write_study
from gliobench.adapters.parquet.run_store import EFFORT
from gliobench.domain.studies.study import Grade

STUDIES = 3
BACKENDS = ("majority", "mean-box")


def arguments(dataset: str, out: str, *more: str) -> list[str]:
    named = [word for name in BACKENDS for word in ("--backend", name)]
    settings = ["--set", "trust_checksums=false", "--set", "store_patience_s=60"]
    return [*settings, "evaluate", dataset, *named, "--out", out, "--batch-size", "1", *more]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "cohort"
    for number in range(STUDIES):
        grade = Grade.LGG if number % 2 else Grade.HGG
        write_study(folder, fake_case(f"BraTS20_Training_{number:03}", grade=grade))
    return folder


@pytest.fixture(scope="module")
def undisturbed(
    cohort: Path, tmp_path_factory: pytest.TempPathFactory, real_sizes_of_module: None
) -> Mapping[str, bytes]:
    """The files of a run in a folder, by name."""
    out = tmp_path_factory.mktemp("undisturbed")
    result = gliobench(*arguments(str(cohort), str(out)))
    assert result.exit_code in {0, 3}, result.output
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name != EFFORT
    }


def upload(s3: S3, cohort: Path) -> str:
    fsspec.filesystem("s3").put(f"{cohort}/", f"{s3.url}/cohort/", recursive=True)
    s3.proxy.honest()
    return f"{s3.url}/cohort"


def kept(url: str) -> dict[str, bytes]:
    """Read a run's files."""
    files = fsspec.filesystem("s3", use_listings_cache=False)
    root = url.removeprefix("s3://")
    found: dict[str, bytes] = files.cat(files.find(root))
    return {
        name.removeprefix(f"{root}/"): content
        for name, content in found.items()
        if not name.endswith(f"/{EFFORT}")
    }


def start(s3: S3, dataset: str, out: str, cache: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        loaded_python("-m", "gliobench", *arguments(dataset, out)),
        env={**os.environ, **s3.environment, "GLIOBENCH_CACHE_DIR": str(cache)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def finish(process: subprocess.Popen[bytes]) -> str:
    said = process.communicate(timeout=300)[0].decode()
    assert process.returncode in {0, 3}, said
    return said


def parts_put(s3: S3) -> int:
    return sum(one.method == "PUT" and "/part-" in one.path for one in s3.proxy.seen)


def test_a_run_from_and_into_a_store_equals_a_local_one_to_the_byte(
    s3: S3,
    cohort: Path,
    undisturbed: Mapping[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GLIOBENCH_CACHE_DIR", str(tmp_path))
    dataset = upload(s3, cohort)

    result = gliobench(*arguments(dataset, f"{s3.url}/run"))

    assert result.exit_code in {0, 3}, result.output
    assert f"{s3.url}/run/report.html" in result.output.replace("\n", "")
    run = kept(f"{s3.url}/run")
    assert run.keys() == undisturbed.keys()
    assert {name for name in run if run[name] != undisturbed[name]} == set()
    compared = gliobench(
        "compare", f"{s3.url}/run", "--out", f"{s3.url}/compared", "--replicates", "100"
    )
    assert compared.exit_code in {0, 3}, compared.output
    assert "report.html" in kept(f"{s3.url}/compared")


def test_a_run_killed_and_resumed_under_faults_equals_a_local_one(
    s3: S3, cohort: Path, undisturbed: Mapping[str, bytes], tmp_path: Path
) -> None:
    dataset, out = upload(s3, cohort), f"{s3.url}/run"

    def trouble(request: Request) -> Fault | None:
        """Every ninth request fails, and parts are put slowly enough to be met at it."""
        if request.number % 9 == 0:
            return RESET if request.number % 2 else BUSY
        return Fault(wait_s=0.2) if "/part-" in request.path else None

    s3.proxy.policy = trouble
    process = start(s3, dataset, out, tmp_path)
    patience = time.monotonic() + 200
    while parts_put(s3) < 3:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < patience, "wrote nothing"
        time.sleep(0.005)
    process.kill()
    process.communicate()
    first = {name for name in kept(out) if "/part-" in name}
    said = finish(start(s3, dataset, out, tmp_path))

    assert 0 < len(first) < STUDIES * len(BACKENDS)
    run = kept(out)
    assert first <= run.keys()
    assert run.keys() == undisturbed.keys()
    assert {name for name in run if run[name] != undisturbed[name]} == set()
    assert ENVIRONMENT["AWS_SECRET_ACCESS_KEY"] not in said


def test_two_processes_that_write_one_run_make_the_run_of_one(
    s3: S3, cohort: Path, undisturbed: Mapping[str, bytes], tmp_path: Path
) -> None:
    dataset, out = upload(s3, cohort), f"{s3.url}/run"

    both = [start(s3, dataset, out, tmp_path) for _ in range(2)]
    for process in both:
        finish(process)

    run = kept(out)
    assert run.keys() == undisturbed.keys()
    assert {name for name in run if run[name] != undisturbed[name]} == set()


def test_a_store_that_is_away_ends_the_job_and_no_study_is_failed(
    s3: S3, cohort: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLIOBENCH_CACHE_DIR", str(tmp_path))
    dataset, out = upload(s3, cohort), str(tmp_path / "run")
    s3.proxy.policy = lambda one: BUSY if "Training_002" in one.path else None
    calm = ["--set", "store_patience_s=0.3", *arguments(dataset, out)[4:]]

    stopped = gliobench(*calm)
    s3.proxy.honest()
    resumed = gliobench(*calm)

    assert stopped.exit_code == 75, stopped.output
    assert "Training_002" in stopped.stderr.splitlines()[-1]
    assert resumed.exit_code in {0, 3}, resumed.output
    assert '"n_failed": 0' in (tmp_path / "run" / "report.json").read_text()
