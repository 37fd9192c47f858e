"""Answers that were paid for, and what they cost: one file, safe among processes and kills."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gliobench.domain.errors import InvalidInputError, StoppedError, StoreError

_WAIT_S = 60
"""For another process that writes."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, reply BLOB NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS spent (
    model TEXT PRIMARY KEY, requests INTEGER NOT NULL, sent INTEGER NOT NULL,
    written INTEGER NOT NULL, seconds REAL NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """What was used of a budget.

    Args:
        requests: Sent, answered or not.
        sent: Tokens of prompts and pictures.
        written: Tokens of replies.
        seconds: Of waiting for replies, added up.
    """

    requests: int = 0
    sent: int = 0
    written: int = 0
    seconds: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.requests + other.requests,
            self.sent + other.sent,
            self.written + other.written,
            self.seconds + other.seconds,
        )

    def __sub__(self, other: Spent) -> Spent:
        return self + Spent(-other.requests, -other.sent, -other.written, -other.seconds)


@dataclass(frozen=True, slots=True)
class Budget:
    """What a model may cost in all; None: anything.

    Args:
        requests: Most requests, answered or not.
        tokens: Most tokens, sent and written.
        cost: Most money, in the currency of the prices.
        price_in: Of a million tokens that are sent.
        price_out: Of a million tokens that are written.
    """

    requests: int | None = None
    tokens: int | None = None
    cost: float | None = None
    price_in: float = 0.0
    price_out: float = 0.0

    def passed_by(self, spent: Spent) -> str:
        """Return which limit this would pass; nothing where it passes none."""
        cost = (spent.sent * self.price_in + spent.written * self.price_out) / 1e6
        tokens = spent.sent + spent.written
        if self.requests is not None and spent.requests > self.requests:
            return f"max_requests = {self.requests}"
        if self.tokens is not None and tokens > self.tokens:
            return f"max_tokens_total = {self.tokens}"
        if self.cost is not None and cost > self.cost:
            return f"max_cost = {self.cost:g}"
        return ""


class Answers:
    """Keeps replies by the content of their requests, and counts what was asked.

    Contract:
        - A reply is on the disk before it is used: a kill loses none that was received.
        - A request is counted before it is sent, with the most that it can cost, so that a budget
          is never passed, whatever runs beside or dies; what it cost replaces that afterwards.

    Args:
        path: Of the file; made where it is not there.

    Raises:
        StoreError: The file cannot be opened or is no such file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)  # those of patients are the owner's alone
            with self._open() as file:
                file.execute("PRAGMA journal_mode = WAL")  # readers and a writer at a time
                file.executescript(_SCHEMA)
        except OSError as error:
            raise StoreError(f"{path} cannot be opened: {error.strerror or error}") from error

    def get(self, key: str) -> bytes | None:
        """Return the reply to a request that was answered before."""
        with self._open() as file:
            row = file.execute("SELECT reply FROM answers WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def put(self, key: str, reply: bytes) -> None:
        """Keep the reply to a request; one that is kept already stays."""
        with self._open() as file:
            file.execute(
                "INSERT OR IGNORE INTO answers VALUES (?, ?, ?)", (key, reply, time.time())
            )

    def spent(self, model: str) -> Spent:
        """Return what a model has cost so far."""
        with self._open() as file:
            return _spent(file, model)

    def reserve(self, model: str, budget: Budget, most: Spent) -> None:
        """Count a request before it is sent.

        Args:
            model: Whose budget it is.
            budget: Its limits.
            most: What the request can cost at most.

        Raises:
            StoppedError: It could pass the budget.
        """
        with self._open() as file:
            file.execute("BEGIN IMMEDIATE")
            so_far = _spent(file, model)
            if limit := budget.passed_by(so_far + most):
                raise StoppedError(
                    f"{model} has had {so_far.requests} requests and {so_far.sent + so_far.written} "
                    f"tokens: the next could pass {limit}; what was answered is kept, and the same "
                    "command goes on once the budget is raised"
                )
            _add(file, model, most)

    def settle(self, model: str, most: Spent, cost: Spent) -> None:
        """Replace the most that a request could cost by what it did."""
        with self._open() as file:
            _add(file, model, cost - most)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction, which is whole or not at all."""
        try:
            with closing(sqlite3.connect(self._path, timeout=_WAIT_S)) as file, file:
                yield file
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise StoreError(f"{self._path} cannot be used: {error}") from error
            raise InvalidInputError(
                f"{self._path} holds no answers of gliobench: {error}"
            ) from error


def _spent(file: sqlite3.Connection, model: str) -> Spent:
    row = file.execute(
        "SELECT requests, sent, written, seconds FROM spent WHERE model = ?", (model,)
    ).fetchone()
    return Spent(*row) if row else Spent()


def _add(file: sqlite3.Connection, model: str, more: Spent) -> None:
    file.execute(
        "INSERT INTO spent VALUES (?, ?, ?, ?, ?) ON CONFLICT (model) DO UPDATE SET"
        " requests = requests + excluded.requests, sent = sent + excluded.sent,"
        " written = written + excluded.written, seconds = seconds + excluded.seconds",
        (model, more.requests, more.sent, more.written, more.seconds),
    )
