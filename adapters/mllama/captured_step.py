"""One decoding step as a CUDA graph: a thousand small kernels started by one call."""

from __future__ import annotations

import torch
from torch import Tensor

from gliobench.adapters.mllama.dialogues import Dialogues


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
        """Tell whether another batch's tensors have the sizes of this one's."""
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
    layers = [part for one in dialogues.memory.layers for part in (one.keys, one.values)]
    state = [dialogues.visible, dialogues.positions, dialogues.column]
    sees = [] if dialogues.sees is None else [dialogues.sees]
    return [*layers, *state, dialogues.rows.request, dialogues.rows.place, *sees]
