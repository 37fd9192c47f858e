"""What the networks that ship said of an image, remembered for all processes that run tests.

Tests of many commands look at the same few phantoms, at half a second of a core for each look.
"""

import os
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from gliobench.adapters.onnx.network import OnnxNetwork

VARIABLE = "REMEMBERED_LOGITS"
"""Names the folder to processes that tests start; nothing is remembered without it."""
SMALLEST_BYTES = 2**20
"""Networks of tests are quicker than files."""


def remember(folder: Path) -> None:
    """Have this process infer only what no process has inferred before."""
    infer = OnnxNetwork._infer

    def remembered(network: OnnxNetwork, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        if inputs.nbytes < SMALLEST_BYTES:
            return infer(network, inputs)
        digest = sha256(network.sha256.encode() + inputs.tobytes()).hexdigest()
        file = folder / f"{digest}.npy"
        if not file.exists():
            half = folder / uuid4().hex
            with half.open("wb") as written:
                np.save(written, infer(network, inputs))
            half.replace(file)
        return np.load(file)

    OnnxNetwork._infer = remembered


if VARIABLE in os.environ:
    remember(Path(os.environ[VARIABLE]))
