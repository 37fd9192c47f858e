"""The vision tower, all tiles of a picture at once, without the attention that is masked anyway.

Its mask forbids attention among padding tokens only. Tokens of a picture attend to padding too, so
padding cannot be left out; but the masked pairs can: tokens of the picture attend to all, padding
attends to the tokens of the picture. No mask is left to build, and at one tile of four more than
half of the attention falls away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad, scaled_dot_product_attention
from transformers import MllamaForConditionalGeneration
from transformers.models.mllama.image_processing_pil_mllama import MllamaImageProcessorPil
from transformers.models.mllama.modeling_mllama import MllamaVisionAttention, MllamaVisionModel

from gliobench.adapters.vision_language.requests import Picture


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    """Tiles of n pictures.

    Args:
        pixels: (n, tiles, 3, edge, edge) normalised; the tiles beyond a picture's own are zero.
        aspect_ratio_ids: (n,) which of the supported arrangements its tiles have.
        counts: Tiles that each picture has of its own.
    """

    pixels: Tensor
    aspect_ratio_ids: Tensor
    counts: tuple[int, ...]


def tiles_of(processor: MllamaImageProcessorPil, pictures: Sequence[Picture]) -> Tiles:
    """Cut pictures into tiles by the model's own processor."""
    # One list a picture: of a flat list the processor makes one sample, which gives other logits.
    cut = processor.preprocess([[picture] for picture in pictures], return_tensors="pt")
    return Tiles(
        pixels=cut["pixel_values"][:, 0],
        aspect_ratio_ids=cut["aspect_ratio_ids"][:, 0],
        counts=tuple(int(tiles[0]) for tiles in cut["num_tiles"]),
    )


def encode(model: MllamaForConditionalGeneration, tiles: Tiles) -> Tensor:
    """Turn pictures into the states that the language model attends to.

    Returns:
        (n, tiles, tokens, width): what `vision_model` and the projector give, padded tiles included.
    """
    encoded: dict[int, Tensor] = {}
    for count in sorted(set(tiles.counts)):
        chosen = [n for n, own in enumerate(tiles.counts) if own == count]
        states = _encode_alike(model.model.vision_model, select_tiles(tiles, chosen), count)
        projected = model.model.multi_modal_projector(states)
        encoded.update(zip(chosen, projected, strict=True))
    return torch.stack([encoded[n] for n in range(len(tiles.counts))])


def _encode_alike(tower: MllamaVisionModel, tiles: Tiles, count: int) -> Tensor:
    """Encode pictures that have `count` tiles each."""
    hidden = _embed(tower, tiles)
    _, slots, tokens, _ = hidden.shape
    hidden = pad(hidden, (0, 0, 0, -tokens % 8))
    order = _picture_first(slots, count, tokens, hidden.shape[2]).to(hidden.device)
    back, own = order.argsort(), count * tokens

    hidden = hidden.flatten(1, 2)[:, order]
    kept = dict.fromkeys(tower.intermediate_layers_indices or (), hidden)
    for index, layer in enumerate(tower.transformer.layers):
        hidden = _layer(layer, hidden, own)
        if index in kept:
            kept[index] = hidden

    hidden = tower.layernorm_post(hidden)[:, back].unflatten(1, (slots, -1))
    ids = tiles.aspect_ratio_ids[:, None].to(hidden.device)
    hidden = tower.post_tile_positional_embedding(hidden, ids).flatten(1, 2)[:, order]
    for layer in tower.global_transformer.layers:
        hidden = _layer(layer, hidden, own)

    between = [states.to(hidden.device) for states in kept.values()]
    stacked = torch.stack(between, dim=-1).flatten(-2)
    states: Tensor = torch.cat([hidden, stacked], dim=-1)[:, back].unflatten(1, (slots, -1))
    return states[:, :, :tokens]


def _embed(tower: MllamaVisionModel, tiles: Tiles) -> Tensor:
    """Cut tiles into patches and add their positions: (n, tiles, tokens, width)."""
    weight = tower.patch_embedding.weight
    ids = tiles.aspect_ratio_ids[:, None].to(weight.device)
    slots = tiles.pixels.shape[:2]
    patches = tower.patch_embedding(tiles.pixels.flatten(0, 1).to(weight.device, weight.dtype))
    hidden = patches.flatten(2).transpose(1, 2).unflatten(0, slots)
    hidden = tower.pre_tile_positional_embedding(hidden, ids)
    hidden = tower.apply_class_embedding(hidden.flatten(0, 1)).unflatten(0, slots)
    placed: Tensor = tower.layernorm_pre(tower.gated_positional_embedding(hidden, ids))
    return placed


def _picture_first(slots: int, count: int, tokens: int, padded: int) -> Tensor:
    """Order the flat tokens of all tiles: the picture's own, then the padding."""
    own = torch.zeros(slots, padded, dtype=torch.bool)
    own[:count, :tokens] = True
    return torch.argsort(~own.flatten(), stable=True)


def _layer(layer: Any, hidden: Tensor, own: int) -> Tensor:  # noqa: ANN401 - lists of modules are untyped
    hidden = hidden.to(layer.input_layernorm.weight.device)
    attended = _attend(layer.self_attn, layer.input_layernorm(hidden), own)
    hidden = hidden + (layer.gate_attn.tanh() * attended if layer.is_gated else attended)
    fed = layer.mlp(layer.post_attention_layernorm(hidden))
    added: Tensor = layer.gate_ffn.tanh() * fed if layer.is_gated else fed
    return hidden + added


def _attend(attention: MllamaVisionAttention, hidden: Tensor, own: int) -> Tensor:
    """Let the first `own` tokens attend to all, and the rest to those."""
    query, key, value = (
        project(hidden).unflatten(-1, (attention.num_heads, -1)).transpose(1, 2)
        for project in (attention.q_proj, attention.k_proj, attention.v_proj)
    )
    picture = scaled_dot_product_attention(query[:, :, :own], key, value)
    padding = scaled_dot_product_attention(query[:, :, own:], key[:, :, :own], value[:, :, :own])
    attended = torch.cat([picture, padding], dim=2).transpose(1, 2).flatten(2)
    return attention.o_proj(attended)  # type: ignore[no-any-return]  # a module's call is untyped


def select_tiles(tiles: Tiles, chosen: Sequence[int]) -> Tiles:
    """Take some of the pictures, in the order given."""
    index = torch.tensor(chosen)
    return Tiles(
        pixels=tiles.pixels[index],
        aspect_ratio_ids=tiles.aspect_ratio_ids[index],
        counts=tuple(tiles.counts[picture] for picture in chosen),
    )
