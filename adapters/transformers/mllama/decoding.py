"""Write replies greedily, many side by side, or score replies that are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from gliobench.adapters.transformers.mllama.dialogues import Dialogues
from gliobench.adapters.transformers.replies import ReplyEnd, Writing, held


class Decoder:
    """Greedy decoding.

    Args:
        end: Detects when a reply has ended.
        limit: Most tokens of a reply.
        capture: Capture the step as a CUDA graph; rows then stay until all have ended.
    """

    def __init__(self, end: ReplyEnd, *, limit: int, capture: bool) -> None:
        self._end = end
        self._limit = limit
        self._capture = capture
        self._captured: CapturedStep | None = None

    def write(self, dialogues: Dialogues, logits: Tensor, writings: Sequence[Writing]) -> None:
        """Write all replies to their end or to the limit.

        Args:
            dialogues: Where the rows stand; used up.
            logits: (rows, vocabulary) of the first tokens.
            writings: One a row, filled here.
        """
        rows = list(writings)
        step = self._step(dialogues)
        for written in range(1, self._limit + 1):
            tokens = held(logits, rows).argmax(dim=-1)
            for writing, token in zip(rows, tokens.tolist(), strict=True):
                if not writing.finished:
                    self._end.add(writing, token)
            live = [row for row, writing in enumerate(rows) if not writing.finished]
            if not live or written == self._limit:
                return
            # Leaving out a row copies the others' keys: worth it once half of them are done.
            if not self._capture and 2 * len(live) <= len(rows):
                dialogues, tokens = dialogues.select(live), tokens[live]
                rows = [rows[row] for row in live]
                step = dialogues.next_logits
            logits = step(tokens[:, None])

    def release(self) -> None:
        """Release the memory of a captured step."""
        self._captured = None

    def _step(self, dialogues: Dialogues) -> Callable[[Tensor], Tensor]:
        if not self._capture:
            return dialogues.next_logits
        if self._captured is None or not self._captured.fits(dialogues):
            self.release()  # its buffers go before new ones come
            self._captured = CapturedStep(dialogues)
        else:
            self._captured.load(dialogues)
        return self._captured.next_logits


class CapturedStep:
    """The step of one batch, replayed for every batch whose tensors have the same sizes.

    Args:
        dialogues: Rows after their prompts, on one GPU, with room for three tokens; its tensors
            become the graph's.
    """

    def __init__(self, dialogues: Dialogues) -> None:
        self._dialogues = dialogues
        rows = dialogues.positions.shape[0]
        self._tokens = torch.zeros(rows, 1, dtype=torch.long, device=dialogues.positions.device)
        self._warm_up()
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._logits = dialogues.next_logits(self._tokens)

    def next_logits(self, tokens: Tensor) -> Tensor:
        """Do as `Dialogues.next_logits`; the result is overwritten by the next call."""
        self._tokens.copy_(tokens)
        self._graph.replay()
        return self._logits

    def fits(self, dialogues: Dialogues) -> bool:
        """Check whether another batch's tensors have the sizes of this one's."""
        return self._dialogues.rows.shape == dialogues.rows.shape and [
            tensor.shape for tensor in _tensors(self._dialogues)
        ] == [tensor.shape for tensor in _tensors(dialogues)]

    def load(self, dialogues: Dialogues) -> None:
        """Put another batch in place of the one before."""
        for own, given in zip(_tensors(self._dialogues), _tensors(dialogues), strict=True):
            own.copy_(given)

    def _warm_up(self) -> None:
        """Let libraries choose kernels and make room, which a capture may not do."""
        state = self._dialogues
        marks = (state.visible, state.positions, state.column)
        before = [mark.clone() for mark in marks]
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(2):
                state.next_logits(self._tokens)
        torch.cuda.current_stream().wait_stream(stream)
        for mark, value in zip(marks, before, strict=True):
            mark.copy_(value)


def _tensors(dialogues: Dialogues) -> list[Tensor]:
    layers = [part for layer in dialogues.memory.layers for part in (layer.keys, layer.values)]
    state = [dialogues.visible, dialogues.positions, dialogues.column]
    sees = [] if dialogues.sees is None else [dialogues.sees]
    return [*layers, *state, dialogues.rows.request, dialogues.rows.place, *sees]


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
