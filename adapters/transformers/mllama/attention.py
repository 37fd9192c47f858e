"""Attention of the language model in which all prompts of a request share its pictures' keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, MllamaForConditionalGeneration
from transformers.models.mllama.modeling_mllama import MllamaTextCrossAttention

NAME = "gliobench_shared_pictures"


class Rows(NamedTuple):
    """Which request each row of a batch belongs to.

    Args:
        request: (rows,) index of the request.
        place: (rows,) which of its prompts, from 0.
        shape: Requests, and the most prompts that one has.
    """

    request: Tensor
    place: Tensor
    shape: tuple[int, int]

    @classmethod
    def of(cls, requests: Sequence[int], device: torch.device) -> Rows:
        """Count the prompts of each request; requests are numbered from 0 without a gap."""
        places = [list(requests[:row]).count(request) for row, request in enumerate(requests)]
        return cls(
            torch.tensor(requests, device=device),
            torch.tensor(places, device=device),
            (max(requests) + 1, max(places) + 1),
        )


def share_pictures(model: MllamaForConditionalGeneration) -> None:
    """Make the language model attend by `shared_attention`."""
    AttentionInterface.register(NAME, shared_attention)
    model.set_attn_implementation({"text_config": NAME})


def shared_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float,
    rows: Rows | None = None,
    **_: object,
) -> tuple[Tensor, None]:
    """Attend as Transformers' interface asks; keys of pictures come once a request.

    Args:
        module: The attention layer.
        query: (rows, heads, tokens, width).
        key: (rows, key heads, keys, width); in cross-attention with `rows` given one a request.
        value: As `key`.
        attention_mask: (rows, 1, tokens, keys) bool, true where a token sees; None: it sees all.
        scaling: Of the products, before the softmax.
        rows: Which request each row belongs to; None: one request a row.

    Returns:
        (rows, tokens, heads, width), and no weights.
    """
    if rows is None or not isinstance(module, MllamaTextCrossAttention):
        return attend(query, key, value, attention_mask, scaling).transpose(1, 2), None
    rows = Rows(rows.request.to(query.device), rows.place.to(query.device), rows.shape)
    mask = None if attention_mask is None else _by_request(attention_mask, rows, fill=True)
    # Cross-attention knows neither order nor position: prompts lie one behind the other.
    attended = attend(_by_request(query, rows), key, value, mask, scaling)
    by_prompt = attended.unflatten(2, (rows.shape[1], -1)).transpose(1, 2)
    return by_prompt[rows.request, rows.place].transpose(1, 2), None


def _by_request(by_row: Tensor, rows: Rows, *, fill: bool = False) -> Tensor:
    """Lay a request's rows one behind the other: (rows, h, t, x) to (requests, h, prompts·t, x)."""
    grid = by_row.new_full((*rows.shape, *by_row.shape[1:]), fill)
    grid[rows.request, rows.place] = by_row
    return grid.transpose(1, 2).flatten(2, 3)


def attend(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scaling: float
) -> Tensor:
    """Attend with fewer key heads than query heads, without copying any key.

    Query heads that share a key head lie one behind the other.
    """
    key_heads, tokens = key.shape[1], query.shape[2]
    groups = query.shape[1] // key_heads
    if mask is not None and tokens > 1:
        mask = mask.repeat(1, 1, groups, 1)
    folded = query.unflatten(1, (key_heads, groups)).flatten(2, 3)
    attended: Tensor = scaled_dot_product_attention(
        folded, key, value, attn_mask=mask, scale=scaling
    )
    unfolded: Tensor = attended.unflatten(2, (groups, tokens))
    return unfolded.flatten(1, 2)
