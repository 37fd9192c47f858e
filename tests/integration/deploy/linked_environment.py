"""An environment with a package's declared dependencies and no others, made without the network."""

from __future__ import annotations

import sysconfig
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

EITHER = {"onnxruntime-gpu": "onnxruntime"}
"""Packages that another one stands for, where the machine of the tests has that one."""


def declared(name: str, *extras: str) -> dict[str, Distribution]:
    """Follow what a package requires, and what that requires, to the end.

    Returns:
        The dependencies by name, without the package itself.

    Raises:
        PackageNotFoundError: A dependency is not installed here.
    """
    waiting, seen = [Requirement(f"{name}[{','.join(extras)}]")], set()
    found: dict[str, Distribution] = {}
    while waiting:
        wanted = waiting.pop()
        if (wanted.name, frozenset(wanted.extras)) not in seen:
            seen.add((wanted.name, frozenset(wanted.extras)))
            found[wanted.name] = _installed(wanted.name)
            required = map(Requirement, found[wanted.name].requires or [])
            waiting += [one for one in required if _applies(one, wanted.extras)]
    return {one: distribution for one, distribution in found.items() if one != name}


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


def _applies(requirement: Requirement, extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": one}) for one in {"", *extras})
