"""A full disk of temporary files, while runs are kept elsewhere."""

from __future__ import annotations

from uuid import uuid4

import pytest

from fakes.full_disk import largest_file
from gliobench.adapters.storage import open_storage
from gliobench.application.evaluate import evaluate_cohort
from gliobench.application.evaluate.evaluate_cohort import ScoreSpool
from gliobench.domain.errors import StoreError
from gliobench.domain.evaluation.scores import CaseScore


@pytest.mark.parametrize("count", [40, 4000], ids=["when-read", "when-written"])
def test_scores_that_find_no_room_are_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(evaluate_cohort, "IN_MEMORY", 1)
    cases = [CaseScore(f"s{number}", "p", None, None) for number in range(count)]

    def in_order() -> list[CaseScore]:
        with ScoreSpool() as spool:
            spool.add(cases)
            return list(spool)

    assert len(in_order()) == count
    with (
        largest_file(1000),
        pytest.raises(StoreError, match=r"scores cannot .* set TMPDIR$") as told,
    ):
        in_order()

    assert "\n" not in str(told.value)


@pytest.mark.parametrize("size", [2000, 2_000_000], ids=["when-closed", "when-written"])
def test_a_file_whose_copy_finds_no_room_is_told_in_one_line(size: int) -> None:
    storage = open_storage(f"memory://{uuid4().hex}")

    with (
        largest_file(1000),
        pytest.raises(StoreError, match=r"/f cannot be written: .* set TMPDIR$") as told,
        storage.writing("f") as file,
    ):
        file.write(b"x" * size)

    assert "\n" not in str(told.value)
    assert not storage.exists("f")
