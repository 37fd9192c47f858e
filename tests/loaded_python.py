"""The caller's side of `loaded_server`: has a command run in a copy of a process with the libraries loaded.

The copy has the folder, the variables and the streams of this process, gets its signals, and ends
with it. Of the standard library as little is read as can be, so that this starts at once.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys

PASSED_ON = (signal.SIGINT, signal.SIGTERM)


def ask(name: str, arguments: list[str]) -> int:
    """Wait until a copy has run; return its exit code, or the number of its signal, negative."""
    wanted = {"arguments": arguments, "folder": os.getcwd(), "variables": dict(os.environ)}  # noqa: PTH109 -- pathlib is slow to import
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"\0{name}")
        socket.send_fds(connection, [b"\n"], [0, 1, 2])
        connection.sendall(json.dumps(wanted).encode() + b"\n")
        answers = connection.makefile()
        copy = int(answers.readline())
        for number in PASSED_ON:
            signal.signal(number, lambda number, _: os.kill(copy, number))
        return int(answers.readline())


if __name__ == "__main__":
    code = ask(sys.argv[1], sys.argv[2:])
    if code < 0:
        if -code in PASSED_ON:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)
