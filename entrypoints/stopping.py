"""SIGTERM: finish what is in hand, and end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread

from gliobench.domain.errors import StoppedError
from gliobench.entrypoints.exit_codes import ExitCode


def end_on_sigterm() -> None:
    """Have SIGTERM end this process at once, with its exit code.

    Linux itself would end no process that is the first of its container.
    """
    signal.signal(signal.SIGTERM, _end)


@contextmanager
def terminating() -> Iterator[Callable[[], bool]]:
    """Take SIGTERM as a wish, and tell by the function given whether it was uttered.

    Raises:
        StoppedError: It was, and nothing was left undone for that; raised at the end.
    """
    uttered = Event()
    if current_thread() is not main_thread():  # Python sets handlers in no other
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
    raise SystemExit(ExitCode.TERMINATED)
