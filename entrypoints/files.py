"""Who may read what is written."""

from __future__ import annotations

import os

_INHERITED = os.umask(0o077)
os.umask(_INHERITED)
_OWNER_ALONE = 0o077


def keep_private(private: bool) -> None:
    """Have this process and those that it starts write files for their owner alone, or as umask says.

    Masks, pictures, reports and runs show patients.
    """
    os.umask(_INHERITED | _OWNER_ALONE if private else _INHERITED)
