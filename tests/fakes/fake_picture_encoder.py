"""Pictures as their own pixels."""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

from gliobench.application.ports.picture_encoder import PictureEncoder


@final
class FakePictureEncoder(PictureEncoder):
    """Writes rows, columns and pixels one after the other."""

    def encode(self, pixels: NDArray[np.uint8]) -> bytes:
        rows, columns = pixels.shape
        return rows.to_bytes(2) + columns.to_bytes(2) + pixels.tobytes()
