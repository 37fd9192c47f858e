"""An environment with a package's declared dependencies and no others, made without the network."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

EITHER = {"onnxruntime-gpu": "onnxruntime", "onnxruntime": "onnxruntime-gpu"}
"""Packages that another one stands for, where the machine of the tests has that one."""


def declared(name: str, extras: Iterable[str], *, purelib: Path) -> dict[str, Distribution]:
    """Follow what a package requires, and what that requires, to the end.

    Args:
        name: The package.
        extras: Those of it that are wanted.
        purelib: The environment that it is installed in, alone.

    Returns:
        The dependencies by name, as they are installed here.

    Raises:
        PackageNotFoundError: One is not installed here.
    """
    (package,) = Distribution.discover(name=name, path=[str(purelib)])
    waiting = _required(package, set(extras))
    seen, found = set(), {}
    while waiting:
        wanted = waiting.pop()
        if (wanted.name, frozenset(wanted.extras)) not in seen:
            seen.add((wanted.name, frozenset(wanted.extras)))
            found[wanted.name] = _installed(wanted.name)
            waiting += _required(found[wanted.name], wanted.extras)
    return found


def link(distributions: dict[str, Distribution], purelib: Path) -> None:
    """Put links to installed packages into another environment."""
    here = Path(sysconfig.get_path("purelib"))
    for one in distributions.values():
        for top in {file.parts[0] for file in one.files or []} - {"..", "__pycache__"}:
            if not (purelib / top).exists():
                (purelib / top).symlink_to(here / top)


def _installed(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError:
        if name not in EITHER:
            raise
        return distribution(EITHER[name])


def _required(package: Distribution, extras: set[str]) -> list[Requirement]:
    return [one for one in map(Requirement, package.requires or []) if _applies(one, extras)]


def _applies(requirement: Requirement, extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": one}) for one in {"", *extras})
