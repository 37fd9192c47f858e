"""The keys and values that the language model attends to, in buffers of a fixed size."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from transformers import MllamaForConditionalGeneration


@dataclass(slots=True, eq=False)
class LayerMemory:
    """One layer's keys and values, (rows or requests, key heads, places, width)."""

    keys: Tensor
    values: Tensor

    is_initialized = True
    """Transformers asks for it before it reads keys of pictures."""


@dataclass(slots=True, eq=False)
class Memory:
    """All layers' keys and values; stands where Transformers expects its cache.

    A class of our own, since its static cache gives layers of text and of pictures one length,
    and its growing one copies all keys at every token.

    Args:
        layers: In the model's order; those of cross-attention hold one entry a request.
        columns: (tokens,) where the tokens that are being read are written.
    """

    layers: list[LayerMemory]
    columns: Tensor

    def update(
        self, keys: Tensor, values: Tensor, layer_idx: int, *_: object
    ) -> tuple[Tensor, Tensor]:
        """Write the new tokens' keys and values, and return all of the layer's."""
        layer = self.layers[layer_idx]
        columns = self.columns.to(keys.device)
        layer.keys.index_copy_(2, columns, keys)
        layer.values.index_copy_(2, columns, values)
        return layer.keys, layer.values


def in_order(layers: dict[int, LayerMemory]) -> list[LayerMemory]:
    """List layers by their number in the model."""
    return [layers[index] for index in sorted(layers)]


def text_layers(model: MllamaForConditionalGeneration) -> list[int]:
    """List the layers that attend to text."""
    crossing = cross_layers(model)
    return [
        n for n in range(model.model.language_model.config.num_hidden_layers) if n not in crossing
    ]


def cross_layers(model: MllamaForConditionalGeneration) -> list[int]:
    """List the layers that attend to pictures."""
    return list(model.model.language_model.config.cross_attention_layers or ())


def empty_text(
    model: MllamaForConditionalGeneration, *, rows: int, length: int
) -> dict[int, LayerMemory]:
    """Make room for `length` tokens a row in every layer that attends to text."""
    config = model.model.language_model.config
    shape = (
        rows,
        config.num_key_value_heads,
        length,
        config.hidden_size // config.num_attention_heads,
    )
    room = {}
    for index in text_layers(model):
        weight = model.model.language_model.layers[index].input_layernorm.weight
        room[index] = LayerMemory(weight.new_zeros(shape), weight.new_zeros(shape))
    return room
