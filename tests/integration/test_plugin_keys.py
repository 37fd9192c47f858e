"""What a backend's answers depend on is part of their key, though its author forgot it."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from fakes.fake_backend import fake_backend
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.entrypoints import plugins


def forgetful(options: BackendOptions) -> Backend:
    return fake_backend("forgetful", fingerprint="always the same")


@pytest.fixture(autouse=True)
def offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.forgetful", forgetful, raising=False)
    entry = EntryPoint("forgetful", "builtins:forgetful", plugins.BACKENDS)
    monkeypatch.setattr(plugins, "entry_points", lambda *, group: [entry])


def key(**options: object) -> str:
    return plugins.build_backend("forgetful", BackendOptions(**options)).fingerprint  # type: ignore[arg-type]


def test_the_same_options_have_the_same_key(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"1")
    given = {"extra": {"depth": 3, "weights": str(tmp_path)}, "weights_dir": str(tmp_path)}

    assert key(**given) == key(**given)


@pytest.mark.parametrize(
    "changed",
    [
        {"extra": {"depth": 4}},
        {"extra": {"depth": 3, "colour": "red"}},
        {"provider": "cuda", "extra": {"depth": 3}},
        {"weights_dir": "elsewhere", "extra": {"depth": 3}},
    ],
)
def test_another_option_has_another_key(changed: dict[str, object]) -> None:
    assert key(**changed) != key(extra={"depth": 3})


@pytest.mark.parametrize("named", ["", "weights.pt", "folds"])
def test_a_file_that_is_replaced_in_place_has_another_key(tmp_path: Path, named: str) -> None:
    (tmp_path / "folds").mkdir()
    file = tmp_path / "folds" / "weights.pt" if named == "folds" else tmp_path / "weights.pt"
    options = {"extra": {"weights": str(tmp_path / named)}}
    file.write_bytes(b"old")
    before = key(**options)

    file.write_bytes(b"new")

    assert key(**options) != before


def test_another_release_of_the_package_has_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key()
    monkeypatch.setattr(plugins, "package_of", lambda entry: "forgetful 2.0")

    assert key() != before
