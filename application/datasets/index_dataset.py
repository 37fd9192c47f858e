"""List a dataset in an index, and report what is new since the last time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

from gliobench.application.ports.study_index import IndexedStudy, IndexFacts, StudyIndex
from gliobench.domain.errors import InvalidInputError

WriteIndex: TypeAlias = Callable[[Iterable[IndexedStudy], IndexFacts], int]
"""Writes an index, whole or not at all, and returns how many studies it has."""


@dataclass(slots=True)
class IndexChange:
    """How an index differs from the one that was there before.

    Attributes:
        studies: That it lists.
        new: Those that were not listed before.
        changed: Those whose files or rows of tables are others now.
        vanished: Those that were listed before and are not there any more.
        pieces_taken_over: Pieces that an interrupted listing had finished, and that were not listed again.
        taken_over_since: When the first of them was listed, ISO 8601 in UTC; empty where there are none.
    """

    studies: int = 0
    new: int = 0
    changed: list[str] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    pieces_taken_over: int = 0
    taken_over_since: str = ""

    def take_over(self, listed_at_s: Sequence[float]) -> None:
        """Note when the pieces that were not listed again were listed, in seconds since 1970."""
        if listed_at_s:
            first = datetime.fromtimestamp(min(listed_at_s), UTC)
            self.taken_over_since = first.isoformat(timespec="seconds")
        self.pieces_taken_over = len(listed_at_s)


def index_dataset(
    studies: Iterable[IndexedStudy],
    facts: IndexFacts,
    *,
    before: StudyIndex | None,
    write: WriteIndex,
) -> IndexChange:
    """Write the index of a dataset in the place of an earlier one.

    Args:
        studies: By id.
        facts: Of the dataset.
        before: The earlier one; None where there is none.
        write: Writes the index.

    Raises:
        InvalidInputError: The earlier one is of another dataset.
        JobError: An index cannot be read or written.
    """
    if before is not None and before.facts.root != facts.root:
        raise InvalidInputError(
            f"{before.place} lists {before.facts.root}, not {facts.root}: choose another --out"
        )
    change = IndexChange()
    change.studies = write(_compared(studies, before, change), facts)
    return change


def _compared(
    studies: Iterable[IndexedStudy], before: StudyIndex | None, change: IndexChange
) -> Iterator[IndexedStudy]:
    """Yield the studies, and note how they differ from those before, which are sorted as they are."""
    earlier = iter(()) if before is None else before.studies()
    old = next(earlier, None)
    for study in studies:
        while old is not None and old.study_id < study.study_id:
            change.vanished.append(old.study_id)
            old = next(earlier, None)
        if old is None or old.study_id != study.study_id:
            change.new += 1
        else:
            change.changed += [] if old == study else [study.study_id]
            old = next(earlier, None)
        yield study
    change.vanished += [rest.study_id for rest in (old, *earlier) if rest is not None]
