"""How many tokens a language model's answer took."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from gliobench.domain.errors import WrongAnswerError

MOST = 10**15
"""Tokens of one study: more than any model reads."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of an exchange with a language model.

    Args:
        read: Of the prompts and their pictures, as the model or its server counts them.
        written: Of the replies; replies that are compared are not written.

    Raises:
        WrongAnswerError: A number below 0, or above any that can be.
    """

    read: int
    written: int = 0

    def __post_init__(self) -> None:
        if not 0 <= min(self.read, self.written) <= max(self.read, self.written) <= MOST:
            raise WrongAnswerError(f"{self.read} tokens read and {self.written} written")

    @classmethod
    def total(cls, parts: Iterable[Tokens | None]) -> Self | None:
        """Add up, or return None where one is unknown."""
        known = list(parts)
        counted = [part for part in known if part is not None]
        if len(counted) < len(known):
            return None
        return cls(sum(part.read for part in counted), sum(part.written for part in counted))
