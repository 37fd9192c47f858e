"""Backends are found by entry points, ours as a third party's."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.domain.errors import BackendError, GliobenchError, NotFoundError

BACKENDS = "gliobench.backends"
"""The group of entry points that a backend is registered in."""
OURS = "gliobench"
"""The package whose backends' fingerprints cover all of their options."""


def build_backend(name: str, options: BackendOptions) -> Backend:
    """Load a backend's factory and call it.

    The fingerprint that is returned covers more than the one that the factory gave: the package and
    its version, and, for a package that is not ours, its options, with the content of the files and
    folders that they name. An author who forgets one of them is never served a stale answer.

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
    decisive = [package_of(entry), entry.value, backend.fingerprint, *_of_others(entry, options)]
    digest = hashlib.sha256(json.dumps(decisive).encode()).hexdigest()
    return replace(backend, fingerprint=digest)


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


def _of_others(entry: EntryPoint, options: BackendOptions) -> list[str]:
    """Give the options of a backend whose fingerprint may not cover them; ours cover their own."""
    if entry.dist is not None and entry.dist.name == OURS:
        return []
    given = {**options.extra, "weights_dir": options.weights_dir, "provider": options.provider}
    return [f"{name}={value} {_content(value)}" for name, value in sorted(given.items())]


def _content(named: object) -> str:
    """Hash the file that an option names, or the files of a folder; empty where it names none."""
    path = Path(str(named)) if isinstance(named, str | Path) and str(named) else None
    try:
        if path is None or not path.exists():
            return ""
        files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
        return " ".join(f"{one.relative_to(path)} {_digest(one)}" for one in files)
    except (OSError, ValueError) as error:
        raise BackendError(f"{named} cannot be read: {error}") from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def package_of(entry: EntryPoint) -> str:
    """Name the package that an entry point comes from, with its version."""
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown package"
