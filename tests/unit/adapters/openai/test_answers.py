"""Answers are kept, and a budget is never passed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gliobench.adapters.openai.answers import Answers, Budget, Spent
from gliobench.domain.errors import InvalidInputError, StoppedError, StoreError


def test_a_reply_is_there_for_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "answers.sqlite"
    Answers(path).put("key", b"reply")

    assert Answers(path).get("key") == b"reply"
    assert Answers(path).get("other") is None


@pytest.mark.parametrize(
    ("budget", "requests"),
    [
        (Budget(requests=3), 3),
        (Budget(tokens=500), 5),
        (Budget(cost=0.001, price_in=2.0, price_out=10.0), 3),  # 90·2 + 10·10 = 280 µ a request
        (Budget(requests=3, tokens=100), 1),
    ],
)
def test_a_budget_stops_the_request_that_could_pass_it(
    tmp_path: Path, budget: Budget, requests: int
) -> None:
    answers = Answers(tmp_path / "a.sqlite")
    most = Spent(1, 90, 10)

    for _ in range(requests):
        answers.reserve("m", budget, most)
    with pytest.raises(StoppedError, match=r"m has had \d requests and \d+ tokens: .* max_"):
        answers.reserve("m", budget, most)

    answers.reserve("another", budget, most)
    assert answers.spent("m").requests == requests


def test_what_a_request_cost_replaces_the_most_that_it_could(tmp_path: Path) -> None:
    answers, most = Answers(tmp_path / "a.sqlite"), Spent(1, 5000, 512)

    answers.reserve("m", Budget(), most)
    assert answers.spent("m") == most
    answers.settle("m", most, Spent(1, 300, 20, 1.5))

    assert answers.spent("m") == Spent(1, 300, 20, 1.5)


def test_many_at_a_time_pass_no_budget(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"

    def try_one(_: int) -> bool:
        try:
            Answers(path).reserve("m", Budget(requests=50), Spent(1, 1, 1))
        except StoppedError:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(try_one, range(120))) == 50


def test_a_file_that_is_no_such_file_is_reported(tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("not a database, and long enough to be looked at as one " * 40)

    with pytest.raises(InvalidInputError, match=r"notes\.txt holds no answers"):
        Answers(other)
    with pytest.raises(StoreError, match="cannot be opened"):
        Answers(other / "below")
