"""Answers prompts about pictures with LLaMA 3.2 Vision: each picture is looked at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from gliobench.adapters.transformers.mllama.attention import share_pictures
from gliobench.adapters.transformers.mllama.checkpoint import Checkpoint, load_checkpoint
from gliobench.adapters.transformers.mllama.decoding import Decoder, log_likelihoods
from gliobench.adapters.transformers.mllama.dialogues import Dialogue, Dialogues, begin
from gliobench.adapters.transformers.mllama.options import MllamaOptions
from gliobench.adapters.transformers.mllama.vision import tiles_of
from gliobench.adapters.transformers.mllama.vision_cache import (
    EncodedPictures,
    encode_pictures,
    join,
)
from gliobench.adapters.transformers.replies import Writing, likeliest
from gliobench.adapters.transformers.speaking import SpeakingModel
from gliobench.adapters.vision_language.requests import Prompt, Reply, Request
from gliobench.domain.errors import BackendError

PICTURES_AT_ONCE = 8
"""Through the vision tower: enough to fill a GPU, and 2 GiB of keys of padded tiles for the 11B."""


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """A request in tokens: what comes before its pictures, and each prompt from there on."""

    request: Request
    prefix: tuple[int, ...]
    prompts: tuple[tuple[int, ...], ...]


class Engine(SpeakingModel[Checkpoint]):
    """A loaded model that answers.

    Contract:
        - Greedy: the same requests and options give the same replies.
        - The batch changes a reply by rounding only; in bfloat16 that can turn a near tie, which is
          why `batch_size` is part of the provenance.
        - Out of memory halves the batch, now and from then on, with a warning in the log.

    Args:
        checkpoint: Its language model is set to share the keys of pictures.
        options: As it was loaded with.
    """

    def __init__(self, checkpoint: Checkpoint, options: MllamaOptions) -> None:
        super().__init__(checkpoint, options.batch_size)
        self._options = options
        share_pictures(checkpoint.model)
        on_one_gpu = checkpoint.model.device.type == "cuda" and options.device_map is None
        self._decoder = Decoder(
            self._end, limit=options.max_new_tokens, capture=options.compile and on_one_gpu
        )

    @classmethod
    def load(cls, options: MllamaOptions) -> Engine:
        """Load the model.

        Raises:
            NotFoundError: There is no such model or adapter, or access to it is not granted.
            BackendError: It cannot be used.
            MissingExtraError: A library that it needs is not installed.
        """
        return cls(load_checkpoint(options), options)

    def _answer_at_once(self, requests: Sequence[Request]) -> list[tuple[Reply, ...]]:
        batch = [self._asked(request) for request in requests]
        prompts = [prompt for request in requests for prompt in request.prompts]
        dialogues = [
            Dialogue(number, tokens)
            for number, asked in enumerate(batch)
            for tokens in asked.prompts
        ]
        read = [len(asked.prefix) + len(tokens) for asked in batch for tokens in asked.prompts]
        continuations = [self._continuations(prompt) for prompt in prompts]
        longest = max((len(t) for tokens in continuations for t in tokens), default=0)
        state, logits = begin(
            self._checkpoint.model,
            self._encode(batch),
            dialogues,
            pad_token=int(self._checkpoint.tokenizer.pad_token_id),
            picture_token=self._checkpoint.picture_token_id,
            room=max(self._options.max_new_tokens, longest, 3),
        )
        scored = [row for row, prompt in enumerate(prompts) if prompt.continuations]
        written = [row for row, prompt in enumerate(prompts) if not prompt.continuations]
        replies: dict[int, Reply] = {}
        if scored:
            sums = log_likelihoods(
                state.select(scored), logits[scored], [continuations[row] for row in scored]
            )
            for row, each in zip(scored, sums, strict=True):
                replies[row] = likeliest(prompts[row], each, read[row])
        if written:
            rows = state if not scored else state.select(written)
            free = self._write(rows, logits[written], [prompts[row] for row in written])
            for row, writing in zip(written, free, strict=True):
                replies[row] = self._end.reply(writing, read[row])
        in_order = (replies[row] for row in range(len(prompts)))
        return [tuple(next(in_order) for _ in request.prompts) for request in requests]

    def _release(self) -> None:
        self._decoder.release()

    def _write(
        self, state: Dialogues, logits: torch.Tensor, prompts: Sequence[Prompt]
    ) -> list[Writing]:
        writings = [
            Writing(self._grammars.matcher(p.grammar) if p.grammar is not None else None)
            for p in prompts
        ]
        self._decoder.write(state, logits, writings)
        return writings

    def _encode(self, batch: Sequence[_Asked]) -> EncodedPictures:
        """Look at all pictures, a few requests at a time."""
        parts = []
        for some in _by_pictures(batch):
            pictures = [picture for asked in some for picture in asked.request.pictures]
            tiles = tiles_of(self._checkpoint.picture_processor, pictures)
            shown = [len(asked.request.pictures) for asked in some]
            parts.append(encode_pictures(self._checkpoint.model, tiles, shown, batch[0].prefix))
        return join(parts)

    def _asked(self, request: Request) -> _Asked:
        token = self._checkpoint.picture_token_id
        chats = [
            self._checkpoint.token_ids(self.chat(prompt.text, len(request.pictures)))
            for prompt in request.prompts
        ]
        first = chats[0].index(token) if token in chats[0] else 0
        prefix = chats[0][:first]
        if first == 0 or any(chat[:first] != prefix or chat[first] != token for chat in chats):
            raise BackendError("the chat template puts something else than pictures first")
        return _Asked(request, tuple(prefix), tuple(tuple(c[first:]) for c in chats))

    def _continuations(self, prompt: Prompt) -> list[list[int]]:
        """Split the replies to compare into tokens, each closed by the end of turn."""
        opened = self._checkpoint
        return [[*opened.token_ids(text), opened.end_token_ids[0]] for text in prompt.continuations]


def _by_pictures(batch: Sequence[_Asked]) -> Iterator[list[_Asked]]:
    """Group requests that are looked at together: some pictures, and at least one request."""
    group: list[_Asked] = []
    pictures = 0
    for asked in batch:
        shown = len(asked.request.pictures)
        if group and pictures + shown > PICTURES_AT_ONCE:
            yield group
            group, pictures = [], 0
        group.append(asked)
        pictures += shown
    yield group
