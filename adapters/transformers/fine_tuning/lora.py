"""The few weights that are learned: low-rank additions to attention, counted tower by tower."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn
from transformers import PreTrainedModel

from gliobench.domain.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class LoraOptions:
    """What is added to the model.

    Args:
        rank: Of each addition.
        alpha: An addition is scaled by alpha / rank.
        dropout: Of an addition's input, while learning.
        vision: Whether the vision tower learns too; what it makes of pictures is then not kept.

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
        target_modules=list(attention_of(model, vision=options.vision)),
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():  # PEFT asks for an attribute that Transformers has renamed
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
        added = get_peft_model(model, config)
    check_parameters(trainable_parameters(added), expected)
    return added


def attention_of(model: nn.Module, *, vision: bool) -> dict[str, nn.Module]:
    """Find the layers of attention that are learned, by their full names, whatever the family.

    They are the linear layers directly within a module whose class is named after attention, in the
    language model, which transformers calls the decoder; with `vision` in all of the model.
    """
    language = _language_of(model)
    return {
        f"{name}.{part}": layer
        for name, module in model.named_modules()
        if "Attention" in type(module).__name__ and (vision or f"{name}.".startswith(language))
        for part, layer in module.named_children()
        if isinstance(layer, nn.Linear)
    }


def expected_parameters(model: nn.Module, options: LoraOptions) -> dict[str, int]:
    """Count what LoRA adds to each tower: rank × (in + out) a layer."""
    counts, language = {"language": 0, "vision": 0}, _language_of(model)
    for name, layer in attention_of(model, vision=options.vision).items():
        width: Any = layer  # a Linear, or bitsandbytes' own kind of one
        counts[_tower(name, language)] += options.rank * (width.in_features + width.out_features)
    return counts


def trainable_parameters(model: nn.Module) -> dict[str, int]:
    """Count the parameters that learn: in the language model, and in all that looks at pictures."""
    whole = model.get_base_model() if isinstance(model, PeftModel) else model
    counts, language = {"language": 0, "vision": 0}, _language_of(whole)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            counts[_tower(name, language)] += parameter.numel()
    return counts


def check_parameters(found: Mapping[str, int], expected: Mapping[str, int]) -> None:
    """Check that each tower learns what it should and nothing else.

    Raises:
        InvalidInputError: It does not, or nothing learns.
    """
    if found != expected or not any(expected.values()):
        raise InvalidInputError(f"trainable parameters {dict(found)}: wanted {dict(expected)}")


def _language_of(model: nn.Module) -> str:
    """Return how the names of the language model's modules begin; "." where it has none."""
    find = getattr(model, "get_decoder", None)
    decoder = find() if find else None
    names = (name for name, module in model.named_modules() if module is decoder and name)
    return f"{next(names, '')}."


def _tower(name: str, language: str) -> str:
    return "language" if language in name and language != "." else "vision"
