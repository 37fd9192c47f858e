"""How the process ends, and what it prints on whatever terminal, pipe or disk there is."""

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
from gliobench.domain.messages import one_line
from gliobench.entrypoints.errors import exit_code, print_error
from gliobench.entrypoints.exit_codes import ExitCode

AS_JSON = "gliobench_json_escapes"
"""Names the way to write what a terminal's encoding does not have."""


def write_what_can_be_written() -> None:
    r"""Have stdout and stderr write characters that their encoding lacks as JSON does, `\u2013`.

    So nothing is lost, and what is JSON stays JSON. A stream that whoever started the process has
    closed takes everything and keeps nothing.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 -- as long as the process
    codecs.register_error(AS_JSON, _escaped)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=AS_JSON)


def end_with(command: Callable[[], object]) -> NoReturn:
    """Run a command and end by its exit code, with one line on stderr where its words are wrong.

    Args:
        command: Returns an exit code, or raises what the command line's parser does.

    Raises:
        SystemExit: Always, but for a bug.
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
        code = _told(error)
    raise SystemExit(_flushed(int(code) if isinstance(code, int) else ExitCode.DONE))


def _told(error: Exception) -> ExitCode:
    """Print what is wrong with the command line, and where to look it up."""
    if type(error).__name__ != "NoArgsIsHelpError":  # which has printed the help
        context = getattr(error, "ctx", None)
        hint = f"; see {context.command_path} --help" if context else ""
        print_error(one_line(error.format_message()) + hint)  # type: ignore[attr-defined]  # as above
    return ExitCode.USAGE


def _flushed(code: int) -> int:
    """Write what is left; whoever has stopped reading is told nothing."""
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
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # else Python tries once more, and complains
    return code


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return "".join(f"\\u{pair}" for pair in pairs), error.end
