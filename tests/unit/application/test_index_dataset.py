from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pytest

from gliobench.application.datasets.index_dataset import IndexChange, index_dataset
from gliobench.application.ports.study_index import IndexedStudy, IndexFacts, StudyIndex
from gliobench.domain.errors import InvalidInputError

FACTS = IndexFacts("/data/cohort")


@dataclass
class FakeStudyIndex(StudyIndex):
    """An index in memory."""

    listed: list[IndexedStudy] = field(default_factory=list)
    facts: IndexFacts = FACTS
    place: str = "fake://place/index.parquet"

    def studies(self) -> Iterator[IndexedStudy]:
        return iter(self.listed)

    def write(self, studies: Iterable[IndexedStudy], facts: IndexFacts) -> int:
        self.listed, self.facts = list(studies), facts
        return len(self.listed)


def studies(text: str) -> list[IndexedStudy]:
    """List studies: a letter each, the same letter in capitals where its folder is another."""
    return [IndexedStudy(letter.lower(), letter) for letter in text]


def change_of(before: str, now: str) -> IndexChange:
    earlier, index = FakeStudyIndex(studies(before)), FakeStudyIndex()

    change = index_dataset(studies(now), FACTS, before=earlier, write=index.write)

    assert index.listed == studies(now)
    return change


@pytest.mark.parametrize(
    ("before", "now", "new", "changed", "vanished"),
    [
        ("abc", "abc", 0, [], []),
        ("", "ab", 2, [], []),
        ("bd", "abcde", 3, [], []),
        ("abcd", "aCd", 0, ["c"], ["b"]),
        ("abcd", "e", 1, [], ["a", "b", "c", "d"]),
        ("acd", "aB", 1, [], ["c", "d"]),
    ],
)
def test_new_changed_and_vanished_studies_are_reported(
    before: str, now: str, new: int, changed: list[str], vanished: list[str]
) -> None:
    assert change_of(before, now) == IndexChange(len(now), new, changed, vanished)


def test_all_studies_of_a_first_listing_are_new() -> None:
    index = FakeStudyIndex()

    change = index_dataset(studies("ab"), FACTS, before=None, write=index.write)

    assert change == IndexChange(2, 2)


def test_the_index_of_another_dataset_is_not_replaced() -> None:
    earlier = FakeStudyIndex(studies("a"), IndexFacts("/data/other"))

    with pytest.raises(InvalidInputError, match="lists /data/other, not /data/cohort"):
        index_dataset(studies("a"), FACTS, before=earlier, write=earlier.write)

    assert earlier.facts.root == "/data/other"
