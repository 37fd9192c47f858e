"""Who reads studies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from gliobench.entrypoints.plugins import build_backend

if TYPE_CHECKING:
    from gliobench.application.ports.backend import Backend, BackendOptions
    from gliobench.application.ports.network import Network
    from gliobench.entrypoints.settings import Settings


def backend(
    name: str, settings: Settings, *, other: Callable[[str], Backend] | None = None
) -> Backend:
    """Build a backend, ours or a plugin's, with the options that the settings hold for it.

    Args:
        name: Of its entry point.
        settings: Of this process.
        other: Gives the backends that this one builds on.

    Raises:
        NotFoundError: No installed package offers it.
        BackendError: Two packages offer it, or its package cannot be imported or build it.
    """
    return build_backend(name, _options(name, settings, other))


def _options(
    name: str, settings: Settings, other: Callable[[str], Backend] | None
) -> BackendOptions:
    from gliobench.application.ports.backend import BackendOptions
    from gliobench.entrypoints.settings import backend_table

    table = backend_table(settings, name)
    weights = table.pop("weights_dir", settings.weights_dir)
    options = BackendOptions(
        provider=settings.provider,
        allow_cpu_fallback=settings.allow_cpu_fallback,
        threads=settings.threads,
        weights_dir=str(weights) if weights else None,
        extra=table,
    )
    return replace(options, other=other) if other else options


def trained_backend(localizer: Network, grader: Network) -> Backend:
    """Run networks as training left them."""
    from gliobench.application.backends.network_backend import backend_of

    return backend_of(localizer, grader, provenance={"runtime": "PyTorch"})


def exported_backend(name: str, folder: Path) -> Backend:
    """Run the networks exported to a folder, on the CPU, as the backend of this name.

    Raises:
        NotFoundError: A file is not there.
        BackendError: A file is no such network.
    """
    from gliobench.application.ports.backend import BackendOptions

    return build_backend(name, BackendOptions(weights_dir=str(folder)))


def embedded_weights() -> Path:
    """Name the folder of the weights that ship with gliobench, which need not be imported."""
    return Path(str(files("gliobench.adapters"))) / "onnx" / "weights"
