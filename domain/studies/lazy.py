"""Values that are made when they are looked at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar, final

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


@final
@dataclass(frozen=True, eq=False)
class Lazy(Mapping[KeyT, ValueT], Generic[KeyT, ValueT]):
    """A mapping whose keys are known, and whose values are made at each look.

    Args:
        names: The keys, in order.
        make: Makes the value of a key.
    """

    names: Collection[KeyT]
    make: Callable[[KeyT], ValueT]

    def __getitem__(self, name: KeyT) -> ValueT:
        if name not in self.names:
            raise KeyError(name)
        return self.make(name)

    def __contains__(self, name: object) -> bool:
        return name in self.names  # Mapping's own would make the value

    def __iter__(self) -> Iterator[KeyT]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)
