"""How many requests are under way at a time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_EASED = 20
"""Answers without a refusal after which one more request is sent at a time."""

log = logging.getLogger(__name__)


class Turns:
    """How many requests are under way: fewer where the server says that it is busy.

    Args:
        most: Never more.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = most
        self._under_way = 0
        self._since_eased = 0
        self._not_before = 0.0
        self._changed = threading.Condition()

    @property
    def limit(self) -> int:
        """Requests that may be under way now."""
        return self._limit

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for a turn, and keep it within the block."""
        with self._changed:
            while self._under_way >= self._limit or time.monotonic() < self._not_before:
                self._changed.wait(max(0.0, self._not_before - time.monotonic()) or None)
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def busy(self, pause_s: float) -> None:
        """Send half as many, and none for a while."""
        with self._changed:
            self._limit = max(1, self._limit // 2)
            self._since_eased = 0
            self._not_before = max(self._not_before, time.monotonic() + pause_s)
            log.info("server_busy concurrency=%d pause_s=%.1f", self._limit, pause_s)

    def answered(self) -> None:
        """Send one more at a time after a while without refusals."""
        with self._changed:
            self._since_eased += 1
            if self._since_eased >= _EASED and self._limit < self._most:
                self._limit += 1
                self._since_eased = 0
                self._changed.notify_all()
