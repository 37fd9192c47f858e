"""End of the process, and its output on any terminal, pipe or disk."""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import typer

from gliobench.domain.files.disk import not_written
from gliobench.domain.messages import one_line, printable
from gliobench.domain.secrets import hidden
from gliobench.entrypoints.errors import ExitCode, exit_code, print_error

AS_JSON = "gliobench_json_escapes"
"""Name of the error handler for characters that a terminal's encoding lacks."""


def write_what_can_be_written() -> None:
    r"""Write characters that the encoding of stdout or stderr lacks as in JSON, `\u2013`.

    Nothing is lost, and JSON stays valid. Output to a closed stream is discarded.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 -- as long as the process
    codecs.register_error(AS_JSON, _escaped)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=AS_JSON)


def end_with(command: Callable[[], object], *, resumed_by: str = "") -> NoReturn:
    """Run a command and exit with its exit code, with one line on stderr for usage errors.

    Args:
        command: Returns an exit code, or raises the errors of the command-line parser.
        resumed_by: The command line that goes on where Ctrl-C interrupts it; empty where none does.

    Raises:
        SystemExit: Always, except for a bug.
    """
    try:
        code = command()
    except SystemExit as end:
        code = end.code
    except typer.Abort:
        code = ExitCode.INTERRUPTED
    except Exception as error:
        if not hasattr(error, "format_message"):  # typer hides the class of its parser's errors
            raise
        code = _exit_code_of(error)
    if code == ExitCode.INTERRUPTED and resumed_by:
        sys.stderr.write(f"interrupted; this goes on: {printable(hidden(resumed_by))}\n")
    raise SystemExit(_flushed(int(code) if isinstance(code, int) else ExitCode.DONE))


def _exit_code_of(error: Exception) -> ExitCode:
    """Print a usage error, with a reference to the help."""
    if type(error).__name__ != "NoArgsIsHelpError":  # which has printed the help
        context = getattr(error, "ctx", None)
        message = one_line(error.format_message())  # type: ignore[attr-defined]  # as above
        see = " See" if message.endswith("?") else "; see"
        print_error(message + (f"{see} {context.command_path} --help" if context else ""))
    return ExitCode.USAGE


def _flushed(code: int) -> int:
    """Flush the output; ignore a closed pipe."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = ExitCode.ERROR
    except OSError as error:
        failure = not_written("stdout", error)
        print_error(str(failure))
        code = exit_code(failure)
    else:
        return code
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # otherwise Python tries again and prints an error
    return code


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return "".join(f"\\u{pair}" for pair in pairs), error.end
