"""What an adapter's config may ask of PEFT."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

pytest.importorskip("peft", reason="the extra `vlm` is not installed")

from gliobench.adapters.transformers.adapter_config import CONFIG, WEIGHTS, check_adapter
from gliobench.domain.errors import BackendError

OURS_OF_BEFORE = (
    r"(.*\.)?language_model\.(model\.)?layers\.\d+\.(self_attn|cross_attn)\.(q|k|v|o)_proj"
)
"""What adapters named that were trained by the first release."""
PLAIN = {"peft_type": "LORA", "r": 16, "lora_alpha": 32, "target_modules": ["q_proj", "v_proj"]}


def check(folder: Path, **changed: object) -> None:
    (folder / CONFIG).write_text(json.dumps({**PLAIN, **changed}))
    (folder / WEIGHTS).touch()
    check_adapter(folder)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"target_modules": OURS_OF_BEFORE},
        {
            "target_modules": [
                f"model.language_model.layers.{n}.self_attn.q_proj" for n in range(160)
            ]
        },
        {"target_modules": "all-linear"},
        {"target_modules": r".*language_model.*\.(q_proj|v_proj)"},
        {"target_modules": r"(?:.*?(?:language|text).*?(?:self_attn|mlp).*?(?:q_proj|v_proj).*?)"},
        {"megatron_core": "megatron.core", "layer_replication": None, "rank_pattern": {}},
        {"base_model_name_or_path": "meta-llama/Llama-3.2-11B-Vision-Instruct", "use_dora": True},
    ],
)
def test_a_plain_adapter_is_loaded(tmp_path: Path, changed: dict[str, object]) -> None:
    check(tmp_path, **changed)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"r": 10**9}, "r: Input should be less than or equal to 512"),
        ({"r": 0}, "r: Input should be greater than or equal to 1"),
        ({"lora_alpha": float("inf")}, "lora_alpha"),
        ({"peft_type": "PROMPT_TUNING"}, "peft_type: Input should be 'LORA'"),
        ({"target_modules": ["q"] * 5000}, "at most 4,096 names"),
        ({"target_modules": "(.*a)*"}, "repeats what repeats"),
        ({"target_modules": "((a+)b)+"}, "repeats what repeats"),
        ({"target_modules": ".*.*.*.*.*.*x"}, "repeats what repeats"),
        ({"target_modules": ".*a" * 7}, "too many wildcards"),
        ({"target_modules": "("}, "no pattern of modules"),
        ({"target_modules": "a" * 600}, "too long"),
        ({"megatron_core": "os"}, "megatron_core is set: only plain LoRA is loaded"),
        ({"layer_replication": [[0, 10**9]]}, "layer_replication is set"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save is set"),
        ({"rank_pattern": {"q_proj": 10**9}}, "rank_pattern is set"),
        ({"init_lora_weights": "pissa"}, "init_lora_weights"),
    ],
)
def test_an_adapter_that_asks_for_more_is_refused_in_one_line(
    tmp_path: Path, changed: dict[str, object], message: str
) -> None:
    with pytest.raises(BackendError, match=CONFIG) as refused:
        check(tmp_path, **changed)

    assert message in str(refused.value)


def test_every_pattern_that_is_accepted_is_quick_on_the_name_of_a_module() -> None:
    import re

    name = "base_model.model.model.language_model.layers.39.cross_attn.a_a_a_a_a_a_a_a.k_projX"
    start = time.monotonic()

    assert re.fullmatch(".*a" * 6 + "z", name) is None

    assert time.monotonic() - start < 5


def test_pickled_weights_are_not_loaded(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text(json.dumps(PLAIN))
    (tmp_path / "adapter_model.bin").write_bytes(b"\x80\x04.")

    with pytest.raises(BackendError, match="has no adapter_model.safetensors: pickled weights"):
        check_adapter(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"r": 1}', "\x00" * 10, " " * 70_000])
def test_a_config_that_is_none_is_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / CONFIG).write_text(content)

    with pytest.raises(BackendError, match=CONFIG):
        check_adapter(tmp_path)
