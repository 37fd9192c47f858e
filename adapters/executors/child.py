"""What a worker's process does."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Thread

from gliobench.application.evaluate.jobs import (
    Job,
    Ready,
    WorkerDied,
    WorkerFailed,
    overlapped,
    portable,
)
from gliobench.application.ports.executor import MakeWork


def serve(connection: Connection, make_work: MakeWork, variables: Mapping[str, str]) -> None:
    """Make the work, then do jobs until the parent is gone or kills this process.

    Signals are the parent's business: it finishes what is in hand, here too.
    """
    os.environ.clear()
    os.environ.update(variables)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    Thread(target=_follow_parent, daemon=True).start()
    sys.stdout = sys.stderr  # results are the parent's: what a backend prints is none
    try:
        work = make_work()
        connection.send(Ready(work.manifests))
        for done in overlapped(work, _jobs(connection)):
            connection.send(done)
    except BaseException as error:
        with suppress(OSError):  # the parent may be gone
            connection.send(_last_word(error))
    finally:
        os._exit(1)  # the loader listens for jobs still, and Python itself would wait for it


def _last_word(error: BaseException) -> WorkerFailed | WorkerDied:
    """Have the parent raise an error; what passes by `except Exception` is as good as a crash."""
    if isinstance(error, Exception):
        return WorkerFailed(portable(error))
    return WorkerDied(f"the worker was ended by {type(error).__name__}")


def _jobs(connection: Connection) -> Iterator[Job]:
    while True:
        try:
            yield connection.recv()
        except EOFError:
            return


def _follow_parent() -> None:
    """End with the parent, however that ended, even from amid an inference."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
