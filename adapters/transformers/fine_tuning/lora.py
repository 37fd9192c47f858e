"""The few weights that are learned: low-rank additions to attention, counted tower by tower."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn
from transformers import PreTrainedModel

from gliobench.domain.errors import InvalidInputError

TEXT_MODULES = (
    r"(.*\.)?language_model\.(model\.)?layers\.\d+\.(self_attn|cross_attn)\.(q|k|v|o)_proj"
)
VISION_MODULES = (
    r"(.*\.)?vision_model\.(transformer|global_transformer)\.layers\.\d+\.self_attn\.(q|k|v|o)_proj"
)
"""PEFT knows no target modules for Mllama; the two towers share the modules' own names."""

TOWERS: Mapping[str, str] = {
    "language": "language_model.",
    "vision": "vision_model.",
    "projector": "multi_modal_projector.",
}


@dataclass(frozen=True, slots=True)
class LoraOptions:
    """What is added to the model.

    Args:
        rank: Of each addition.
        alpha: An addition is scaled by alpha / rank.
        dropout: Of an addition's input, while learning.
        vision: Whether the vision tower learns too; its states can then not be cached.

    Raises:
        InvalidInputError: A rank or an alpha that is not positive, or a dropout outside [0, 1).
    """

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.05
    vision: bool = False

    def __post_init__(self) -> None:
        if min(self.rank, self.alpha) < 1:
            raise InvalidInputError(f"LoRA rank {self.rank}, alpha {self.alpha}: wanted 1 or more")
        if not 0 <= self.dropout < 1:
            raise InvalidInputError(f"LoRA dropout {self.dropout}: wanted 0 to less than 1")

    @property
    def modules(self) -> str:
        """Pattern that the full name of every module with an addition matches."""
        return f"({TEXT_MODULES})|({VISION_MODULES})" if self.vision else TEXT_MODULES


def add_lora(model: PreTrainedModel, options: LoraOptions) -> PeftModel:
    """Freeze a model and add the trainable weights.

    Raises:
        InvalidInputError: Other parameters would be learned than were asked for.
    """
    expected = expected_parameters(model, options)
    config = LoraConfig(
        r=options.rank,
        lora_alpha=options.alpha,
        lora_dropout=options.dropout,
        target_modules=options.modules,
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():  # PEFT asks for an attribute that Transformers has renamed
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
        added = get_peft_model(model, config)
    check_parameters(trainable_parameters(added), expected)
    return added


def expected_parameters(model: nn.Module, options: LoraOptions) -> dict[str, int]:
    """Count what LoRA adds to each tower: rank × (in + out) a module."""
    counts = dict.fromkeys(TOWERS, 0)
    for name, module in model.named_modules():
        if re.fullmatch(options.modules, name):
            width: Any = module  # a Linear, or bitsandbytes' own kind of one
            counts[_tower(name)] += options.rank * (width.in_features + width.out_features)
    return counts


def trainable_parameters(model: nn.Module) -> dict[str, int]:
    """Count the parameters that learn, by tower; whatever is in none counts as `other`."""
    counts = dict.fromkeys(TOWERS, 0)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            tower = _tower(name)
            counts[tower] = counts.get(tower, 0) + parameter.numel()
    return counts


def check_parameters(found: Mapping[str, int], expected: Mapping[str, int]) -> None:
    """Check that each tower learns what it should and nothing else.

    Raises:
        InvalidInputError: It does not, or nothing learns.
    """
    if found != expected or not any(expected.values()):
        raise InvalidInputError(f"trainable parameters {dict(found)}: wanted {dict(expected)}")


def _tower(name: str) -> str:
    return next((tower for tower, part in TOWERS.items() if part in name), "other")
