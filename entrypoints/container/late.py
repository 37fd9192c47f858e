"""Functions and classes that are imported when they are first called."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from gliobench.domain.errors import MissingExtraError


def late(path: str, *, extra: str | None = None, purpose: str = "") -> Callable[..., Any]:
    """Name a function or class that is imported when it is first called.

    Args:
        path: Its module and name, below `gliobench`.
        extra: That installs the libraries of the module.
        purpose: What needs them, for the error where they are not installed.
    """
    module, _, name = path.rpartition(".")

    def call(*args: object, **options: object) -> Any:  # noqa: ANN401 -- whatever it gives
        try:
            found = import_module(f"gliobench.{module}")
        except ModuleNotFoundError as error:
            if extra is None:
                raise
            raise MissingExtraError(extra=extra, purpose=purpose) from error
        return getattr(found, name)(*args, **options)

    return call


def wired(path: str, **of_extra: str) -> Callable[..., Any]:
    """Name a function of this package, as `late` does."""
    return late(f"entrypoints.container.{path}", **of_extra)


def of_dicom(path: str, purpose: str = "Reading DICOM") -> Callable[..., Any]:
    """Name what reads or writes DICOM, as `late` does."""
    return late(f"adapters.dicom.{path}", extra="dicom", purpose=purpose)


to_dicom = partial(of_dicom, purpose="Writing DICOM")
"""Names what writes it."""
trainer = partial(wired, extra="train", purpose="Training")
"""Names what trains networks, as `late` does."""
