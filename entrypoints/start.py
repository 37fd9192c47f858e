"""A quick start of the command line."""

from __future__ import annotations

import gc


def load_without_collecting() -> None:
    """Collect no garbage while libraries are loaded: they make none."""
    gc.disable()


def collect_garbage() -> None:
    """Collect garbage from now on, and never look at what is loaded already: it stays."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
