from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliobench.application.evaluate.run_layout import run_name
from gliobench.application.evaluate.shards import Shard, listing_hash
from gliobench.domain.errors import InvalidInputError

CHARACTERS = st.characters(exclude_categories=["Cs"])
"""Those of UTF-8; named so, Hypothesis does not first encode each once."""


@given(ids=st.lists(st.text(CHARACTERS, min_size=1), unique=True), of=st.integers(1, 40))
def test_the_shards_one_after_the_other_are_the_cohort_in_order(ids: list[str], of: int) -> None:
    parts = [shard.take(ids) for shard in Shard(0, of).all]

    assert [one for part in parts for one in part] == sorted(ids)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_a_shard_does_not_depend_on_the_order_of_the_listing() -> None:
    assert Shard(1, 2).take(["b", "d", "a", "c"]) == ["c", "d"]


@pytest.mark.parametrize("text", ["2/4", " 2/4 ", "2-of-4"])
def test_a_shard_is_read_as_it_is_written_and_named(text: str) -> None:
    assert Shard.parse(text) == Shard(2, 4)


@pytest.mark.parametrize("text", ["", "2", "4/4", "-1/4", "1/0", "a/b", "1/2/3", "1.5/2", "٣/٤"])
def test_a_shard_that_there_is_not_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InvalidInputError, match="shard") as told:
        Shard.parse(text)

    assert "\n" not in str(told.value)


def test_a_run_of_a_shard_lies_below_its_backend() -> None:
    assert run_name("cnn-onnx", Shard(0, 4)) == "cnn-onnx/shards/0-of-4"
    assert run_name("cnn-onnx") == "cnn-onnx"


def test_a_listing_is_told_from_any_other() -> None:
    assert listing_hash(["a", "b"]) == listing_hash(["b", "a"])
    assert listing_hash(["a", "b"]) != listing_hash(["a", "b", "c"])
