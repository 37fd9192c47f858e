"""A quick start of the command line."""

from __future__ import annotations

import gc
import sys
from types import FrameType
from typing import final

UNNEEDED = {
    "attr": "rich",
    "charset_normalizer": "numpy",
    "fast_depends": "dependency_injector",
    "fastapi": "dependency_injector",
    "pandas": "gliobench",
    "pydicom": "nibabel",
    "starlette": "dependency_injector",
    "werkzeug": "dependency_injector",
}
"""Libraries of extras, or of other programs, and the one that loads them wherever they are installed.

No command needs them through it. FastAPI alone takes longer to load than NumPy. pyarrow is compiled:
what it loads is loaded by the code that calls it.
"""


@final
class _Without:
    """Has libraries not found by those that do not need them; a finder of `sys.meta_path`."""

    def find_spec(self, name: str, *_: object) -> None:
        if UNNEEDED.get(name, "") == _importer(sys._getframe(1)):  # noqa: SLF001 -- no other way to know
            raise ModuleNotFoundError(f"{name} is not needed here", name=name)


def start_quickly() -> None:
    """Load libraries without those that they do not need, and without collecting garbage.

    This process has to be ours alone: in another's, libraries would stay without them.
    """
    if not any(isinstance(finder, _Without) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Without())
    gc.disable()


def collect_garbage() -> None:
    """Collect garbage after a quick start, and never look at what is loaded already: it stays."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def _importer(frame: FrameType | None) -> str:
    """Return the package whose code imports, below the frames of Python's own importing."""
    while frame and frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] if frame else ""
