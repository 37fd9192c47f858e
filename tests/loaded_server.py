"""A process with the libraries loaded that has done nothing else: it is copied for each command.

`loaded_python` of `command_line` stands in the place of `sys.executable` where a test wants a process
and how Python starts is not the point: this spares a second and a half of imports.
"""

from __future__ import annotations

import atexit
import gc
import io
import json
import os
import runpy
import select
import signal
import socket
import socketserver
import sys
import threading
import traceback
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

PARENT = os.getppid()


class Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    """Ends with the process that started it."""

    def service_actions(self) -> None:
        super().service_actions()
        if os.getppid() != PARENT:
            os._exit(0)


class Handler(socketserver.BaseRequestHandler):
    """Waits for a copy in a process of its own."""

    def handle(self) -> None:
        connection: socket.socket = self.request
        _, streams, _, _ = socket.recv_fds(connection, 1, 3)
        wanted = json.loads(connection.makefile().readline())
        copy = os.fork()
        if copy == 0:
            connection.close()
            _end_with(lambda: _run(wanted, streams))
        for stream in streams:
            os.close(stream)
        ended = os.pidfd_open(copy)
        connection.sendall(b"%d\n" % copy)
        if ended not in select.select([ended, connection], [], [])[0]:
            os.kill(copy, signal.SIGKILL)  # the caller is gone
        code = os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])
        connection.sendall(b"%d\n" % code)


def _run(wanted: dict[str, Any], streams: list[int]) -> None:
    """Do what `python ARGUMENTS` does."""
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["variables"])
    for number in (signal.SIGINT, signal.SIGCHLD):
        signal.signal(
            number, signal.SIG_DFL if number == signal.SIGCHLD else signal.default_int_handler
        )
    sys.stdin, sys.stdout, sys.stderr = _stream(0, "rb"), _stream(1, "wb"), _stream(2, "wb")
    places = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = ["", *(place for place in places if place and place not in sys.path)]
    option, what, *rest = wanted["arguments"]
    sys.argv = [option, *rest]
    if option == "-m":
        sys.path[0] = wanted["folder"]
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        main = sys.modules["__main__"] = ModuleType("__main__")
        exec(what, main.__dict__)


def _stream(number: int, mode: str) -> io.TextIOWrapper:
    """Open a standard stream as Python does where the locale is UTF-8."""
    encoding = os.environ.get("PYTHONIOENCODING", "utf-8")
    errors = "backslashreplace" if number == 2 else "strict"
    file = open(number, mode)  # noqa: SIM115 -- as long as the process
    return io.TextIOWrapper(file, encoding, errors, line_buffering=number == 2 or file.isatty())


def _end_with(run: Callable[[], None]) -> None:
    """End this process as Python ends: a forked child must not go on with its parent's work."""
    code = 1
    try:
        try:
            run()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            traceback.print_exc()
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code & 0xFF)


if __name__ == "__main__":
    import_module("loaded")
    del sys.path[0]  # the folder of this file
    gc.collect()
    gc.freeze()
    with Server(f"\0{sys.argv[1]}", Handler) as server:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        server.serve_forever()
