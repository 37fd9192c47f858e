import json

import pytest

from gliobench.adapters.onnx.network import read_card
from gliobench.domain.errors import BackendError
from gliobench.domain.networks.model_card import ModelCard

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
    assert read_card(CARD.to_json(), file="g.onnx") == CARD


def test_a_field_of_a_later_version_is_passed_over() -> None:
    text = json.dumps({**json.loads(CARD.to_json()), "licence": "Apache-2.0"})

    assert read_card(text, file="g.onnx") == CARD


def test_a_card_of_an_older_version_says_nothing_of_modality_dropout() -> None:
    older = {k: v for k, v in json.loads(CARD.to_json()).items() if k != "modality_dropout"}

    assert not read_card(json.dumps(older), file="g.onnx").modality_dropout


def test_modality_dropout_is_yes_or_no() -> None:
    text = json.dumps({**json.loads(CARD.to_json()), "modality_dropout": "t1n"})

    with pytest.raises(BackendError, match="modality_dropout: got 't1n'"):
        read_card(text, file="g.onnx")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1, 2]", '"grader"', "{}", '{"kind": "grader"}', "null"],
    ids=["empty", "torn", "list", "string", "no-field", "one-field", "null"],
)
def test_what_is_no_card_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BackendError, match=r"^g\.onnx: its model card cannot be read: [^\n]+$"):
        read_card(text, file="g.onnx")


def test_a_temperature_that_is_no_number_is_refused() -> None:
    text = CARD.to_json().replace("1.7", '"warm"')

    with pytest.raises(
        BackendError, match="temperature: got 'warm': Input should be a valid number"
    ):
        read_card(text, file="g.onnx")
