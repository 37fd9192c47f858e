"""A folder for matplotlib's caches that is gone with the process."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from contextlib import suppress

VARIABLE = "MPLCONFIGDIR"


def use_own_folder() -> None:
    """Have matplotlib keep its font list in a temporary folder, unless the user named one.

    By default it writes into HOME, and reads a `matplotlibrc` there that changes pictures. Call it
    before matplotlib is imported.
    """
    if VARIABLE in os.environ:
        return
    with suppress(OSError):  # a full disk: matplotlib then works without its cache
        folder = tempfile.mkdtemp(prefix="gliobench-matplotlib-")
        os.environ[VARIABLE] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
