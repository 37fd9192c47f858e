"""The port of everything that puts a picture into a few kilobytes."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

MEDIA_TYPE = "image/webp"
"""What every picture that a run keeps is, and every browser shows."""


class PictureEncoder(Protocol):
    """Puts a grey picture into a small file of `MEDIA_TYPE`.

    Contract:
        - Of the same size in pixels, and so near to the picture that a reader sees the same.
        - Deterministic: the same picture gives the same bytes.
    """

    def encode(self, pixels: NDArray[np.uint8]) -> bytes:
        """Encode (H, W) uint8 pixels, row 0 at the top."""
        ...
