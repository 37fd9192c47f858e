"""The same work on many things, a few at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(
    work: Callable[[Item], Result], items: Iterable[Item], *, at_once: int
) -> Iterator[Result]:
    """Yield the results of work that leaves Python's lock alone, as inflating does, in order.

    Args:
        work: Done in a thread.
        items: What it is done on.
        at_once: How many of them; nothing else is begun before these are done.
    """
    left = iter(items)
    with ThreadPoolExecutor(at_once) as pool:
        while some := list(islice(left, at_once)):
            yield from pool.map(work, some)
