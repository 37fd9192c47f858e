"""Many prompts being read and replied to side by side, over pictures looked at before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import MllamaForConditionalGeneration
from transformers.models.mllama.processing_mllama import get_cross_attention_token_mask

from gliobench.adapters.transformers.mllama.attention import Rows
from gliobench.adapters.transformers.mllama.memory import (
    LayerMemory,
    Memory,
    cross_layers,
    empty_text,
    in_order,
)
from gliobench.adapters.transformers.mllama.vision_cache import EncodedPictures


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One prompt in tokens, from its first picture on.

    Args:
        request: Which of the requests looked at it is about.
        tokens: The first is that of a picture.
    """

    request: int
    tokens: tuple[int, ...]


@dataclass(slots=True, eq=False)
class Dialogues:
    """Where every row stands; all tensors keep their size, so that a step can be captured.

    Args:
        memory: Keys and values, text by row and pictures by request.
        rows: Which request each row is about.
        visible: (rows, length) bool, places of text that hold a token.
        positions: (rows,) position of the next token.
        column: () place that the next token is written to, in all rows.
        sees: (rows, 1, 1, places) bool, places of pictures that replies see; None: all.
    """

    model: MllamaForConditionalGeneration
    memory: Memory
    rows: Rows
    visible: Tensor
    positions: Tensor
    column: Tensor
    sees: Tensor | None

    def advance(
        self, tokens: Tensor, *, valid: Tensor | None = None, sees: Tensor | None = None
    ) -> Tensor:
        """Read the next tokens of every row.

        Args:
            tokens: (rows, t) token ids.
            valid: (rows, t) bool, false for padding; None: all are tokens.
            sees: (rows, 1, t, places) bool, what each token sees of the pictures; None: all.

        Returns:
            (rows, t, width): hidden states, which the head turns into logits.
        """
        valid = torch.ones_like(tokens, dtype=torch.bool) if valid is None else valid
        length = tokens.shape[1]
        columns = self.column + torch.arange(length, device=tokens.device)
        earlier = torch.ones(length, length, dtype=torch.bool, device=tokens.device).tril()
        mask = self.visible[:, None, :].repeat(1, length, 1)
        mask.index_copy_(2, columns, valid[:, None, :] & earlier)
        self.memory.columns = columns
        hidden: Tensor = self.model.model.language_model(
            input_ids=tokens,
            position_ids=(self.positions[:, None] + valid.cumsum(1) - 1).clamp(min=0),
            attention_mask=mask[:, None],
            cross_attention_mask=sees,
            past_key_values=self.memory,
            use_cache=True,
            rows=self.rows,
        ).last_hidden_state
        self.visible.index_copy_(1, columns, valid)
        self.positions.add_(valid.sum(1))
        self.column.add_(length)
        return hidden

    def next_logits(self, tokens: Tensor) -> Tensor:
        """Read one token (rows, 1) a row and score what may follow: (rows, vocabulary)."""
        return self.head(self.advance(tokens, sees=self.sees))[:, -1]

    def head(self, hidden: Tensor) -> Tensor:
        """Turn hidden states into logits in single precision."""
        logits: Tensor = self.model.lm_head(hidden)
        return logits.float()

    def select(self, chosen: Sequence[int]) -> Dialogues:
        """Copy some of the rows, in the order given, repeated where they are."""
        kept = torch.tensor(chosen, device=self.visible.device)
        about = self.rows.request[kept].tolist()
        requests = sorted(set(about))
        crossing = set(cross_layers(self.model))
        layers = [
            _take(layer, requests if index in crossing else chosen)
            for index, layer in enumerate(self.memory.layers)
        ]
        return Dialogues(
            self.model,
            Memory(layers, self.memory.columns),
            Rows.of([requests.index(request) for request in about], kept.device),
            self.visible[kept],
            self.positions[kept],
            self.column.clone(),
            None if self.sees is None else self.sees[kept],
        )


def begin(
    model: MllamaForConditionalGeneration,
    encoded: EncodedPictures,
    dialogues: Sequence[Dialogue],
    *,
    pad_token: int,
    picture_token: int,
    room: int,
) -> tuple[Dialogues, Tensor]:
    """Read all prompts at once.

    Args:
        model: The model.
        encoded: The pictures; every request has at least one prompt.
        dialogues: The prompts, in the order of the rows.
        pad_token: Fills short prompts up, unseen.
        picture_token: Stands where a picture is shown.
        room: Tokens that may follow a prompt.

    Returns:
        Where the rows stand, and the logits of their first reply tokens, (rows, vocabulary).
    """
    device = encoded.owner.device
    longest = max(len(dialogue.tokens) for dialogue in dialogues)
    # Prompts are padded in front, so that all replies begin at one place.
    padding = [longest - len(dialogue.tokens) for dialogue in dialogues]
    padded = [[pad_token] * n + list(d.tokens) for n, d in zip(padding, dialogues, strict=True)]
    tokens = torch.tensor(padded, device=device)
    valid = torch.arange(longest, device=device) >= torch.tensor(padding, device=device)[:, None]
    rows = Rows.of([dialogue.request for dialogue in dialogues], device)
    sees = _sees(padded, encoded.owner[rows.request], picture_token)
    state = _state(model, encoded, rows, length=longest + room)
    hidden = state.advance(tokens, valid=valid, sees=sees)
    state.sees = None if sees is None else sees[:, :, -1:]
    return state, state.head(hidden[:, -1])


def _state(
    model: MllamaForConditionalGeneration, encoded: EncodedPictures, rows: Rows, *, length: int
) -> Dialogues:
    """Stand every row behind the tokens before its pictures, with room for `length` more."""
    device, count = encoded.owner.device, len(rows.request)
    prefix = next(iter(encoded.prefix.values())).keys.shape[2]
    whole = -(-(prefix + length) // 32) * 32  # batches of like prompts get buffers of one size
    text = empty_text(model, rows=count, length=whole)
    for index, layer in encoded.prefix.items():
        own = rows.request.to(layer.keys.device)
        text[index].keys[:, :, :prefix] = layer.keys[own]
        text[index].values[:, :, :prefix] = layer.values[own]
    visible = torch.zeros(count, whole, dtype=torch.bool, device=device)
    visible[:, :prefix] = True
    return Dialogues(
        model,
        Memory(in_order({**text, **encoded.pictures}), torch.arange(prefix, device=device)),
        rows,
        visible,
        positions=torch.full((count,), prefix, device=device),
        column=torch.tensor(prefix, device=device),
        sees=None,
    )


def _sees(padded: Sequence[list[int]], owner: Tensor, picture_token: int) -> Tensor | None:
    """Compute what each token of each row sees of its pictures, by the rule of Mllama's processor.

    Args:
        padded: Tokens of each row, of one length.
        owner: (rows, places) which picture a place shows.
        picture_token: Stands where a picture is shown.

    Returns:
        (rows, 1, tokens, places) bool, the reply seeing what the last token sees; None where
        every token sees everything.
    """
    pictures = int(owner.max()) + 1
    if pictures == 1 and bool((owner == 0).all()):
        return None
    by_picture = torch.zeros(len(padded), len(padded[0]), pictures, dtype=torch.bool)
    for row, tokens in enumerate(padded):
        # Padding sees all: rows of attention that see nothing are undefined.
        by_picture[row, : tokens.index(picture_token)] = True
        for picture, (start, stop) in enumerate(
            get_cross_attention_token_mask(tokens, picture_token)
        ):
            by_picture[row, start : None if stop == -1 else stop, picture] = True
    by_picture = by_picture.to(owner.device)
    index = owner.clamp(min=0)[:, None, :].expand(-1, by_picture.shape[1], -1)
    return (by_picture.gather(2, index) & (owner >= 0)[:, None, :])[:, None]


def _take(layer: LayerMemory, chosen: Sequence[int]) -> LayerMemory:
    index = torch.tensor(chosen, device=layer.keys.device)
    return LayerMemory(layer.keys[index], layer.values[index])
