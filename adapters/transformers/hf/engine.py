"""Answers prompts about pictures with any model of pictures and words, by its own `generate`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from itertools import groupby
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)

from gliobench.adapters.transformers.hf.checkpoint import HfCheckpoint, load_checkpoint
from gliobench.adapters.transformers.options import HfVisionOptions
from gliobench.adapters.transformers.replies import ReplyEnd, Writing, held, likeliest
from gliobench.adapters.transformers.speaking import SpeakingModel
from gliobench.adapters.vision_language.requests import Picture, Prompt, Reply, Request
from gliobench.domain.errors import BackendError

_ROUNDING = 0.05
"""Most that probabilities differ between rows of a batch, in half precision: half of the sum."""


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """One prompt about some pictures, written out."""

    prompt: Prompt
    pictures: tuple[Picture, ...]
    chat: str


class HfEngine(SpeakingModel[HfCheckpoint]):
    """A loaded model that answers.

    Contract:
        - Greedy: the same requests and options give the same replies, whatever sampling or penalty
          of repetition the checkpoint declares.
        - Replies that are compared are read in rows without padding, so that they depend on the batch
          by rounding only.
        - Out of memory halves the batch, now and from then on, with a warning in the log.
    """

    def __init__(self, checkpoint: HfCheckpoint, options: HfVisionOptions) -> None:
        super().__init__(checkpoint, options.batch_size)
        self._limit = options.max_new_tokens

    @classmethod
    def load(cls, options: HfVisionOptions) -> HfEngine:
        """Load the model.

        Raises:
            NotFoundError: There is no such model or adapter, or access to it is not granted.
            BackendError: It cannot be used.
            MissingExtraError: A library that it needs is not installed.
        """
        return cls(load_checkpoint(options), options)

    def _answer_at_once(self, requests: Sequence[Request]) -> list[tuple[Reply, ...]]:
        rows = [
            _Row(prompt, request.pictures, self.chat(prompt.text, len(request.pictures)))
            for request in requests
            for prompt in request.prompts
        ]
        scored = [row for row in rows if row.prompt.continuations]
        written = [row for row in rows if not row.prompt.continuations]
        replies = dict(zip(written, self._write(written), strict=True)) if written else {}
        for alike in _alike(scored):
            replies |= zip(alike, self._score(alike), strict=True)
        in_order = iter(rows)
        return [tuple(replies[next(in_order)] for _ in request.prompts) for request in requests]

    def _write(self, rows: Sequence[_Row]) -> list[Reply]:
        """Write replies greedily, to their end or to the limit."""
        writings = [
            Writing(self._grammars.matcher(row.prompt.grammar) if row.prompt.grammar else None)
            for row in rows
        ]
        generate: Callable[..., object] = cast("Any", self._checkpoint.model).generate
        inputs = self._inputs(rows)
        generate(
            **inputs,
            max_new_tokens=self._limit,
            logits_processor=LogitsProcessorList([_Held(writings)]),
            stopping_criteria=StoppingCriteriaList([_Ends(writings, self._end)]),
        )
        return list(map(self._end.reply, writings, tokens_of(inputs)))

    def _score(self, rows: Sequence[_Row]) -> list[Reply]:
        """Compare the replies to prompts, a row each behind its prompt, in one pass.

        Args:
            rows: Of as many tokens with their pictures, so that none is padded.
        """
        replies = [(row, text) for row in rows for text in row.prompt.continuations]
        tokens = [self._checkpoint.reply_tokens(text) for _, text in replies]
        read = pad_sequence(tokens, batch_first=True)
        valid = pad_sequence([torch.ones_like(each) for each in tokens], batch_first=True)
        model: Any = self._checkpoint.model
        asked = self._inputs([row for row, _ in replies])
        inputs = followed_by(asked, read, valid)
        last = read.shape[1] + 1
        # Families that can leave out the logits of the prompt, which may fill a GPU.
        few = (
            {"logits_to_keep": last}
            if "logits_to_keep" in signature(model.forward).parameters
            else {}
        )
        logits: Tensor = model(**inputs, **few).logits[:, -last:-1].float()
        read, scores = read.to(logits.device), logits.log_softmax(-1)
        _check_causal(scores, read, [len(row.prompt.continuations) for row in rows])
        each = scores.gather(-1, read[..., None])[..., 0]
        sums = iter((each * valid.to(logits.device)).sum(1).tolist())
        length = asked["input_ids"].shape[1]  # no row is padded
        return [
            likeliest(row.prompt, tuple(next(sums) for _ in row.prompt.continuations), length)
            for row in rows
        ]

    def _inputs(self, rows: Sequence[_Row]) -> dict[str, Any]:
        return self._checkpoint.inputs([row.chat for row in rows], [row.pictures for row in rows])


class _Held(LogitsProcessor):
    """Allows only tokens that the grammars of replies in the making go on with."""

    def __init__(self, writings: Sequence[Writing]) -> None:
        self._writings = writings

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        del input_ids  # read as they are written
        return held(scores, self._writings)


class _Ends(StoppingCriteria):
    """Keeps the tokens of replies as they are written, and says which have ended."""

    def __init__(self, writings: Sequence[Writing], end: ReplyEnd) -> None:
        self._writings = writings
        self._end = end

    def __call__(self, input_ids: Tensor, scores: object, **_: object) -> Tensor:
        del scores
        for writing, token in zip(self._writings, input_ids[:, -1].tolist(), strict=True):
            if not writing.finished:
                self._end.add(writing, token)
        return torch.tensor([w.finished for w in self._writings], device=input_ids.device)


def _check_causal(scores: Tensor, read: Tensor, counts: Sequence[int]) -> None:
    """Check that no token was read with a view of those behind it.

    Replies to one prompt begin alike: what may follow must be equally likely up to where they part.

    Args:
        scores: (rows, t, vocabulary) log-likelihoods at each place.
        read: (rows, t) the tokens there.
        counts: Rows of each prompt, side by side.

    Raises:
        BackendError: The model reads replies in both directions.
    """
    for likely, tokens in zip(scores.split(list(counts)), read.split(list(counts)), strict=True):
        # The place where replies part is the last whose score depends on common tokens alone.
        alike = int((tokens == tokens[:1]).all(0).cumprod(0).sum()) + 1
        odds = likely[:, :alike].exp()
        if float((odds - odds[:1]).abs().sum(-1).max()) / 2 > _ROUNDING:
            raise BackendError(
                "the model reads a reply in both directions: its replies cannot be compared, "
                "wanted grade_decoding = free"
            )


def _alike(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """Group rows that are of as many tokens: of one text, with pictures of the same sizes."""

    def kind(row: _Row) -> tuple[str, list[tuple[int, ...]]]:
        return row.chat, [picture.shape for picture in row.pictures]

    for _, group in groupby(sorted(rows, key=kind), kind):
        yield list(group)


def tokens_of(inputs: Mapping[str, Any]) -> list[int]:
    """Count the tokens of each row, without padding."""
    mask = inputs.get("attention_mask")
    counted: Tensor = torch.ones_like(inputs["input_ids"]) if mask is None else mask
    return [int(count) for count in counted.sum(1)]


def followed_by(inputs: Mapping[str, Any], tokens: Tensor, valid: Tensor) -> dict[str, Any]:
    """Put tokens of text behind those of prompts.

    Args:
        inputs: Tensors by name; those of a value a token grow.
        tokens: (rows, t).
        valid: (rows, t) 1 for tokens, 0 for padding.
    """
    rows, length = inputs["input_ids"].shape

    def grown(name: str, given: object) -> object:
        if not isinstance(given, Tensor) or given.shape[:2] != (rows, length):
            return given
        if name == "input_ids":
            more = tokens
        elif name == "attention_mask":
            more = valid
        elif given.dim() == 2:
            more = torch.zeros_like(tokens)  # the kind of token: text
        else:
            more = given[:, -1:].expand(-1, tokens.shape[1], *given.shape[2:])  # what text sees
        return torch.cat([given, more.to(given.device, given.dtype)], dim=1)

    return {name: grown(name, given) for name, given in inputs.items()}
