"""Replies in the making: which tokens may come next, and when a reply has ended."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from gliobench.adapters.vision_language.requests import Prompt, Reply
from gliobench.domain.answers.thoughts import without_thoughts
from gliobench.domain.answers.words import Unreadable
from gliobench.domain.errors import InvalidInputError, MissingExtraError
from gliobench.domain.predictions.tokens import Tokens

if TYPE_CHECKING:
    from llguidance import LLMatcher
    from llguidance._lib import JsonCompileOptions


SEPARATORS: JsonCompileOptions = {
    "whitespace_flexible": False,
    "item_separator": ", ",
    "key_separator": ": ",
}
"""White space as `json.dumps` writes it; a model left free in it may write nothing else."""


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
    """Detects when a reply has ended: at the end of turn, or where its JSON closes."""

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
            writing.finished = holds_json(_spoken(self.text(writing.tokens)))

    def text(self, tokens: Sequence[int]) -> str:
        """Write tokens out, without special ones."""
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=True))

    def reply(self, writing: Writing, read: int) -> Reply:
        """Make a reply of what was written.

        Args:
            writing: Finished, or cut off.
            read: Tokens of its prompt.
        """
        tokens = Tokens(read, len(writing.tokens))
        return Reply(self.text(writing.tokens), finished=writing.finished, tokens=tokens)

    def _holds_brace(self, token: int) -> bool:
        # Only a token with a brace can close an object: no other reply need be read at each step.
        if token not in self._closes:
            self._closes[token] = "}" in self.text([token])
        return self._closes[token]


def _spoken(text: str) -> str:
    """Leave out what a model thinks: JSON in a thought ends no reply."""
    try:
        return without_thoughts(text)
    except Unreadable:
        return ""


def holds_json(text: str) -> bool:
    """Check whether a whole JSON object begins at the first brace of a text."""
    start = text.find("{")
    if start < 0:
        return False
    try:
        json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return False
    return True


class Grammars:
    """Schemas compiled for one tokenizer, each once.

    Args:
        tokenizer: Of the model.
        end_tokens: What closes a reply.

    Raises:
        MissingExtraError: llguidance is not installed.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast, end_tokens: Sequence[int]) -> None:
        if importlib.util.find_spec("llguidance") is None:
            raise MissingExtraError(extra="vlm", purpose="Constrained decoding")
        from llguidance.hf import from_tokenizer

        self._tokens = from_tokenizer(tokenizer, eos_token=list(end_tokens))
        self._compiled: dict[str, LLMatcher] = {}

    def matcher(self, schema: str) -> LLMatcher:
        """Start a reply that is held to a schema.

        Raises:
            InvalidInputError: The schema cannot be compiled.
        """
        from llguidance import LLMatcher

        if schema not in self._compiled:
            grammar = LLMatcher.grammar_from_json_schema(schema, defaults=SEPARATORS)
            fresh = LLMatcher(self._tokens, grammar, log_level=0)
            if fresh.is_error():
                reason = fresh.get_error().splitlines()[0]
                raise InvalidInputError(f"grammar {schema!r} cannot be compiled: {reason}")
            self._compiled[schema] = fresh
        return self._compiled[schema].deep_copy()


def allowed(matchers: Sequence[LLMatcher | None], vocabulary: int) -> Tensor:
    """Compute which tokens each row may go on with: (rows, vocabulary) bool, on the CPU."""
    masks = torch.ones(len(matchers), vocabulary, dtype=torch.bool)
    bit = torch.arange(32, dtype=torch.int32)
    for row, matcher in enumerate(matchers):
        if matcher is not None:
            words = torch.frombuffer(bytearray(matcher.compute_bitmask()), dtype=torch.int32)
            bits = ((words[:, None] >> bit) & 1).bool().flatten()[:vocabulary]
            masks[row, : len(bits)] = bits
            masks[row, len(bits) :] = False
    return masks


def held(logits: Tensor, writings: Sequence[Writing]) -> Tensor:
    """Forbid each row, of (rows, vocabulary), the tokens that its grammar does not go on with."""
    matchers = [None if writing.finished else writing.matcher for writing in writings]
    if all(matcher is None for matcher in matchers):
        return logits
    masks = allowed(matchers, logits.shape[1]).to(logits.device)
    return logits.masked_fill(~masks, -torch.inf)


def likeliest(prompt: Prompt, sums: tuple[float, ...], read: int) -> Reply:
    """Reply with the likeliest of the continuations that were compared.

    Args:
        prompt: With its continuations.
        sums: Their log-likelihoods.
        read: Tokens of the prompt.
    """
    best = max(range(len(sums)), key=sums.__getitem__)
    return Reply(prompt.continuations[best], log_likelihoods=sums, tokens=Tokens(read))
