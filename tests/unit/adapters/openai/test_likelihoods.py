"""Likelihoods are those of the letter in which the replies differ, however the reply is cut into tokens."""

from __future__ import annotations

import math
from typing import Any

import pytest

from gliobench.adapters.openai.likelihoods import compared

LGG, HGG = '{"grade": "LGG"}', '{"grade": "HGG"}'


def listed(*tokens: str, **beside: float) -> dict[str, Any]:
    """Tokens of a reply; the one in which letters differ is listed with its rivals."""

    def entry(token: str) -> dict[str, Any]:
        rivals = beside if token in beside else {token: 0.9}
        top = [{"token": t, "logprob": math.log(p)} for t, p in rivals.items()]
        return {"token": token, "logprob": top[0]["logprob"], "top_logprobs": top}

    return {"content": [entry(token) for token in tokens]}


def probability(logprobs: object) -> float:
    """P(HGG) of the two."""
    low, high = compared(logprobs, (LGG, HGG))
    return 1 / (1 + math.exp(low - high))


@pytest.mark.parametrize(
    ("tokens", "beside", "expected"),
    [
        (('{"', "grade", '":', ' "', "H", "GG", '"}'), {"H": 0.6, "L": 0.2, "A": 0.1}, 0.75),
        (('{"grade": ', '"HGG', '"}'), {'"HGG': 0.3, '"LGG': 0.6, '"H': 0.1}, 0.4),
        (("```json\n", '{"grade":', '"', "L", 'GG"}', "\n```"), {"L": 0.9, "H": 0.1}, 0.1),
        (("HGG or LGG? ", '{"grade": "', "LGG", '"}'), {"LGG": 0.8, "HGG": 0.2}, 0.2),
        (('{"grade": "', "HG", "G", '"}'), {"HG": 0.5, "H": 0.2, "LG": 0.3}, 0.7),
    ],
)
def test_the_probability_is_that_of_the_letter_that_differs(
    tokens: tuple[str, ...], beside: dict[str, float], expected: float
) -> None:
    assert probability(listed(*tokens, **beside)) == pytest.approx(expected)


def test_a_reply_that_is_not_listed_weighs_no_more_than_the_least_that_is() -> None:
    logprobs = listed('{"grade": "', "H", 'GG"}', H=0.97, X=0.01)

    assert probability(logprobs) == pytest.approx(0.97 / 0.98)


def test_a_rival_that_is_impossible_is_next_to_impossible() -> None:
    logprobs = listed('{"grade": "', "H", 'GG"}', H=1.0)
    logprobs["content"][1]["top_logprobs"].append({"token": "L", "logprob": -math.inf})

    assert 1 - 1e-9 < probability(logprobs) < 1


def test_where_only_what_was_written_is_listed_the_other_has_the_rest() -> None:
    logprobs = listed('{"grade": "', "L", 'GG"}', L=0.98)

    assert probability(logprobs) == pytest.approx(0.02)


@pytest.mark.parametrize(
    "logprobs",
    [
        None,
        {},
        {"content": None},
        {"content": [None]},
        {"content": [{"token": 3}]},
        listed("I ", "cannot ", "say"),
        {"content": [{"token": HGG, "top_logprobs": None}]},
        {"content": [{"token": HGG, "top_logprobs": [{"token": HGG, "logprob": "-1"}]}]},
        {"content": [{"token": HGG, "top_logprobs": [{"token": HGG, "logprob": float("nan")}]}]},
    ],
)
def test_what_says_nothing_of_the_replies_is_not_estimable(logprobs: object) -> None:
    assert compared(logprobs, (LGG, HGG)) == ()


def test_without_replies_to_compare_there_is_nothing_to_say() -> None:
    assert compared(listed("a"), ()) == ()
