"""A trained network in PyTorch, before it is exported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from gliobench.adapters.monai.fitting import load_network
from gliobench.adapters.monai.networks import (
    CoarseToFine,
    GraderNetwork,
    coarse_network,
    fine_network,
    grader_architecture,
    localizer_architecture,
)
from gliobench.adapters.monai.slice_networks import (
    MirroredLocalizer,
    TurnedGrader,
    slice_grader,
    slice_grader_architecture,
    slice_localizer,
    slice_localizer_architecture,
)
from gliobench.application.ports.network import Network
from gliobench.application.ports.trainer import TrainingData
from gliobench.domain.errors import BackendError
from gliobench.domain.networks.grader_input import GraderGeometry
from gliobench.domain.networks.input import LocalizerGeometry
from gliobench.domain.networks.intensity import ROBUST_RULE
from gliobench.domain.networks.model_card import ModelCard
from gliobench.domain.networks.slice_input import SLICE_MODALITIES, SLICE_REGIONS, SliceGeometry
from gliobench.domain.studies.patients import patient_hash

LOCALIZER = "localizer"
GRADER = "grader"
"""Where in a fit's folder each network of slices is left."""
COARSE = "coarse"
FINE = "fine"
"""Where each network of a localizer of volumes is left."""
LIKELY_ENOUGH = 0.5
SMALLEST_ENHANCING_MM3 = 200.0
"""What a localizer's card carries, chosen by cross-validation: see `docs/results`."""
UNTOLD = TrainingData((), "")
"""Of networks that go nowhere, whose cards may be empty."""


@final
class TorchNetwork(Network):
    """Runs a network as training left it.

    Args:
        network: In evaluation mode.
        card: What it will say of itself once exported.
    """

    def __init__(self, network: nn.Module, card: ModelCard) -> None:
        self.network = network
        self._card = card

    @property
    def card(self) -> ModelCard:
        """What the network says of itself."""
        return self._card

    def run(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Infer (N, C, I, J, K) float32 inputs: (N, …) float32 logits.

        Raises:
            BackendError: The network gave numbers that are not finite.
        """
        with torch.inference_mode():
            outputs = [
                self.network(torch.from_numpy(volumes[np.newaxis])).numpy() for volumes in inputs
            ]
        logits: NDArray[np.float32] = np.concatenate(outputs)
        if not np.isfinite(logits).all():
            raise BackendError("the network gave numbers that are not finite")
        return logits


def trained_slice_networks(
    folder: Path,
    data: TrainingData,
    *,
    temperature: float,
    geometry: SliceGeometry = SliceGeometry(),  # noqa: B008 - frozen
) -> tuple[TorchNetwork, TorchNetwork]:
    """Load the localizer and the grader of slices with their cards."""
    localizer = ModelCard(
        kind="localizer",
        architecture=slice_localizer_architecture(),
        input_shape=geometry.shape,
        spacing_mm=geometry.spacing_mm,
        training_data=data.sha256,
        trained_on=tuple(patient_hash(patient) for patient in data.patients),
        modalities=tuple(modality.value for modality in SLICE_MODALITIES),
        regions=tuple(region.value for region in SLICE_REGIONS),
    )
    grader = replace(
        localizer,
        kind="grader",
        architecture=slice_grader_architecture(),
        input_shape=geometry.crop,
        temperature=temperature,
    )
    finds = MirroredLocalizer(load_network(slice_localizer, folder / LOCALIZER)).eval()
    grades = TurnedGrader(load_network(slice_grader, folder / GRADER)).eval()
    return TorchNetwork(finds, localizer), TorchNetwork(grades, grader)


def trained_localizer(
    folder: Path,
    data: TrainingData,
    *,
    geometry: LocalizerGeometry = LocalizerGeometry(),  # noqa: B008 - frozen
) -> TorchNetwork:
    """Load a localizer with its card."""
    spacing = geometry.spacing_mm
    card = ModelCard(
        kind="localizer",
        architecture=localizer_architecture(),
        input_shape=geometry.shape,
        spacing_mm=(spacing, spacing, spacing),
        intensity_rule=ROBUST_RULE,
        training_data=data.sha256,
        trained_on=tuple(patient_hash(patient) for patient in data.patients),
        threshold=LIKELY_ENOUGH,
        smallest_enhancing_mm3=SMALLEST_ENHANCING_MM3,
        modality_dropout=True,  # of `hidden_parts`
    )
    coarse = load_network(coarse_network, folder / COARSE)
    return TorchNetwork(
        CoarseToFine(coarse, load_network(fine_network, folder / FINE)).eval(), card
    )


def trained_grader(folder: Path, data: TrainingData, *, temperature: float) -> TorchNetwork:
    """Load a grader with its card; `temperature` is fitted on held-out predictions."""
    geometry = GraderGeometry()
    card = ModelCard(
        kind="grader",
        architecture=grader_architecture(),
        input_shape=geometry.shape,
        spacing_mm=geometry.spacing_mm,
        training_data=data.sha256,
        trained_on=tuple(patient_hash(patient) for patient in data.patients),
        temperature=temperature,
    )
    return TorchNetwork(load_network(GraderNetwork, folder), card)
