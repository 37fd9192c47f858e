"""Where the folds of a held-out backend are looked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fakes.fake_backend import fake_backend
from gliobench.application.backends.held_out import held_out
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.domain.errors import NotFoundError


def test_folds_are_built_from_their_folders_with_the_other_options(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"fold-{number}").mkdir()
    (tmp_path / "final").mkdir()
    built: list[tuple[BackendOptions, Path]] = []

    def build(options: BackendOptions, folder: Path) -> Backend:
        built.append((options, folder))
        return fake_backend(trained_on=["anna"])

    options = BackendOptions(extra={"held_out": str(tmp_path), "dialect": "pixels"}, threads=2)
    backend = held_out(options, build)

    plain = replace(options, extra={"dialect": "pixels"})
    assert built == [(plain, tmp_path / f"fold-{number}") for number in range(3)]
    assert backend is not None
    assert [key for key in backend.provenance if key.startswith("fold-")] == [
        "fold-0",
        "fold-1",
        "fold-2",
    ]


@pytest.mark.parametrize("name", ["empty", "not-there"])
def test_a_folder_without_folds_is_an_error_of_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(NotFoundError, match=f"{name} holds no folds"):
        held_out(
            BackendOptions(extra={"held_out": str(tmp_path / name)}), lambda *_: fake_backend()
        )
