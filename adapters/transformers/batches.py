"""Requests answered some at a time, and fewer where memory does not suffice."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch

from gliobench.adapters.vision_language.requests import Reply, Request
from gliobench.domain.errors import BackendError, InvalidInputError

AnswerAtOnce: TypeAlias = Callable[[Sequence[Request]], list[tuple[Reply, ...]]]
"""Answers all prompts of some requests in one batch, in their order."""

log = logging.getLogger(__name__)


class Batches:
    """Parts requests into batches; out of memory halves them, now and from then on.

    Args:
        size: Prompts that are answered at once.
        at_once: Answers a batch.
        release: Gives back memory that is held between batches.
    """

    def __init__(
        self, size: int, at_once: AnswerAtOnce, release: Callable[[], None] = lambda: None
    ) -> None:
        self._size = size
        self._at_once = at_once
        self._release = release

    def answer(self, requests: Sequence[Request]) -> list[tuple[Reply, ...]]:
        """Answer every prompt of every request.

        Returns:
            One tuple a request and one reply a prompt, in the order given.

        Raises:
            InvalidInputError: A request has no picture or no prompt.
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
            if prompts > self._size:
                break
            batch.append(number)
        return batch

    def _answered(self, batch: Sequence[Request]) -> list[tuple[Reply, ...]]:
        """Answer a batch, in halves where memory does not suffice."""
        try:
            with torch.inference_mode():
                return self._at_once(batch)
        except torch.OutOfMemoryError as error:
            prompts = sum(len(request.prompts) for request in batch)
            if prompts == 1:
                raise BackendError(
                    "one prompt needs more memory than the device has: "
                    "wanted a smaller model, a larger device or a device_map"
                ) from error
        # Here the error, and all that its traceback held, is gone.
        self._size = max(1, prompts // 2)
        log.warning("out_of_memory prompts=%d batch_size=%d", prompts, self._size)
        self._release()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if len(batch) > 1:
            middle = len(batch) // 2
            return self._answered(batch[:middle]) + self._answered(batch[middle:])
        halves = [self._answered([half])[0] for half in _halves(batch[0])]
        return [halves[0] + halves[1]]


def _length(request: Request) -> int:
    return max(len(prompt.text) for prompt in request.prompts)


def _halves(request: Request) -> tuple[Request, Request]:
    """Part one request's prompts; its pictures are looked at twice."""
    middle = len(request.prompts) // 2
    first, second = request.prompts[:middle], request.prompts[middle:]
    return Request(request.pictures, first), Request(request.pictures, second)
