"""Write replies greedily, many side by side."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from gliobench.adapters.mllama.captured_step import CapturedStep
from gliobench.adapters.mllama.constraints import allowed
from gliobench.adapters.mllama.dialogues import Dialogues

if TYPE_CHECKING:
    from llguidance import LLMatcher


@dataclass(slots=True, eq=False)
class Writing:
    """One reply in the making.

    Args:
        matcher: What it is held to; None leaves it free.
        tokens: Written so far, without the end of turn.
        finished: It ended by itself.
    """

    matcher: LLMatcher | None = None
    tokens: list[int] = field(default_factory=list)
    finished: bool = False


class ReplyEnd:
    """Tells when a reply has ended: at the end of turn, or where its JSON closes."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, end_tokens: Sequence[int]) -> None:
        self._tokenizer = tokenizer
        self._end_tokens = frozenset(end_tokens)
        self._closes: dict[int, bool] = {}

    def add(self, writing: Writing, token: int) -> None:
        """Append a token to a reply, unless it is the end of turn."""
        if token in self._end_tokens:
            writing.finished = True
            return
        writing.tokens.append(token)
        if writing.matcher is not None:
            writing.matcher.consume_token(token)
            writing.finished = bool(writing.matcher.is_stopped())
        elif self._holds_brace(token):
            writing.finished = holds_json(self.text(writing.tokens))

    def text(self, tokens: Sequence[int]) -> str:
        """Write tokens out, without special ones."""
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=True))

    def _holds_brace(self, token: int) -> bool:
        # Only a token with a brace can close an object: no other reply need be read at each step.
        if token not in self._closes:
            self._closes[token] = "}" in self.text([token])
        return self._closes[token]


def holds_json(text: str) -> bool:
    """Tell whether a whole JSON object begins at the first brace of a text."""
    start = text.find("{")
    if start < 0:
        return False
    try:
        json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return False
    return True


class Decoder:
    """Greedy decoding.

    Args:
        end: Tells when a reply has ended.
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
            tokens = greedy(logits, rows)
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
        """Give back the memory of a captured step."""
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


def greedy(logits: Tensor, writings: Sequence[Writing]) -> Tensor:
    """Choose each row's likeliest token of those that it may go on with: (rows,)."""
    matchers = [None if writing.finished else writing.matcher for writing in writings]
    if any(matcher is not None for matcher in matchers):
        masks = allowed(matchers, logits.shape[1]).to(logits.device)
        logits = logits.masked_fill(~masks, -torch.inf)
    return logits.argmax(dim=-1)
