"""Which libraries computed, for manifests and reports."""

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
    """Tell the version of Python and of each library that is installed."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
