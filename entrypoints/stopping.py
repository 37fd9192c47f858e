"""SIGTERM: finish the current batch, and exit."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread

from gliobench.domain.errors import StoppedError, Terminated
from gliobench.entrypoints.errors import ExitCode


def end_on_sigterm() -> None:
    """Exit at once on SIGTERM, with its exit code.

    Otherwise Linux would not terminate the first process of a container.
    """
    signal.signal(signal.SIGTERM, _end)


@contextmanager
def terminating() -> Iterator[Callable[[], bool]]:
    """Handle SIGTERM as a request, and return a function that reports whether it was received.

    Raises:
        StoppedError: It was received, and no work was left undone; raised at the end.
    """
    uttered = Event()
    if current_thread() is not main_thread():  # Python sets handlers in the main thread only
        yield uttered.is_set
        return
    before = signal.signal(signal.SIGTERM, lambda *_: uttered.set())
    try:
        yield uttered.is_set
    finally:
        signal.signal(signal.SIGTERM, before)
    if uttered.is_set():
        raise StoppedError("stopped when all was predicted: the same command goes on")


def _end(*_: object) -> None:
    raise Terminated(ExitCode.TERMINATED)
