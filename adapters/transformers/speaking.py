"""What every loaded model that answers has in common, whichever engine runs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Generic, Protocol, TypeVar

from transformers import PreTrainedTokenizerFast

from gliobench.adapters.transformers.batches import Batches
from gliobench.adapters.transformers.loading import fingerprint_of
from gliobench.adapters.transformers.replies import Grammars, ReplyEnd
from gliobench.adapters.vision_language.requests import Reply, Request
from gliobench.adapters.vision_language.slices import PictureSizes


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
    """A loaded model that answers, in batches that halve where memory does not suffice.

    Args:
        checkpoint: The model.
        batch_size: Prompts that are answered at once.
        release: Gives back memory that is held between batches.
    """

    def __init__(
        self, checkpoint: CheckpointT, batch_size: int, release: Callable[[], None] = lambda: None
    ) -> None:
        self._checkpoint = checkpoint
        self._end = ReplyEnd(checkpoint.tokenizer, checkpoint.end_token_ids)
        self._batches = Batches(batch_size, self._answer_at_once, release)

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
        """Answer every prompt of every request; see `Batches.answer`.

        Raises:
            InvalidInputError: A request has no picture or no prompt, or a grammar is invalid.
            BackendError: Even one prompt needs more memory than there is.
        """
        return self._batches.answer(requests)

    @abstractmethod
    def _answer_at_once(self, requests: Sequence[Request]) -> list[tuple[Reply, ...]]:
        """Answer all prompts of some requests in one batch, in their order."""

    @cached_property
    def _grammars(self) -> Grammars:
        return Grammars(self._checkpoint.tokenizer, self._checkpoint.end_token_ids)
