"""Batches: the questions about a picture in one row, so that one set of vision states serves all.

A row is a *packed sequence*: its questions stand one after the other and each begins at position
zero, by which Transformers knows that they do not see one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gliobench.adapters.transformers.fine_tuning.fitting import IGNORED, Batch


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer, in tokens.

    Args:
        prompt: Up to where the model begins to speak.
        answer: What it should say, the end of turn included.
        weight: Of the whole answer in the loss, however many tokens it has.
    """

    prompt: tuple[int, ...]
    answer: tuple[int, ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Packer:
    """Packs turns about pictures into the text side of a batch.

    Args:
        image_token: Its id; from it on a question sees the picture.
        padding: The id of the padding token.
    """

    image_token: int
    padding: int

    def pack(self, rows: Sequence[Sequence[Turn]], *, shown: Tensor) -> Batch:
        """Make the text side of a batch.

        Args:
            rows: The turns about each picture.
            shown: (N, tiles) int64, 1 for tiles that show the picture, 0 for padded ones.

        Returns:
            `input_ids`, `position_ids`, `labels` and `weights`, (N, L), and the
            `cross_attention_mask`, (N, L, 1, tiles). A label is the token itself, not the next.
            The weights of an answer's tokens add up to the answer's weight.
        """
        length = max(sum(len(turn.prompt) + len(turn.answer) for turn in row) for row in rows)
        shape = (len(rows), length)
        ids = torch.full(shape, self.padding)
        positions = torch.arange(length).repeat(len(rows), 1)
        labels = torch.full(shape, IGNORED)
        weights = torch.zeros(shape)
        sees = torch.zeros(shape, dtype=torch.int64)
        for n, row in enumerate(rows):
            start = 0
            for turn in row:
                middle, stop = start + len(turn.prompt), start + len(turn.prompt) + len(turn.answer)
                ids[n, start:stop] = torch.tensor(turn.prompt + turn.answer)
                labels[n, middle:stop] = ids[n, middle:stop]
                weights[n, middle:stop] = turn.weight / len(turn.answer)
                sees[n, start + turn.prompt.index(self.image_token) : stop] = 1
                positions[n, start:] = torch.arange(length - start)
                start = stop
            positions[n, start:] = torch.arange(length - start)
        return {
            "input_ids": ids,
            "position_ids": positions,
            "labels": labels,
            "weights": weights,
            "cross_attention_mask": sees[:, :, None, None] * shown[:, None, None, :],
        }
