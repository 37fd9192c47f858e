"""The model card of a trained network, stored inside the ONNX file."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import Enum

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.networks.brain_input import BRAIN_RULE
from gliobench.domain.networks.conformal_sets import ConformalSets
from gliobench.domain.networks.input import MODALITY_ORDER, REGION_ORDER, SURE_ENOUGH
from gliobench.domain.networks.intensity import INTENSITY_RULES, PLAIN_RULE
from gliobench.domain.networks.slice_input import SLICE_MODALITIES, SLICE_REGIONS
from gliobench.domain.studies.extent import COARSEST_MM, FINEST_MM

METADATA_KEY = "gliobench_model_card"
BRAIN = "brain"
RULES = {"localizer": INTENSITY_RULES, "grader": INTENSITY_RULES, BRAIN: (BRAIN_RULE,)}
"""By kind, how intensities may become input."""
LONGEST_INPUT = 512
"""Maximum number of voxels along an axis: more than the millimetres of a head."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What inference and readers need to know of a network.

    Args:
        kind: `localizer`, `grader` or, of what outlines brains in heads, `brain`.
        architecture: The network's name and widths.
        input_shape: Voxels along (i, j, k) of the RAS+ input; one along k reads slices.
        spacing_mm: Voxel edges of the input.
        training_data: sha256 of the training studies' ids and contents.
        trained_on: `patient_hash` of every training patient.
        threshold: Probability from which a voxel is tumour, for a localizer of volumes.
        smallest_enhancing_mm3: Volume below which enhancing tumour is taken for none, likewise.
        learned_images: `image_hash` of the images of those patients that were available at export.
        temperature: Divides the grader's logit; fitted on out-of-fold predictions.
        modalities: Order of the input channels.
        regions: Order of the localizer's output channels.
        intensity_rule: How intensities become network input.
        label_convention: Label convention of the reference masks.
        modality_dropout: Whether modalities were dropped at random in training: the network then
            answers about studies that lack some, see `absent_modalities`.
        conformal: Of a grader, when a grade is excluded; None where that was not fitted.

    Raises:
        InvalidInputError: This version cannot produce the input that the network expects.
    """

    kind: str
    architecture: str
    input_shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    training_data: str
    trained_on: tuple[str, ...]
    temperature: float = 1.0
    modalities: tuple[str, ...] = tuple(m.value for m in MODALITY_ORDER)
    regions: tuple[str, ...] = tuple(r.value for r in REGION_ORDER)
    intensity_rule: str = PLAIN_RULE
    label_convention: str = "BRATS_2020"
    learned_images: tuple[str, ...] = ()
    threshold: float = SURE_ENOUGH
    smallest_enhancing_mm3: float = 0.0
    modality_dropout: bool = False
    conformal: ConformalSets | None = None

    def __post_init__(self) -> None:
        wanted = {
            "kind": RULES,
            "modalities": _values(MODALITY_ORDER, SLICE_MODALITIES),
            "regions": _values(REGION_ORDER, SLICE_REGIONS),
            "intensity_rule": RULES.get(self.kind, ()),
        }
        for name, known in wanted.items():
            if getattr(self, name) not in known:
                raise InvalidInputError(
                    f"model card: {name} {getattr(self, name)!r} is not {tuple(known)}"
                )
        if not 0 < self.temperature < math.inf:
            raise InvalidInputError(f"model card: temperature {self.temperature} is not positive")
        if not 0 < self.threshold < 1:
            raise InvalidInputError(f"model card: threshold {self.threshold}: wanted 0 to 1")
        if not 0 <= self.smallest_enhancing_mm3 < math.inf:
            raise InvalidInputError(
                f"model card: smallest_enhancing_mm3 {self.smallest_enhancing_mm3} is not a volume"
            )
        if not all(0 < length <= LONGEST_INPUT for length in self.input_shape):
            raise InvalidInputError(
                f"model card: input_shape {self.input_shape}: wanted 1 to {LONGEST_INPUT} voxels"
            )
        if not all(FINEST_MM <= edge <= COARSEST_MM for edge in self.spacing_mm):
            raise InvalidInputError(
                f"model card: spacing_mm {self.spacing_mm}: wanted {FINEST_MM:g} to {COARSEST_MM:g}"
            )

    @property
    def of_slices(self) -> bool:
        """Return whether the network reads studies of one plane only."""
        return self.input_shape[2] == 1

    @property
    def channels(self) -> int:
        """Return how many volumes the input has: the modalities and, of a brain, the template's depth."""
        return len(self.modalities) + (self.kind == BRAIN)

    @property
    def learned(self) -> frozenset[str]:
        """The hashes of all training patients and images."""
        return frozenset((*self.trained_on, *self.learned_images))

    def to_json(self) -> str:
        """Write the card as one line of JSON."""
        return json.dumps(asdict(self), sort_keys=True)


def _values(*orders: Sequence[Enum]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(item.value for item in order) for order in orders)
