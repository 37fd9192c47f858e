from __future__ import annotations

from pathlib import Path

import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.entrypoints.settings import Settings, load_settings, origins


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"GLIOBENCH_{name.upper()}", raising=False)
    return tmp_path


def test_a_flag_wins_over_the_environment_and_that_over_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "gliobench.toml").write_text("seed = 1\nthreads = 1\nbatch_size = 1\n")
    monkeypatch.setenv("GLIOBENCH_SEED", "2")
    monkeypatch.setenv("GLIOBENCH_THREADS", "2")

    settings = load_settings({"seed": "3"})

    assert (settings.seed, settings.threads, settings.batch_size) == (3, 2, 1)


def test_without_any_source_every_value_is_a_default() -> None:
    assert set(origins().values()) == {"default"}


def test_settings_cannot_be_changed_once_loaded() -> None:
    settings = load_settings()

    with pytest.raises(ValueError, match="frozen"):
        settings.seed = 1


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("seed = ", "gliobench.toml is not TOML"),
        ("sed = 1", "gliobench.toml: sed: there is no such setting: wanted one of provider"),
        ("provider = 'gpu'", "gliobench.toml: provider: got 'gpu'"),
        ("threads = 0", "gliobench.toml: threads: got 0"),
        ("backend = 3", "gliobench.toml: backend: got 3"),
    ],
)
def test_a_fault_in_the_file_is_named_with_its_place(folder: Path, written: str, said: str) -> None:
    (folder / "gliobench.toml").write_text(written)

    with pytest.raises(InvalidInputError, match=said):
        load_settings()


def test_a_file_that_is_no_text_is_named(folder: Path) -> None:
    (folder / "gliobench.toml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(InvalidInputError, match=r"gliobench\.toml cannot be read"):
        load_settings()


def test_a_fault_in_the_environment_is_named_with_its_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GLIOBENCH_PROVIDER", "gpu")

    with pytest.raises(InvalidInputError, match="GLIOBENCH_PROVIDER: got 'gpu'"):
        load_settings()


def test_a_table_in_the_environment_that_is_no_json_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GLIOBENCH_BACKEND", "{")

    with pytest.raises(InvalidInputError, match=r"backend.*wanted JSON"):
        load_settings()


def test_a_fault_in_a_flag_is_named_as_it_is_written() -> None:
    with pytest.raises(InvalidInputError, match="--set seed: got '-1'"):
        load_settings({"seed": "-1"})
