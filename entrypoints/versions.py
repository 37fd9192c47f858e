"""Versions of the libraries, for manifests and reports."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

LIBRARIES = (
    "gliobench",
    "nibabel",
    "numpy",
    "onnxruntime",
    "onnxruntime-gpu",
    "pyarrow",
    "scipy",
    "shapely",
)


def versions() -> dict[str, str]:
    """Return the version of Python and of each installed library."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
