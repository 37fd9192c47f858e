"""Answers prompts about pictures with LLaMA 3.2 Vision: each picture is looked at once."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch

from gliobench.adapters.transformers.mllama.attention import share_pictures
from gliobench.adapters.transformers.mllama.checkpoint import Checkpoint, load_checkpoint
from gliobench.adapters.transformers.mllama.decoding import Decoder, log_likelihoods
from gliobench.adapters.transformers.mllama.dialogues import Dialogue, Dialogues, begin
from gliobench.adapters.transformers.mllama.vision import tiles_of
from gliobench.adapters.transformers.mllama.vision_cache import (
    EncodedPictures,
    encode_pictures,
    join,
)
from gliobench.adapters.transformers.options import EngineOptions
from gliobench.adapters.transformers.replies import Grammars, ReplyEnd, Writing
from gliobench.adapters.transformers.requests import Prompt, Reply, Request
from gliobench.domain.errors import BackendError, InvalidInputError

PICTURES_AT_ONCE = 8
"""Through the vision tower: enough to fill a GPU, and 2 GiB of keys of padded tiles for the 11B."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """A request in tokens: what comes before its pictures, and each prompt from there on."""

    number: int
    request: Request
    prefix: tuple[int, ...]
    prompts: tuple[tuple[int, ...], ...]


class Engine:
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

    def __init__(self, checkpoint: Checkpoint, options: EngineOptions) -> None:
        self._checkpoint = checkpoint
        self._batch_size = options.batch_size
        self._options = options
        share_pictures(checkpoint.model)
        self._end = ReplyEnd(checkpoint.tokenizer, checkpoint.end_token_ids)
        on_one_gpu = checkpoint.model.device.type == "cuda" and options.device_map is None
        self._decoder = Decoder(
            self._end, limit=options.max_new_tokens, capture=options.compile and on_one_gpu
        )

    @classmethod
    def load(cls, options: EngineOptions) -> Engine:
        """Load the model.

        Raises:
            NotFoundError: There is no such model or adapter, or access to it is not granted.
            BackendError: It cannot be used.
            MissingExtraError: A library that it needs is not installed.
        """
        return cls(load_checkpoint(options), options)

    @property
    def provenance(self) -> Mapping[str, str]:
        """All that decides the replies, by name."""
        return self._checkpoint.provenance

    @property
    def fingerprint(self) -> str:
        """Hash of the provenance, 64 hexadecimal digits; a model's name or folder has no part."""
        decisive = {k: v for k, v in self.provenance.items() if k not in {"model", "adapter"}}
        return hashlib.sha256(repr(sorted(decisive.items())).encode()).hexdigest()

    @property
    def tile_px(self) -> int:
        """Edge of a tile: of the largest picture that is seen whole in one, and not enlarged."""
        return self._checkpoint.tile_px

    def chat(self, prompt: str, pictures: int = 1) -> str:
        """Write out what would be sent, special tokens included."""
        return self._checkpoint.chat(prompt, pictures=pictures)

    def answer(self, requests: Sequence[Request]) -> list[tuple[Reply, ...]]:
        """Answer every prompt of every request.

        Returns:
            One tuple a request and one reply a prompt, in the order given.

        Raises:
            InvalidInputError: A request has no picture or no prompt, or a grammar is invalid.
            BackendError: Even one prompt needs more memory than there is.
        """
        asked = [self._asked(number, request) for number, request in enumerate(requests)]
        # Like lengths side by side: less padding.
        asked.sort(key=lambda one: max(len(tokens) for tokens in one.prompts))
        replies: dict[int, tuple[Reply, ...]] = {}
        waiting = asked
        while waiting:
            batch = self._next_batch(waiting)
            for one, replied in zip(batch, self._answered(batch), strict=True):
                replies[one.number] = replied
            waiting = waiting[len(batch) :]
        return [replies[number] for number in range(len(requests))]

    def _next_batch(self, waiting: Sequence[_Asked]) -> list[_Asked]:
        """Take requests up to the batch size in prompts, and at least one."""
        batch, prompts = [waiting[0]], len(waiting[0].prompts)
        for asked in waiting[1:]:
            prompts += len(asked.prompts)
            if prompts > self._batch_size:
                break
            batch.append(asked)
        return batch

    def _answered(self, batch: Sequence[_Asked]) -> list[tuple[Reply, ...]]:
        """Answer a batch, in halves where memory does not suffice."""
        try:
            with torch.inference_mode():
                return self._answer_at_once(batch)
        except torch.OutOfMemoryError as error:
            prompts = sum(len(asked.prompts) for asked in batch)
            if prompts == 1:
                raise BackendError(
                    "one prompt needs more memory than the device has: "
                    "wanted a smaller model, a larger device or a device_map"
                ) from error
        # Here the error, and all that its traceback held, is gone.
        self._batch_size = max(1, prompts // 2)
        log.warning("out_of_memory prompts=%d batch_size=%d", prompts, self._batch_size)
        self._decoder.release()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if len(batch) > 1:
            middle = len(batch) // 2
            return self._answered(batch[:middle]) + self._answered(batch[middle:])
        halves = [self._answered([half])[0] for half in _halves(batch[0])]
        return [halves[0] + halves[1]]

    def _answer_at_once(self, batch: Sequence[_Asked]) -> list[tuple[Reply, ...]]:
        prompts = [prompt for asked in batch for prompt in asked.request.prompts]
        dialogues = [
            Dialogue(number, tokens)
            for number, asked in enumerate(batch)
            for tokens in asked.prompts
        ]
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
                replies[row] = _likeliest(prompts[row], each)
        if written:
            rows = state if not scored else state.select(written)
            free = self._write(rows, logits[written], [prompts[row] for row in written])
            replies.update(zip(written, free, strict=True))
        in_order = (replies[row] for row in range(len(prompts)))
        return [tuple(next(in_order) for _ in asked.prompts) for asked in batch]

    def _write(
        self, state: Dialogues, logits: torch.Tensor, prompts: Sequence[Prompt]
    ) -> list[Reply]:
        writings = [
            Writing(self._grammars.matcher(p.grammar) if p.grammar is not None else None)
            for p in prompts
        ]
        self._decoder.write(state, logits, writings)
        return [
            Reply(self._end.text(writing.tokens), finished=writing.finished) for writing in writings
        ]

    def _encode(self, batch: Sequence[_Asked]) -> EncodedPictures:
        """Look at all pictures, a few requests at a time."""
        parts = []
        for some in _by_pictures(batch):
            pictures = [picture for asked in some for picture in asked.request.pictures]
            tiles = tiles_of(self._checkpoint.picture_processor, pictures)
            shown = [len(asked.request.pictures) for asked in some]
            parts.append(encode_pictures(self._checkpoint.model, tiles, shown, batch[0].prefix))
        return join(parts)

    def _asked(self, number: int, request: Request) -> _Asked:
        if not request.pictures or not request.prompts:
            raise InvalidInputError("a request has no picture or no prompt, wanted at least one")
        token = self._checkpoint.picture_token_id
        chats = [
            self._checkpoint.token_ids(self.chat(prompt.text, len(request.pictures)))
            for prompt in request.prompts
        ]
        first = chats[0].index(token) if token in chats[0] else 0
        prefix = chats[0][:first]
        if first == 0 or any(chat[:first] != prefix or chat[first] != token for chat in chats):
            raise BackendError("the chat template puts something else than pictures first")
        return _Asked(number, request, tuple(prefix), tuple(tuple(c[first:]) for c in chats))

    def _continuations(self, prompt: Prompt) -> list[list[int]]:
        """Split the replies to compare into tokens, each closed by the end of turn."""
        opened = self._checkpoint
        return [[*opened.token_ids(text), opened.end_token_ids[0]] for text in prompt.continuations]

    @cached_property
    def _grammars(self) -> Grammars:
        return Grammars(self._checkpoint.tokenizer, self._checkpoint.end_token_ids)


def _likeliest(prompt: Prompt, sums: tuple[float, ...]) -> Reply:
    best = max(range(len(sums)), key=sums.__getitem__)
    return Reply(prompt.continuations[best], log_likelihoods=sums)


def _halves(asked: _Asked) -> tuple[_Asked, _Asked]:
    """Part one request's prompts; its pictures are looked at twice."""
    middle = len(asked.prompts) // 2

    def part(chosen: slice) -> _Asked:
        prompts = asked.request.prompts[chosen]
        request = Request(asked.request.pictures, prompts)
        return replace(asked, request=request, prompts=asked.prompts[chosen])

    return part(slice(None, middle)), part(slice(middle, None))


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
