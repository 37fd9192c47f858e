"""How likely a served model finds each of several replies, from the tokens that it nearly wrote."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import takewhile

_SMALLEST = 1e-12
"""Probability that rounding may leave of nothing."""


def compared(logprobs: object, continuations: Sequence[str]) -> tuple[float, ...]:
    """Compare replies by the probabilities of the tokens at the place where they part.

    A server lists some tokens that it could have written at each place, with their probabilities. Where
    the reply comes to the letter in which the continuations differ, those listed show how much each
    weighs. One of which no token is listed weighs at most as much as the least likely that is, and as
    all that are not: it is given the smaller of these, so that no reply seems surer than it is.

    Args:
        logprobs: Of the response, as the server gives them.
        continuations: The replies to compare, such as `{"grade": "LGG"}` and `{"grade": "HGG"}`.

    Returns:
        One log-likelihood a continuation, up to a common summand; empty where nothing is listed
        or the reply is none of them.
    """
    tokens = list(_tokens(logprobs))
    place = _place([token for token, _ in tokens], continuations)
    if place is None:
        return ()
    index, offset = place
    shared = _shared(continuations)
    letters = [text[len(shared) : len(shared) + 1] for text in continuations]
    written, listed = tokens[index]
    weights = dict.fromkeys(letters, 0.0)
    for token, logprob in listed:
        letter = token[offset : offset + 1]
        if token[:offset] == written[:offset] and letter in weights:
            weights[letter] += math.exp(logprob)
    if not any(weights.values()):
        return ()
    rest = 1.0 - sum(math.exp(logprob) for _, logprob in listed)
    least = min(*(logprob for _, logprob in listed), math.log(max(rest, _SMALLEST)))
    return tuple(math.log(weights[at]) if weights[at] else least for at in letters)


def _place(tokens: Sequence[str], continuations: Sequence[str]) -> tuple[int, int] | None:
    """Find the token, and the letter in it, where the reply that was written differs from the others.

    White space does not matter; the last reply that is found counts, as thoughts come before it.
    """
    if not continuations or not tokens:
        return None
    shared = len(_squeezed(_shared(continuations)))
    letters = [
        (index, offset)
        for index, token in enumerate(tokens)
        for offset, letter in enumerate(token)
        if not letter.isspace()
    ]
    text = _squeezed("".join(tokens))
    start = max(text.rfind(_squeezed(each)) for each in continuations)
    return None if start < 0 else letters[start + shared]


def _shared(texts: Sequence[str]) -> str:
    """Return how all texts begin."""
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*texts, strict=False))
    return "".join(letters[0] for letters in alike)


def _squeezed(text: str) -> str:
    return "".join(letter for letter in text if not letter.isspace())


def _tokens(logprobs: object) -> Iterator[tuple[str, list[tuple[str, float]]]]:
    """Read each token that was written, and those listed beside it; it stops at what is not understood."""
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    for entry in content if isinstance(content, list) else []:
        if not isinstance(entry, dict) or not isinstance(entry.get("token"), str):
            return
        beside = entry.get("top_logprobs")
        listed = [
            (rival["token"], float(rival["logprob"]))
            for rival in (beside if isinstance(beside, list) else [])
            if isinstance(rival, dict)
            and isinstance(rival.get("token"), str)
            and _is_logprob(rival.get("logprob"))
        ]
        yield entry["token"], listed


def _is_logprob(value: object) -> bool:
    """Return whether a value is a logprob; that of a token that a grammar forbids is -inf, as if not listed."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return -math.inf < value <= 1e-6
