"""A quick start of the command line, and a quick end."""

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


def end_without_collecting() -> None:
    """Look for no garbage while the process ends: it took a fifth of a second, and all goes anyway."""
    gc.disable()
    gc.freeze()
