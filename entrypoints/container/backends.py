"""Who reads studies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint
from importlib.resources import files
from pathlib import Path

from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.domain.errors import GliobenchError
from gliobench.entrypoints.plugins import backend_entries, build_backend, package_of
from gliobench.entrypoints.settings import Settings, backend_table


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
    table = backend_table(settings, name)
    weights = table.pop("weights_dir", settings.weights_dir)
    options = BackendOptions(
        provider=settings.provider,
        allow_cpu_fallback=settings.allow_cpu_fallback,
        threads=settings.threads,
        weights_dir=str(weights) if weights else None,
        extra=table,
    )
    return build_backend(name, replace(options, other=other) if other else options)


def load_backends(names: Sequence[str], *, build: Callable[..., Backend]) -> list[Backend]:
    """Load backends; one that others build on is loaded once for all.

    Raises:
        NotFoundError: No installed package offers one.
        BackendError: Two packages offer it, or its package cannot be imported or build it.
    """
    loaded: dict[str, Backend] = {}

    def other(name: str) -> Backend:
        if name not in loaded:  # what others build on builds on nothing itself
            loaded[name] = build(name)
        return loaded[name]

    for name in names:
        if name not in loaded:
            loaded[name] = build(name, other=other)
    return [loaded[name] for name in names]


@dataclass(frozen=True, slots=True)
class BackendRow:
    """What is known of a backend.

    Args:
        name: As in `--backend`.
        package: Where it comes from.
        grades: Whether it grades; None where it cannot be loaded.
        forms: The forms it localises in; None where it cannot be loaded.
        problem: Why it cannot be loaded.
        stand_in: What to know where its weights stand in for others.
    """

    name: str
    package: str
    grades: bool | None = None
    forms: list[str] | None = None
    problem: str | None = None
    stand_in: str | None = None


def list_backends(load: Callable[[Sequence[str]], list[Backend]]) -> list[BackendRow]:
    """List the backends that installed packages offer, what each can do, and why one cannot run."""
    return [_row(entry, load) for entry in backend_entries()]


def _row(entry: EntryPoint, load: Callable[[Sequence[str]], list[Backend]]) -> BackendRow:
    package = package_of(entry)
    try:
        (backend,) = load([entry.name])
    except GliobenchError as error:
        return BackendRow(entry.name, package, problem=str(error))
    forms = backend.localizer.forms if backend.localizer else ()
    return BackendRow(
        entry.name,
        package,
        grades=backend.classifier is not None,
        forms=sorted(form.value for form in forms),
        stand_in=backend.facts.stand_in or None,
    )


def exported_backend(name: str, folder: Path) -> Backend:
    """Run the networks exported to a folder, on the CPU, as the backend of this name.

    Raises:
        NotFoundError: A file is not there.
        BackendError: A file is no such network.
    """
    return build_backend(name, BackendOptions(weights_dir=str(folder)))


def embedded_weights() -> Path:
    """Name the folder of the weights that ship with gliobench."""
    return Path(str(files("gliobench.adapters"))) / "onnx" / "weights"
