"""The port of a trained network, whatever runs it."""

from __future__ import annotations

from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.networks.model_card import ModelCard
from gliobench.domain.networks.region_grader import RegionGrader


class Network(Protocol):
    """Turns a batch of inputs into logits.

    Contract:
        - Deterministic: an input's logits do not depend on the rest of the batch.
        - Finite logits, or BackendError.
    """

    @property
    def card(self) -> ModelCard:
        """What the network says of itself."""
        ...

    def run(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Infer (N, C, I, J, K) float32 inputs: (N, …) float32 logits."""
        ...


Grader: TypeAlias = Network | RegionGrader
"""Grades a tumour that a localizer found: by the images about it, or by its regions."""
