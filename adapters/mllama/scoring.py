"""How likely the model finds replies that are given to it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from gliobench.adapters.mllama.dialogues import Dialogues


def log_likelihoods(
    dialogues: Dialogues, logits: Tensor, continuations: Sequence[Sequence[Sequence[int]]]
) -> list[tuple[float, ...]]:
    """Sum the log-likelihoods of each continuation's tokens, all in one pass.

    Args:
        dialogues: Where the rows stand after their prompts; left as it is.
        logits: (rows, vocabulary) of the first tokens.
        continuations: For each row, tokens of each reply, the end of turn included.

    Returns:
        For each row one sum a continuation, in nats.
    """
    flat = [tokens for replies in continuations for tokens in replies]
    owner = [row for row, replies in enumerate(continuations) for _ in replies]
    device = logits.device
    targets = pad_sequence([torch.tensor(list(t), device=device) for t in flat], batch_first=True)
    valid = pad_sequence(
        [torch.ones(len(t), dtype=torch.bool, device=device) for t in flat], batch_first=True
    )
    first = logits[owner][:, None].log_softmax(-1)
    scores = [first]
    if targets.shape[1] > 1:
        copies = dialogues.select(owner)
        sees = None if copies.sees is None else copies.sees.expand(-1, 1, targets.shape[1] - 1, -1)
        hidden = copies.advance(targets[:, :-1], valid=valid[:, 1:], sees=sees)
        scores.append(copies.head(hidden).log_softmax(-1))
    each = torch.cat(scores, dim=1).gather(-1, targets[..., None])[..., 0]
    sums = iter((each * valid).sum(1).tolist())
    return [tuple(next(sums) for _ in replies) for replies in continuations]
