"""What nobody can mean is refused at once, in one line, before anything is read or computed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from command_line import gliobench

EVALUATE = ("--backend", "majority", "--out", "run")


def _refused(*args: str) -> str:
    began = time.monotonic()
    result = gliobench(*args)

    assert result.exit_code in (1, 2), result.output
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert len(result.stderr) < 1100
    assert time.monotonic() - began < 10
    return result.stderr


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "dataset",
    [
        "phantom:",
        "phantom:0",
        "phantom:-1",
        "phantom:10^20",
        "phantom:100000000000000000000",
        f"phantom:{'9' * 5000}",
        "phantom:1000000000",
        "phantom:100001",
        "phantom:12:0:0",
        "phantom:1:0:1e-9",
        "phantom:1:0:0.000000001",
        "phantom:1:0:5",
        "phantom:1:-1",
        "phantom:\u0661",
        "a" * 100_000,
    ],
)
def test_a_dataset_that_nobody_can_mean(dataset: str) -> None:
    _refused("evaluate", dataset, *EVALUATE)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--workers", "1000000000"),
        ("--workers", "0"),
        ("--workers", "-1"),
        ("--batch-size", "1000000000"),
        ("--batch-size", "9" * 5000),
        ("--study-timeout", "1e300"),
        ("--study-timeout", "nan"),
        ("--study-timeout", "-1"),
        ("--limit", "-1"),
        ("--limit", "0"),
        ("--limit", "many"),
        ("--shard", "nonsense"),
        ("--shard", "4/4"),
        ("--shard", "0/1000000000"),
        ("--shard", "1" * 5000),
        ("--executor", "ray\nray"),
    ],
)
def test_an_option_that_nobody_can_mean(option: str, value: str) -> None:
    _refused("evaluate", "phantom:1", *EVALUATE, f"{option}={value}")


@pytest.mark.parametrize("replicates", ["1000000000000", "1000001", "99", "-5", "1e3"])
def test_replicates_that_nobody_can_wait_for(replicates: str) -> None:
    assert "--replicates" in _refused("compare", "no-run", "--out", "c", "--replicates", replicates)


@pytest.mark.parametrize(
    "assignment",
    [
        "llama=5",
        "llama=[]",
        "llama=x",
        "compare=true",
        "keep=nan",
        "backend=3",
        "threads=1000000000",
        "batch_size=0",
        "workers=1e9",
        "seed=-1",
        "seed=99999999999999999999999999",
        f"seed={'9' * 5000}",
        "cache_gib=inf",
        "cache_gib=1e300",
        "store_patience_s=1e300",
        "shards=1000000000",
        "compare.replicates=1000000000000",
        "llama.size_px=1000000000",
        "llama.batch_size=1000000000",
        "llama.slices=0",
        "keep.pictures=-1",
        "a.b.c.d=1",
        "=1",
        "nothing",
    ],
)
def test_a_setting_that_nobody_can_mean(assignment: str) -> None:
    _refused("--set", assignment, "config", "show")


def test_a_table_that_is_set_to_a_number_and_has_settings_is_named() -> None:
    assert "wanted llama.NAME" in _refused("--set", "llama=5", "--set", "llama.slices=3", "doctor")


@pytest.mark.parametrize(
    "text",
    [
        "llama = 5",
        "llama = []",
        "[llama]\nmodel = 5",
        "threads = [" + "[" * 5000,
        "threads = " + "[" * 2000 + "]" * 2000,
        "threads = " + "9" * 5000,
        "seed = 10000000000000000000000",
        "threads = {a={b={c={d=1}}}}",
        "threads = 1\nthreads = 2",
        "threads = 1979-05-27",
        "[a]\n[a]",
        "\x00",
        "=",
    ],
)
def test_a_file_of_settings_that_nobody_can_mean(text: str, folder: Path) -> None:
    (folder / "gliobench.toml").write_text(text)

    assert "gliobench.toml" in _refused("config", "show")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a = \xff", "threads = 2".encode("utf-16")])
def test_a_file_of_settings_in_another_encoding(content: bytes, folder: Path) -> None:
    (folder / "gliobench.toml").write_bytes(content)

    assert "gliobench.toml" in _refused("config", "show")
