"""A cohort that is evaluated in parts, each by a process that knows nothing of the others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from gliobench.application.ports.study_source import Listing
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.messages import shown

MOST_SHARDS = 100_000
"""Of a cohort: each is a folder, and is looked for by name."""
WRITTEN = re.compile(r"(?P<index>\d{1,9})(/|-of-)(?P<of>\d{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Shard:
    """One of several parts of a cohort.

    The studies, sorted by id, are cut into stretches of the same length, give or take one: so the
    shards, one after the other, are the cohort in its order.

    Args:
        index: Which one, counted from 0.
        of: How many there are.

    Raises:
        InvalidInputError: There is no such shard.
    """

    index: int
    of: int

    def __post_init__(self) -> None:
        if self.of > MOST_SHARDS:
            raise InvalidInputError(f"{self.of} shards: wanted at most {MOST_SHARDS}")
        if not 0 <= self.index < self.of:
            raise InvalidInputError(
                f"shard {self.index}/{self.of}: wanted I/N, counted from 0/N to N-1/N"
            )

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read `I/N`, or a shard's name.

        Raises:
            InvalidInputError: It is neither, or there is no such shard.
        """
        found = WRITTEN.fullmatch(text.strip())
        if found is None:
            raise InvalidInputError(f"shard {shown(text)}: wanted I/N, e.g. 0/4")
        return cls(int(found["index"]), int(found["of"]))

    @property
    def name(self) -> str:
        """Name its folder, `I-of-N`."""
        return f"{self.index}-of-{self.of}"

    @property
    def all(self) -> tuple[Shard, ...]:
        """Name all shards of the cohort, itself among them, in order."""
        return tuple(Shard(index, self.of) for index in range(self.of))

    def take(self, study_ids: Sequence[str]) -> list[str]:
        """Choose its studies from those of the whole cohort."""
        ordered = study_ids if isinstance(study_ids, Listing) else sorted(study_ids)
        start, stop = (len(ordered) * edge // self.of for edge in (self.index, self.index + 1))
        return list(ordered[start:stop])


def listing_hash(study_ids: Sequence[str]) -> str:
    """Hash which studies a cohort has, whatever their order and contents."""
    if isinstance(study_ids, Listing):
        return study_ids.digest
    return sha256("\n".join(sorted(study_ids)).encode()).hexdigest()
