"""Who reads studies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import TypeAlias

from gliobench.application.backends.abstaining import Refusals, abstaining
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import GliobenchError, InvalidInputError
from gliobench.domain.messages import shown
from gliobench.entrypoints.plugins import backend_entries, build_backend, check_own_name, package_of
from gliobench.entrypoints.settings import SETTINGS_FILE, Settings, backend_table, refusals

BackendKind: TypeAlias = Callable[[str, BackendOptions, StudySource | None], Backend]
"""Builds the backend of this name that a table of settings declares by its `kind`, from the rest of the
table, in `extra`, and the studies that it will be asked about, where they are known."""


def backend(
    name: str,
    settings: Settings,
    kinds: Mapping[str, BackendKind],
    *,
    source: StudySource | None = None,
    other: Callable[[str], Backend] | None = None,
    load: bool = True,
) -> Backend:
    """Build a backend, ours, a plugin's or a declared one, with the options that the settings hold for it.

    Args:
        name: Of its entry point or its table.
        settings: Of this process.
        kinds: Of declared backends.
        source: The studies that it will be asked about; None where they are not known.
        other: Gives the backends that this one builds on.
        load: False where only what it can do is asked for.

    Raises:
        NotFoundError: No installed package offers it, and no table declares it.
        BackendError: Two packages offer it, or its package cannot be imported or build it.
        InvalidInputError: Its table is of no known kind, or bears the name of an installed backend.
    """
    declared = refusals(settings, name)
    rules = Refusals(declared.abstain_below, out_of_scope=declared.refuse_out_of_scope)
    built = _built(name, settings, kinds, source=source, other=other, load=load)
    if settings.prepare.enabled and built.reads_images:
        from gliobench.application.prepare.prepared_backend import (  # noqa: PLC0415 -- slow
            on_prepared,
        )

        built = on_prepared(built)
    return abstaining(built, rules)


def _built(
    name: str,
    settings: Settings,
    kinds: Mapping[str, BackendKind],
    *,
    source: StudySource | None,
    other: Callable[[str], Backend] | None,
    load: bool,
) -> Backend:
    table = backend_table(settings, name)
    kind = table.pop("kind", None)
    weights = table.pop("weights_dir", settings.weights_dir) if kind is None else None
    options = BackendOptions(
        provider=settings.provider,
        allow_cpu_fallback=settings.allow_cpu_fallback,
        threads=settings.threads,
        weights_dir=str(weights) if weights else None,
        extra=table,
        prior=source.prior if source else None,
        on_slices=source is not None and source.is_of_slices,
        load=load,
    )
    options = replace(options, other=other) if other else options
    if kind is None:
        return build_backend(name, options, declared=_declared(settings))
    check_own_name(name)
    if kind not in kinds:
        known = ", ".join(kinds)
        raise InvalidInputError(f"backend.{name}.kind: got {shown(kind)}: wanted {known}")
    return kinds[kind](name, options, source)


def load_backends(
    names: Sequence[str],
    source: StudySource | None = None,
    *,
    load: bool = True,
    build: Callable[..., Backend],
) -> list[Backend]:
    """Load backends; one that others build on is loaded once for all.

    Args:
        names: Of the backends.
        source: The studies that they will be asked about; None where they are not known.
        load: False where only what they can do is asked for.
        build: Builds one.

    Raises:
        NotFoundError: No installed package offers one.
        BackendError: Two packages offer it, or its package cannot be imported or build it.
    """
    loaded: dict[str, Backend] = {}

    def other(name: str) -> Backend:
        if name not in loaded:  # what others build on builds on nothing itself
            loaded[name] = build(name, source=source, load=load)
        return loaded[name]

    for name in names:
        if name not in loaded:
            loaded[name] = build(name, source=source, other=other, load=load)
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


def list_backends(load: Callable[..., list[Backend]], settings: Settings) -> list[BackendRow]:
    """List the backends that packages offer or tables declare, what each can do, and why one cannot run."""
    origins = backend_origins(settings)
    return [_row(name, origin, load) for name, origin in origins.items()]


def backend_origins(settings: Settings) -> dict[str, str]:
    """Return the package or file that each backend comes from, by name; none is loaded."""
    offered = {entry.name: package_of(entry) for entry in backend_entries()}
    return offered | dict.fromkeys(_declared(settings), SETTINGS_FILE)


def _declared(settings: Settings) -> list[str]:
    return [name for name, table in settings.backend.items() if "kind" in table]


def _row(name: str, package: str, load: Callable[..., list[Backend]]) -> BackendRow:
    try:
        (backend,) = load([name], load=False)
    except GliobenchError as error:
        return BackendRow(name, package, problem=str(error))
    forms = backend.localizer.forms if backend.localizer else ()
    return BackendRow(
        name,
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
