"""The command `gliobench`."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from gliobench import __version__
from gliobench.domain.errors import InvalidInputError
from gliobench.entrypoints.commands import (
    backends,
    compare,
    config,
    dataset,
    doctor,
    evaluate,
    export,
    merge,
    predict,
    report,
    train,
)
from gliobench.entrypoints.endings import end_with, write_what_can_be_written
from gliobench.entrypoints.errors import reported_errors
from gliobench.entrypoints.stopping import end_on_sigterm

HELP_OPTIONS = ["-h", "--help"]


class GliobenchGroup(TyperGroup):
    """The commands, run under the settings; errors of ours are reported in one line."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - typer's own signature, and it hides click
        """Run the command; its help is quick, and shown though the settings are wrong."""
        with reported_errors():
            if not set(HELP_OPTIONS) & set(ctx.args):
                _configure(ctx.params["assignments"] or [])
            return super().invoke(ctx)

    def main(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as above
        """Run the command line; whatever ends it is told in one line and by an exit code."""
        if not options.get("standalone_mode", True):
            return super().main(*args, **options)
        return end_with(partial(super().main, *args, **{**options, "standalone_mode": False}))


app = typer.Typer(
    name="gliobench",
    cls=GliobenchGroup,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": HELP_OPTIONS},
    epilog="Research use only: not for diagnosis, nor for any decision about a patient.",
)
app.command(rich_help_panel="Use")(predict.predict)
app.command(rich_help_panel="Use")(evaluate.evaluate)
app.command(rich_help_panel="Use")(merge.merge)
app.command(rich_help_panel="Use")(report.report)
app.command(rich_help_panel="Use")(compare.compare)
app.add_typer(dataset.app, name="dataset", rich_help_panel="Use")
app.command(rich_help_panel="Set up")(backends.backends)
app.add_typer(train.app, name="train", rich_help_panel="Learn")
app.command(rich_help_panel="Learn")(export.export)
app.add_typer(config.app, name="config", rich_help_panel="Set up")
app.command(rich_help_panel="Set up")(doctor.doctor)


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
            help="Change a setting for this command; may be repeated. See 'gliobench config show'.",
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Benchmark AI models for glioma grading and localisation on MRI, with uncertainty."""


def _configure(assignments: list[str]) -> None:
    from gliobench.entrypoints.container import container
    from gliobench.entrypoints.files import keep_private
    from gliobench.entrypoints.logging import configure_logging

    container.flags.override(dict(map(_assignment, assignments)))
    container.settings.reset_override()  # of a command before, in this process
    container.settings.reset()
    settings = container.settings()
    keep_private(settings.private)
    configure_logging(level=settings.log_level, style=settings.log_format)


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidInputError(f"--set {text!r}: wanted NAME=VALUE")
    return name.strip().replace("-", "_"), value.strip()


def main() -> None:
    """Run the command line."""
    end_on_sigterm()
    write_what_can_be_written()
    app()
