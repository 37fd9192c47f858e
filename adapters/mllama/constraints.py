"""Hold replies to a JSON schema: which tokens may come next."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from gliobench.domain.errors import InvalidInputError, MissingExtraError

if TYPE_CHECKING:
    from llguidance import LLMatcher
    from llguidance._lib import JsonCompileOptions

SEPARATORS: JsonCompileOptions = {
    "whitespace_flexible": False,
    "item_separator": ", ",
    "key_separator": ": ",
}
"""White space as `json.dumps` writes it; a model left free in it may write nothing else."""


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
    """Say which tokens each row may go on with: (rows, vocabulary) bool, on the CPU."""
    masks = torch.ones(len(matchers), vocabulary, dtype=torch.bool)
    bit = torch.arange(32, dtype=torch.int32)
    for row, matcher in enumerate(matchers):
        if matcher is not None:
            words = torch.frombuffer(bytearray(matcher.compute_bitmask()), dtype=torch.int32)
            bits = ((words[:, None] >> bit) & 1).bool().flatten()[:vocabulary]
            masks[row, : len(bits)] = bits
            masks[row, len(bits) :] = False
    return masks
