from __future__ import annotations

from pathlib import Path

import pytest

from gliobench.adapters.vision_language import backend
from gliobench.adapters.vision_language.backend import Unloaded
from gliobench.domain.errors import BackendError, MissingExtraError, NotFoundError


@pytest.fixture(autouse=True)
def _transformers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "find_spec", lambda name: name)


@pytest.mark.parametrize("model", ["qwen", "Qwen/Qwen2.5-VL-7B-Instruct"])
def test_of_a_model_of_the_hub_nothing_is_known_before_it_is_loaded(model: str) -> None:
    assert Unloaded(model, None).provenance == {}


@pytest.mark.parametrize("model", ["/models/none", "./none", "a/b/none", "~/none"])
def test_a_folder_that_is_not_there_is_said(model: str) -> None:
    with pytest.raises(NotFoundError, match=f"no model at {model}"):
        Unloaded(model, None)


def test_an_adapter_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no model at"):
        Unloaded(str(tmp_path), f"{tmp_path}/none")


def test_it_answers_nothing() -> None:
    with pytest.raises(BackendError, match="0 requests to a model that was not loaded"):
        Unloaded("qwen", None).answer([])


def test_without_transformers_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "find_spec", lambda _: None)

    with pytest.raises(MissingExtraError, match="vlm"):
        Unloaded("qwen", None)
