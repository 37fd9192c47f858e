from __future__ import annotations

import pytest
from dependency_injector import providers

from gliobench.domain.errors import InvalidInputError
from gliobench.entrypoints.completion import backend_names, setting_names
from gliobench.entrypoints.container import container
from gliobench.entrypoints.settings import load_settings


def test_backends_of_packages_and_of_the_settings_are_completed() -> None:
    declared = load_settings({"backend.cnn-mine.kind": "files"})

    with container.settings.override(providers.Object(declared)):
        found = dict(backend_names("cnn-"))

    assert found["cnn-mine"] == "gliobench.toml"
    assert "cnn-onnx" in found
    assert "majority" not in found


def test_settings_that_cannot_be_read_complete_nothing() -> None:
    def broken() -> None:
        raise InvalidInputError("gliobench.toml is not TOML")

    with container.settings.override(providers.Callable(broken)):
        assert backend_names("cnn") == []


@pytest.mark.parametrize("name", ["threads=", "compare.primary="])
def test_settings_are_completed_up_to_their_value(name: str) -> None:
    ((found, meaning),) = setting_names(name[:-3])

    assert found == name
    assert meaning
