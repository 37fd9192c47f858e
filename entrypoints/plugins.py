"""Backends are found by entry points, ours as a third party's."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.domain.errors import BackendError, GliobenchError, NotFoundError

BACKENDS = "gliobench.backends"
"""The group of entry points that a backend is registered in."""


def build_backend(name: str, options: BackendOptions) -> Backend:
    """Load a backend's factory and call it.

    Raises:
        NotFoundError: No installed package offers it.
        BackendError: Two packages offer it, or its package cannot be imported or build it.
    """
    entry = backend_entry(name)
    try:
        backend = entry.load()(options)
    except GliobenchError:
        raise
    except Exception as error:
        raise BackendError(
            f"backend {name!r} of {package_of(entry)} cannot be loaded: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not isinstance(backend, Backend):
        raise BackendError(
            f"backend {name!r} of {package_of(entry)}: {entry.value} gave "
            f"{type(backend).__name__}: wanted a Backend"
        )
    return backend


def backend_entries() -> list[EntryPoint]:
    """List the backends that installed packages offer, by name."""
    return sorted(entry_points(group=BACKENDS), key=lambda entry: entry.name)


def backend_entry(name: str) -> EntryPoint:
    """Find the entry point of a backend.

    Raises:
        NotFoundError: No installed package offers it.
        BackendError: Two packages offer it.
    """
    known = backend_entries()
    found = [entry for entry in known if entry.name == name]
    if not found:
        names = ", ".join(sorted({entry.name for entry in known}))
        raise NotFoundError(f"unknown backend {name!r}: wanted one of {names}")
    if len(found) > 1:
        packages = " and ".join(package_of(entry) for entry in found)
        raise BackendError(f"backend {name!r} is offered by {packages}: uninstall one")
    return found[0]


def package_of(entry: EntryPoint) -> str:
    """Name the package that an entry point comes from, with its version."""
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown package"
