"""What the engine is asked, and what it replies: pictures and words, nothing of medicine."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.predictions.tokens import Tokens

Picture = NDArray[np.uint8]
"""(H, W, 3) uint8, row 0 at the top."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question about the pictures of a request.

    Args:
        text: The user's turn, without template and image tokens.
        grammar: JSON schema that the reply is held to; None lets the model write freely.
        continuations: Replies to compare by log-likelihood instead of writing one.
    """

    text: str
    grammar: str | None = None
    continuations: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Request:
    """Pictures, shown together, and all that is asked about them.

    Args:
        pictures: At least one.
        prompts: At least one; each is answered by itself.
    """

    pictures: tuple[Picture, ...]
    prompts: tuple[Prompt, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model says to one prompt.

    Args:
        text: Its words, without special tokens; of compared continuations, the likeliest.
        finished: False where the length limit cut it off.
        log_likelihoods: One sum over the tokens of each continuation, the end of turn included.
        tokens: How many it took; None where they are not counted.
    """

    text: str
    finished: bool = True
    log_likelihoods: tuple[float, ...] = ()
    tokens: Tokens | None = field(default=None, compare=False)
