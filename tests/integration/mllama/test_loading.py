from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from gliobench.adapters.transformers.loading import content_hash, reported_loading
from gliobench.adapters.transformers.mllama.checkpoint import Checkpoint, load_checkpoint
from gliobench.adapters.transformers.mllama.vision import tiles_of
from gliobench.adapters.transformers.options import EngineOptions
from gliobench.domain.errors import BackendError, InvalidInputError, NotFoundError


@pytest.fixture
def copy(tiny_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_folder, tmp_path / "copy"))


def test_the_hubs_retries_are_not_told(caplog: pytest.LogCaptureFixture) -> None:
    hub = logging.getLogger("huggingface_hub.utils._http")

    @reported_loading("no/model")
    def load() -> None:
        hub.warning("Retrying in 1s")
        raise OSError("unreachable")

    with pytest.raises(NotFoundError):
        load()
    hub.warning("outside of loading")

    assert caplog.messages == ["outside of loading"]


def test_a_model_that_is_nowhere_is_said_with_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    with pytest.raises(NotFoundError, match="neither a folder nor within reach"):
        load_checkpoint(EngineOptions(model=str(tmp_path / "nothing")))


def test_a_gated_model_is_said_with_where_to_accept_its_licence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from types import SimpleNamespace

    from huggingface_hub.errors import GatedRepoError

    def refuse(*_args: object, **_options: object) -> None:
        response = SimpleNamespace(headers={}, request=None)
        raise OSError("403") from GatedRepoError("gated", response=response)

    monkeypatch.setattr("transformers.AutoConfig.from_pretrained", refuse)

    with pytest.raises(
        NotFoundError, match=r"is gated: accept its licence at https://hugg.*someone/gated"
    ):
        load_checkpoint(EngineOptions(model="someone/gated"))


def test_another_kind_of_model_is_refused(copy: Path) -> None:
    (copy / "config.json").write_text(json.dumps({"model_type": "llama"}))

    with pytest.raises(BackendError, match="is of type llama, wanted mllama"):
        load_checkpoint(EngineOptions(model=str(copy)))


def test_weights_that_are_pickled_are_refused(copy: Path) -> None:
    weights = copy / "model.safetensors"
    torch.save({}, copy / "pytorch_model.bin")
    weights.unlink()

    with pytest.raises(BackendError, match="cannot be loaded: .*safetensors"):
        load_checkpoint(EngineOptions(model=str(copy)))


def test_a_batch_of_none_is_refused() -> None:
    with pytest.raises(
        InvalidInputError, match=r"backend\.mine\.batch_size: got 0: .* greater than 0"
    ):
        EngineOptions.checked({"model": "model", "batch_size": 0}, backend="mine")


def test_provenance_follows_the_content_and_not_the_name(tiny_folder: Path, copy: Path) -> None:
    hashes = [
        load_checkpoint(EngineOptions(model=str(folder))).provenance["model_sha256"]
        for folder in (tiny_folder, copy)
    ]
    (copy / "note.txt").write_text("another file")
    changed = load_checkpoint(EngineOptions(model=str(copy))).provenance["model_sha256"]

    assert hashes[0] == hashes[1] != changed


def test_an_adapter_that_is_replaced_in_place_has_another_hash(tmp_path: Path) -> None:
    weights = tmp_path / "adapter_model.safetensors"
    weights.write_bytes(b"old")
    before = content_hash(str(tmp_path))

    weights.write_bytes(b"new")

    assert content_hash(str(tmp_path)) != before


def test_provenance_names_no_folder_of_the_machine(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    abroad = load_checkpoint(EngineOptions(model=str(copy))).provenance["model"]
    monkeypatch.chdir(copy.parent.parent)
    near = load_checkpoint(EngineOptions(model=str(copy))).provenance["model"]

    assert abroad == copy.name
    assert near == f"{copy.parent.name}/{copy.name}"


@pytest.mark.parametrize(
    "changed",
    [
        {"size": {"height": 10**6, "width": 10**6}},
        {"size": {"height": 0, "width": 28}},
        {"max_image_tiles": 10**9},
    ],
)
def test_pictures_that_no_memory_holds_are_refused(copy: Path, changed: dict[str, object]) -> None:
    file = copy / "preprocessor_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changed}))

    with pytest.raises(
        BackendError, match="pictures of .* wanted at most 16 of 2048|cannot be loaded"
    ):
        load_checkpoint(EngineOptions(model=str(copy)))


@pytest.mark.filterwarnings(  # peft 0.21 on transformers 5.23, where the adapter is made
    "ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"
)
def test_an_adapter_merged_gives_the_logits_of_the_adapter_beside(
    tiny_folder: Path, tmp_path: Path
) -> None:
    options = EngineOptions(
        model=str(tiny_folder), adapter=str(random_adapter(tiny_folder, tmp_path))
    )

    merged, beside = (load_checkpoint(options, merge_adapter=merge) for merge in (True, False))

    assert torch.allclose(logits(merged), logits(beside), atol=1e-4)
    plain = load_checkpoint(EngineOptions(model=str(tiny_folder)))
    assert not torch.allclose(logits(merged), logits(plain), atol=1e-1)
    assert len(merged.provenance["adapter_sha256"]) == 64


def random_adapter(model: Path, folder: Path) -> Path:
    from peft import LoraConfig, get_peft_model

    checkpoint = load_checkpoint(EngineOptions(model=str(model)))
    torch.manual_seed(0)
    config = LoraConfig(
        r=2, target_modules=r".*language_model.*\.(q_proj|v_proj)", init_lora_weights=False
    )
    get_peft_model(checkpoint.model, config).save_pretrained(folder / "adapter")
    return folder / "adapter"


@torch.no_grad()
def logits(checkpoint: Checkpoint) -> torch.Tensor:
    noise = np.random.default_rng(0).integers(0, 256, (28, 28, 3)).astype(np.uint8)
    tiles = tiles_of(checkpoint.picture_processor, [noise])
    ids = torch.tensor([checkpoint.token_ids(checkpoint.chat("Where?"))])
    own = torch.tensor([[[1, 0, 0, 0]]])
    return checkpoint.model(
        input_ids=ids,
        pixel_values=tiles.pixels[:, None],
        aspect_ratio_ids=tiles.aspect_ratio_ids[:, None],
        aspect_ratio_mask=own,
        cross_attention_mask=own[:, None].expand(1, ids.shape[1], 1, 4).float(),
    ).logits
