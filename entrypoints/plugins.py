"""Backends are found by entry points, ours as a third party's, or in a file of Python."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from gliobench.application.ports.backend import Backend, BackendOptions, name_of
from gliobench.application.predict.ask_backend import same_working_folder
from gliobench.domain.errors import BackendError, GliobenchError, InvalidInputError, NotFoundError
from gliobench.domain.files.content import content_of
from gliobench.domain.messages import did_you_mean, shown
from gliobench.domain.studies.study_ids import file_stem

BACKENDS = "gliobench.backends"
"""The group of entry points that a backend is registered in."""
_HASH = re.compile(r"[0-9a-f]{16}")
OURS = "gliobench"
"""The package whose backends' fingerprints cover all of their options."""


@dataclass(frozen=True, slots=True)
class _Factory:
    """What builds a backend.

    Args:
        name: The backend's.
        origin: The package and its version, or the file: for messages.
        value: The factory within it.
        load: Imports the factory.
        decisive: What the backend's answers depend on besides its options.
        ours: Whether the fingerprint that it gives covers its options.
    """

    name: str
    origin: str
    value: str
    load: Callable[[], Callable[[BackendOptions], object]]
    decisive: tuple[str, ...]
    ours: bool


def build_backend(name: str, options: BackendOptions, *, declared: Iterable[str] = ()) -> Backend:
    """Load a backend's factory and call it.

    The fingerprint that is returned covers more than the one that the factory gave: the package and
    its version, or the content of the file; and, unless the package is ours, the options, with the
    content of the files and folders that they name. An author who forgets one of them is never
    served a stale answer.

    Args:
        name: Of an installed backend, or `FILE.py:FACTORY`.
        options: It is built from.
        declared: Backends of the settings, for the message where there is none of this name.

    Raises:
        NotFoundError: No installed package offers it, or the file is not there.
        BackendError: Two packages offer it, or its package or file cannot be imported or build it.
        InvalidInputError: A file is given without a factory, or is named like an installed backend.
    """
    factory = _of_file(name) if _is_file(name) else _of_package(backend_entry(name, declared))
    whose = f"backend {factory.name!r} of {factory.origin}"
    try:
        with same_working_folder():
            backend = factory.load()(options)
    except GliobenchError:
        raise
    except (Exception, SystemExit) as error:  # a script may end itself while it is imported
        raise BackendError(f"{whose} cannot be loaded: {type(error).__name__}: {error}") from error
    if not isinstance(backend, Backend):
        raise BackendError(
            f"{whose}: {factory.value} gave {type(backend).__name__}: wanted a Backend"
        )
    if not factory.ours:
        _check_learned(backend, whose)
    given = [] if factory.ours else _given(options)
    decisive = [*factory.decisive, backend.fingerprint, *given]
    digest = hashlib.sha256(json.dumps(decisive).encode()).hexdigest()
    return replace(backend, name=factory.name, fingerprint=digest)


def _check_learned(backend: Backend, whose: str) -> None:
    """Check that a backend states its training data by hashes: names would find no leakage.

    Raises:
        BackendError: It states something else.
    """
    strange = [text for text in backend.trained_on or () if not _HASH.fullmatch(text)]
    if strange:
        raise BackendError(
            f"{whose}: trained_on holds {shown(min(strange))}: wanted hashes, those that patient_hash "
            "and image_hash return"
        )


def backend_entries() -> list[EntryPoint]:
    """List the backends that installed packages offer, by name."""
    return list(_entries(entry_points, tuple(sys.path)))


@cache
def _entries(
    find: Callable[..., Iterable[EntryPoint]],
    path: tuple[str, ...],  # noqa: ARG001 - where packages are looked for, all of them each time
) -> tuple[EntryPoint, ...]:
    return tuple(sorted(find(group=BACKENDS), key=lambda entry: entry.name))


def backend_entry(name: str, declared: Iterable[str] = ()) -> EntryPoint:
    """Find the entry point of a backend.

    Args:
        name: Of the backend.
        declared: Backends of the settings, for the message.

    Raises:
        NotFoundError: No installed package offers it.
        BackendError: Two packages offer it.
    """
    known = backend_entries()
    found = [entry for entry in known if entry.name == name]
    if not found:
        names = sorted({*declared, *(entry.name for entry in known)})
        raise NotFoundError(
            f"unknown backend {name!r}: wanted FILE.py:FACTORY or one of {', '.join(names)}"
            f"{did_you_mean(name, names)}"
        )
    if len(found) > 1:
        packages = " and ".join(package_of(entry) for entry in found)
        raise BackendError(f"backend {name!r} is offered by {packages}: uninstall one")
    return found[0]


def check_own_name(name: str) -> None:
    """Check that a backend of the user's own can be called so.

    Raises:
        InvalidInputError: An installed backend is called so, or no folder can be.
    """
    if name in {entry.name for entry in backend_entries()}:
        raise InvalidInputError(
            f"backend {name!r}: an installed one is called so: wanted another name"
        )
    if _is_file(name) or not name or file_stem(name) != name:
        raise InvalidInputError(f"backend {shown(name)}: wanted a name of letters, digits, - and _")


def with_whole_path(name: str) -> str:
    """Name a backend so that a process in another folder finds it, too."""
    file, _, factory = name.rpartition(":")
    return f"{Path(file).resolve()}:{factory}" if file.endswith(".py") else name


def package_of(entry: EntryPoint) -> str:
    """Name the package that an entry point comes from, with its version."""
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown package"


def _is_file(name: str) -> bool:
    return name.endswith(".py") or name.rpartition(":")[0].endswith(".py")


def _of_package(entry: EntryPoint) -> _Factory:
    package = package_of(entry)
    return _Factory(
        name=entry.name,
        origin=package,
        value=entry.value,
        load=entry.load,
        decisive=(package, entry.value),
        ours=entry.dist is not None and entry.dist.name == OURS,
    )


def _of_file(name: str) -> _Factory:
    file, _, value = name.rpartition(":")
    if name.endswith(".py") or not value:
        raise InvalidInputError(f"backend {name!r}: wanted FILE.py:FACTORY")
    called = name_of(name)
    if called in {entry.name for entry in backend_entries()}:
        raise InvalidInputError(
            f"backend {name!r} would be called {called!r}, as an installed one is: rename the file"
        )
    try:
        content = Path(file).read_bytes()
    except FileNotFoundError as error:
        raise NotFoundError(f"backend {name!r}: no file {file}") from error
    except (OSError, ValueError) as error:
        raise BackendError(f"backend {name!r}: {file} cannot be read: {error}") from error
    digest = hashlib.sha256(content).hexdigest()
    return _Factory(
        name=called,
        origin=file,
        value=value,
        load=lambda: _imported(file, content, digest, value),
        decisive=(digest, value),
        ours=False,
    )


def _imported(
    file: str, content: bytes, digest: str, value: str
) -> Callable[[BackendOptions], object]:
    """Run the very bytes that were hashed, and give what they call `value`."""
    module = ModuleType(f"gliobench_backend_{digest[:16]}")
    module.__file__ = file
    sys.modules[module.__name__] = module  # dataclasses and pickle look there
    exec(compile(content, file, "exec"), module.__dict__)  # noqa: S102 -- a user's own file
    found = getattr(module, value, None)
    if not callable(found):
        raise BackendError(f"backend {file}:{value}: {file} has no function {value}")
    factory: Callable[[BackendOptions], object] = found
    return factory


def _given(options: BackendOptions) -> list[str]:
    """Return the options of a backend whose fingerprint may not cover them."""
    given = {**options.extra, "weights_dir": options.weights_dir, "provider": options.provider}
    return [f"{name}={value} {content_of(value)}" for name, value in sorted(given.items())]
