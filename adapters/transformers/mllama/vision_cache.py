"""Look at the pictures of several requests once, for all that will be asked about them.

What a prompt needs of a picture is its keys and values in every cross-attention layer, and what the
tokens before the picture (begin of text, the user's header) became: in Transformers they attend to
all tiles, padded ones too, though the prompt after them sees the picture's own tiles only. Both are
computed here, once a request; keys of padded tiles are dropped afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad
from transformers import MllamaForConditionalGeneration

from gliobench.adapters.transformers.mllama.attention import Rows
from gliobench.adapters.transformers.mllama.memory import (
    LayerMemory,
    Memory,
    cross_layers,
    empty_text,
    in_order,
)
from gliobench.adapters.transformers.mllama.vision import Tiles, encode

ABSENT = -1
"""The owner of a place that holds no tile, where another request has more pictures."""
PADDING = -2
"""The owner of a padded tile."""


@dataclass(frozen=True, slots=True, eq=False)
class EncodedPictures:
    """What the model keeps of the pictures of some requests.

    Args:
        pictures: Keys and values a cross-attention layer, (requests, key heads, places, width).
        owner: (requests, places) which of the request's pictures a place shows, or `ABSENT`.
        prefix: Keys and values a text layer of the tokens before the pictures.
    """

    pictures: dict[int, LayerMemory]
    owner: Tensor
    prefix: dict[int, LayerMemory]


def encode_pictures(
    model: MllamaForConditionalGeneration, tiles: Tiles, shown: Sequence[int], prefix: Sequence[int]
) -> EncodedPictures:
    """Encode pictures, and read the tokens that come before them.

    Args:
        model: The model.
        tiles: Of all requests' pictures, one request after the other.
        shown: How many of them each request has.
        prefix: Tokens that every prompt begins with, up to the first picture.
    """
    states = encode(model, tiles)
    flat, owner = _by_request(states, tiles.counts, shown)
    pictures = _keys_and_values(model, flat)
    before = _read_prefix(model, pictures, owner, prefix)
    own = _places_of_pictures(owner)
    return EncodedPictures(
        pictures={index: _gather(layer, own) for index, layer in pictures.items()},
        owner=owner.gather(1, own.clamp(min=0)).masked_fill(own < 0, ABSENT),
        prefix=before,
    )


def join(parts: Sequence[EncodedPictures]) -> EncodedPictures:
    """Put what was looked at in several goes into one."""
    places = max(part.owner.shape[1] for part in parts)
    return EncodedPictures(
        pictures={n: _join([p.pictures[n] for p in parts], places) for n in parts[0].pictures},
        owner=torch.cat([_lengthened(part.owner, places, dim=1, fill=ABSENT) for part in parts]),
        prefix={n: _join([p.prefix[n] for p in parts], None) for n in parts[0].prefix},
    )


def _by_request(
    states: Tensor, counts: Sequence[int], shown: Sequence[int]
) -> tuple[Tensor, Tensor]:
    """Lay each request's pictures one behind the other; say whose each place is."""
    slots, tokens = states.shape[1:3]
    number = torch.arange(slots).repeat_interleave(tokens)
    flat, owners, first = [], [], 0
    most = max(shown) * slots * tokens
    for pictures in shown:
        mine = range(first, first + pictures)
        flat.append(_lengthened(states[mine.start : mine.stop].flatten(0, 2), most, dim=0))
        owner = [
            torch.where(number < counts[picture], picture - first, PADDING) for picture in mine
        ]
        owners.append(_lengthened(torch.cat(owner), most, dim=0, fill=ABSENT))
        first += pictures
    return torch.stack(flat), torch.stack(owners).to(states.device)


def _keys_and_values(
    model: MllamaForConditionalGeneration, states: Tensor
) -> dict[int, LayerMemory]:
    """Project states into every cross-attention layer's keys and values."""
    made = {}
    for index in cross_layers(model):
        attention = model.model.language_model.layers[index].cross_attn
        here = states.to(attention.k_norm.weight.device)
        heads = (attention.num_key_value_heads, attention.head_dim)
        keys = attention.k_norm(attention.k_proj(here).unflatten(-1, heads).transpose(1, 2))
        values = attention.v_proj(here).unflatten(-1, heads).transpose(1, 2)
        made[index] = LayerMemory(keys, values)
    return made


def _read_prefix(
    model: MllamaForConditionalGeneration,
    pictures: dict[int, LayerMemory],
    owner: Tensor,
    prefix: Sequence[int],
) -> dict[int, LayerMemory]:
    requests, length = owner.shape[0], len(prefix)
    text = empty_text(model, rows=requests, length=length)
    places = torch.arange(length, device=owner.device)
    present = (owner != ABSENT)[:, None, None, :].expand(-1, 1, length, -1)
    model.model.language_model(
        input_ids=torch.tensor([list(prefix)] * requests, device=owner.device),
        position_ids=places[None],
        attention_mask=(places[:, None] >= places)[None, None].expand(requests, 1, -1, -1),
        cross_attention_mask=None if bool(present.all()) else present,
        full_text_row_masked_out_mask=torch.zeros(
            requests, 1, length, 1, device=owner.device, dtype=model.dtype
        ),
        past_key_values=Memory(in_order({**text, **pictures}), places),
        use_cache=True,
        rows=Rows.of(range(requests), owner.device),
    )
    return text


def _places_of_pictures(owner: Tensor) -> Tensor:
    """Find each request's places that show a picture, padded with -1 to the same number."""
    found = [torch.nonzero(row >= 0).flatten() for row in owner]
    most = max(len(places) for places in found)
    return torch.stack([_lengthened(places, most, dim=0, fill=-1) for places in found])


def _gather(layer: LayerMemory, places: Tensor) -> LayerMemory:
    def taken(whole: Tensor) -> Tensor:
        index = places.clamp(min=0).to(whole.device)[:, None, :, None]
        return whole.gather(2, index.expand(-1, whole.shape[1], -1, whole.shape[3]))

    return LayerMemory(taken(layer.keys), taken(layer.values))


def _join(parts: Sequence[LayerMemory], places: int | None) -> LayerMemory:
    def whole(tensors: Sequence[Tensor]) -> Tensor:
        return torch.cat([_lengthened(t, places or t.shape[2], dim=2) for t in tensors])

    return LayerMemory(whole([p.keys for p in parts]), whole([p.values for p in parts]))


def _lengthened(tensor: Tensor, length: int, *, dim: int, fill: float = 0) -> Tensor:
    """Fill a tensor up behind, along one dimension."""
    missing = length - tensor.shape[dim]
    behind = [0, 0] * (tensor.dim() - dim - 1) + [0, missing]
    return pad(tensor, behind, value=fill)
