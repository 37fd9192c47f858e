"""What every loaded model that answers has in common, whichever engine runs it."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Generic, Protocol, TypeVar

import torch
from transformers import PreTrainedTokenizerFast

from gliobench.adapters.transformers.loading import fingerprint_of
from gliobench.adapters.transformers.replies import Grammars, ReplyEnd
from gliobench.adapters.vision_language.requests import Reply, Request
from gliobench.adapters.vision_language.slices import PictureSizes
from gliobench.domain.errors import BackendError, InvalidInputError

log = logging.getLogger(__name__)


class SpeakingCheckpoint(PictureSizes, Protocol):
    """A checkpoint, as far as every engine asks it alike."""

    @property
    def tokenizer(self) -> PreTrainedTokenizerFast:
        """What splits words into tokens."""
        ...

    @property
    def end_token_ids(self) -> tuple[int, ...]:
        """Tokens that end a turn."""
        ...

    @property
    def provenance(self) -> Mapping[str, str]:
        """All that decides the replies, by name."""
        ...

    def chat(self, prompt: str, *, pictures: int = 1) -> str:
        """Write a user's turn as the model expects it."""
        ...


CheckpointT = TypeVar("CheckpointT", bound=SpeakingCheckpoint)


class SpeakingModel(ABC, Generic[CheckpointT]):
    """A loaded model that answers, in batches; out of memory halves them, now and from then on.

    Args:
        checkpoint: The model.
        batch_size: Prompts that are answered at once.
    """

    def __init__(self, checkpoint: CheckpointT, batch_size: int) -> None:
        self._checkpoint = checkpoint
        self._end = ReplyEnd(checkpoint.tokenizer, checkpoint.end_token_ids)
        self._batch_size = batch_size

    @property
    def provenance(self) -> Mapping[str, str]:
        """All that decides the replies, by name."""
        return self._checkpoint.provenance

    @property
    def fingerprint(self) -> str:
        """Hash of the provenance, 64 hexadecimal digits; a model's name or folder has no part."""
        return fingerprint_of(self.provenance)

    @property
    def tile_px(self) -> int:
        """Edge of the pictures that it is shown where no other is asked for."""
        return self._checkpoint.tile_px

    def seen_px(self, edge: int) -> int:
        """Return the edge that a square picture has for it, after its processor resized it."""
        return self._checkpoint.seen_px(edge)

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
        if not all(request.pictures and request.prompts for request in requests):
            raise InvalidInputError("a request has no picture or no prompt, wanted at least one")
        replies: dict[int, tuple[Reply, ...]] = {}
        # Like lengths side by side: less padding.
        waiting = sorted(range(len(requests)), key=lambda number: _length(requests[number]))
        while waiting:
            batch = self._next(waiting, requests)
            answered = self._answered([requests[number] for number in batch])
            replies.update(zip(batch, answered, strict=True))
            waiting = waiting[len(batch) :]
        return [replies[number] for number in range(len(requests))]

    def _next(self, waiting: Sequence[int], requests: Sequence[Request]) -> list[int]:
        """Take requests up to the batch size in prompts, and at least one."""
        batch, prompts = [waiting[0]], len(requests[waiting[0]].prompts)
        for number in waiting[1:]:
            prompts += len(requests[number].prompts)
            if prompts > self._batch_size:
                break
            batch.append(number)
        return batch

    def _answered(self, batch: Sequence[Request]) -> list[tuple[Reply, ...]]:
        """Answer a batch, in halves where memory does not suffice."""
        try:
            with torch.inference_mode():
                return self._answer_at_once(batch)
        except torch.OutOfMemoryError as error:
            prompts = sum(len(request.prompts) for request in batch)
            if prompts == 1:
                raise BackendError(
                    "one prompt needs more memory than the device has: "
                    "wanted a smaller model, a larger device or a device_map"
                ) from error
        # Here the error, and all that its traceback held, is gone.
        self._batch_size = max(1, prompts // 2)
        log.warning("out_of_memory prompts=%d batch_size=%d", prompts, self._batch_size)
        self._release()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if len(batch) > 1:
            middle = len(batch) // 2
            return self._answered(batch[:middle]) + self._answered(batch[middle:])
        halves = [self._answered([half])[0] for half in _halves(batch[0])]
        return [halves[0] + halves[1]]

    @abstractmethod
    def _answer_at_once(self, requests: Sequence[Request]) -> list[tuple[Reply, ...]]:
        """Answer all prompts of some requests in one batch, in their order."""

    def _release(self) -> None:
        """Free memory that is held between batches."""

    @cached_property
    def _grammars(self) -> Grammars:
        return Grammars(self._checkpoint.tokenizer, self._checkpoint.end_token_ids)


def _length(request: Request) -> int:
    return max(len(prompt.text) for prompt in request.prompts)


def _halves(request: Request) -> tuple[Request, Request]:
    """Part one request's prompts; its pictures are looked at twice."""
    middle = len(request.prompts) // 2
    first, second = request.prompts[:middle], request.prompts[middle:]
    return Request(request.pictures, first), Request(request.pictures, second)
