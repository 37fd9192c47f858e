"""The only place that names concrete adapters; it offers the use cases.

An adapter or a use case is imported when it is first asked for, so that a library that is slow or
not installed matters only to those who use it. What needs more than its arguments handed over is
wired in a module of this package: its functions take datasets and places as on the command line, and from
`Container` the settings of this process and what opens datasets, folders, stores and runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dependency_injector.providers import Object

from gliobench.entrypoints.container.wiring import Container
from gliobench.entrypoints.files import keep_private
from gliobench.entrypoints.logging import configure_logging

if TYPE_CHECKING:
    from gliobench.entrypoints.settings import Settings

container = Container()
"""The wiring of this process; tests override its providers."""


def configure(flags: Mapping[str, str]) -> None:
    """Read the settings from every source, and work under them from now on.

    Raises:
        InvalidInputError: A source cannot be read, or sets an unknown name or a wrong value.
    """
    container.flags.override(dict(flags))
    container.settings.reset_override()  # of a command before, in this process
    container.settings.reset()
    settings = container.settings()
    keep_private(settings.private)
    configure_logging(
        level="error" if settings.quiet else settings.log_level, style=settings.log_format
    )


def adopt(settings: Settings) -> None:
    """Work under these settings from now on: changed ones, or those of another process."""
    keep_private(settings.private)
    if container.settings() != settings:
        container.settings.override(Object(settings))
