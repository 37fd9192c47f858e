"""The command `gliobench`."""

from __future__ import annotations

import os
import shlex
import sys
from functools import partial
from importlib import import_module
from keyword import iskeyword
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from gliobench import __version__
from gliobench.domain.errors import InvalidInputError
from gliobench.entrypoints.completion import setting_names
from gliobench.entrypoints.endings import end_with, write_what_can_be_written
from gliobench.entrypoints.errors import exit_codes, reported_errors
from gliobench.entrypoints.start import (
    collect_garbage,
    end_without_collecting,
    load_without_collecting,
)
from gliobench.entrypoints.stopping import end_on_sigterm

HELP_OPTIONS = ["-h", "--help"]


COMMANDS = {
    "demo": (
        "Use",
        "Predict and evaluate four simulated patients that are included: a first report without data.",
    ),
    "predict": (
        "Use",
        "Grade and localise the glioma of one study: a folder, or files by flag.",
    ),
    "evaluate": (
        "Use",
        "Run backends over a cohort and report how well each grades and localises.",
    ),
    "prepare": (
        "Use",
        "Bring raw images to one grid of 1 mm, as BraTS does, without the skull.",
    ),
    "import": (
        "Use",
        "Score predictions made elsewhere, from files, as the run of one more backend.",
    ),
    "export-predictions": (
        "Use",
        "Write the predictions of a run into files: masks, or tables that 'import' reads.",
    ),
    "score": (
        "Use",
        "Score a folder of masks against the experts': every measure, no images, no backend.",
    ),
    "merge": ("Use", "Merge the shards of an evaluation, and write its report."),
    "report": (
        "Use",
        "Rewrite the report of an evaluation from its runs, without opening a study.",
    ),
    "compare": (
        "Use",
        "Compare runs over the same studies in pairs, with significance tests and confidence intervals.",
    ),
    "dataset": ("Use", "Verify, describe, split and index a dataset."),
    "backends": (
        "Set up",
        "List the backends, their capabilities, and the reason if one cannot run.",
    ),
    "doctor": (
        "Set up",
        "Check Python, libraries, extras, ONNX Runtime, weights, folders and programs that are "
        "backends; exit code 1 on a problem.",
    ),
    "config": ("Set up", "Show the settings."),
    "export": (
        "Learn",
        "Export networks, if their ONNX versions agree with PyTorch on real studies.",
    ),
    "train": ("Learn", "Train CNNs and LoRA adapters, with cross-validation over patients."),
}
"""Panel and help line of each command; its module in `commands` is imported on use."""
RESUMED = ("demo", "evaluate", "import", "train")
"""Commands that go on where they were interrupted."""
QUIET = "--quiet"


class GliobenchGroup(TyperGroup):
    """The commands, run under the settings; errors are reported in one line."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - whatever typer gives
        super().__init__(**options)
        for name, (panel, line) in COMMANDS.items():
            self.add_command(TyperCommand(name, help=line, rich_help_panel=panel))

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - typer's own signature, and it hides click
        """Run the command; its help is quick, and shown though the settings are wrong."""
        with reported_errors():
            if not set(HELP_OPTIONS) & set(ctx.args):
                from gliobench.entrypoints.container import configure  # noqa: PLC0415 -- slow

                quiet = {"quiet": "true"} if ctx.params["quiet"] else {}
                configure(dict(map(_assignment, ctx.params["assignments"] or [])) | quiet)
            return super().invoke(ctx)

    def parse_args(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - as above
        """Read the options; --quiet may also follow the command."""
        own = args[: args.index("--")] if "--" in args else args
        if QUIET in own:
            args = [QUIET, *(item for item in own if item != QUIET), *args[len(own) :]]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - as above
        """Import the command that is run, or whose help is shown."""
        name, listed, rest = super().resolve_command(ctx, args)
        command = load_command(name) if name in COMMANDS else listed
        collect_garbage()
        return name, command, rest

    def main(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as above
        """Run the command line; every error ends in one line and an exit code."""
        if not options.get("standalone_mode", True):
            return super().main(*args, **options)
        named = options.get("args")
        given = next((item for item in (*args[:1], named) if item is not None), sys.argv[1:])
        name = next((item for item in given if item in COMMANDS), "")
        if name == "predict":
            os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as NumPy is not loaded yet
        return end_with(
            partial(super().main, *args, **{**options, "standalone_mode": False}),
            resumed_by=shlex.join(["gliobench", *given]) if name in RESUMED else "",
        )


app = typer.Typer(
    name="gliobench",
    cls=GliobenchGroup,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": HELP_OPTIONS},
    epilog=f"{exit_codes()}\n\nResearch use only: not for diagnosis, nor for any decision about a patient.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gliobench {__version__}")
        raise typer.Exit


@app.callback()
def gliobench(
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            autocompletion=setting_names,
            help="Change a setting for this command; may be repeated. See 'gliobench config show'.",
        ),
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option(QUIET, help="Show no progress, and log errors only; also after the command."),
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Benchmark AI models for glioma grading and localisation on MRI, with uncertainty."""


def load_command(name: str) -> Any:  # noqa: ANN401 - as above
    """Import a command."""
    module = f"{name}_" if iskeyword(name) else name.replace("-", "_")
    command = get_command(import_module(f"gliobench.entrypoints.commands.{module}").app)
    for leaf in (command, *getattr(command, "commands", {}).values()):
        leaf.epilog = exit_codes()
    return command


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidInputError(f"--set {text!r}: wanted NAME=VALUE")
    return name.strip().replace("-", "_"), value.strip()


def main() -> None:
    """Run the command line."""
    end_on_sigterm()
    load_without_collecting()
    write_what_can_be_written()
    try:
        app()
    finally:
        end_without_collecting()
