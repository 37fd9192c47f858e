from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.model_card import ModelCard

CARD = ModelCard(
    kind="grader",
    architecture="three stages",
    input_shape=(32, 32, 32),
    spacing_mm=(1.9, 1.9, 1.2),
    training_data="0f" * 32,
    trained_on=("aa", "bb"),
    temperature=1.7,
)


def test_a_card_is_read_back_as_it_was_written() -> None:
    assert ModelCard.from_json(CARD.to_json()) == CARD


def test_a_card_is_one_line() -> None:
    assert "\n" not in CARD.to_json()


def test_a_field_of_a_later_version_is_passed_over() -> None:
    text = json.dumps({**json.loads(CARD.to_json()), "licence": "Apache-2.0"})

    assert ModelCard.from_json(text) == CARD


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "oracle"}, "kind 'oracle'"),
        ({"modalities": ("t1c", "t1n", "t2w", "t2f")}, "modalities"),
        ({"modalities": ("t1n",)}, "modalities"),
        ({"regions": ("ET", "TC", "WT")}, "regions"),
        ({"intensity_rule": "min-max"}, "intensity_rule 'min-max'"),
        ({"temperature": 0.0}, "temperature 0.0 is not positive"),
        ({"temperature": -1.0}, "temperature -1.0 is not positive"),
        ({"temperature": float("nan")}, "temperature nan is not positive"),
    ],
)
def test_a_network_that_wants_another_input_is_refused(
    change: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        replace(CARD, **change)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1, 2]", '"grader"', "{}", '{"kind": "grader"}', "null"],
    ids=["empty", "torn", "list", "string", "no-field", "one-field", "null"],
)
def test_what_is_no_card_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InvalidInputError, match=r"^model card cannot be read: [^\n]+$"):
        ModelCard.from_json(text)


def test_a_temperature_that_is_no_number_is_refused() -> None:
    text = CARD.to_json().replace("1.7", '"warm"')

    with pytest.raises(InvalidInputError, match="model card cannot be read"):
        ModelCard.from_json(text)
