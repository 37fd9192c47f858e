"""SIGTERM: finish what is in hand, and end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread


@contextmanager
def terminating() -> Iterator[Callable[[], bool]]:
    """Take SIGTERM as a wish, and tell by the function given whether it was uttered."""
    uttered = Event()
    if current_thread() is not main_thread():  # Python sets handlers in no other
        yield uttered.is_set
        return
    before = signal.signal(signal.SIGTERM, lambda *_: uttered.set())
    try:
        yield uttered.is_set
    finally:
        signal.signal(signal.SIGTERM, before)
