"""Trains and judges the network that finds brains in heads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import final
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor, nn
from torch.nn import functional

from gliobench.adapters.monai.fitting import Batch, Schedule, fit, load_network
from gliobench.adapters.monai.networks import residual_unet
from gliobench.adapters.monai.onnx_export import write_onnx
from gliobench.adapters.monai.random_heads import Chance, RandomHead, StrippedBrain, random_head
from gliobench.adapters.monai.torch_network import UNTOLD, TorchNetwork
from gliobench.application.ports.brain_extractor import BrainTemplate
from gliobench.application.ports.study_source import StudySource
from gliobench.application.ports.trainer import Progress, Row, TrainingData
from gliobench.application.prepare.network_brain import BLUR_MM, template_depth_mm
from gliobench.application.train.training_studies import StudyTrainer, TrainingStudies
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.resampling import pulled
from gliobench.domain.geometry.rigid import Rigid
from gliobench.domain.metrics.segmentation import dice
from gliobench.domain.networks.brain_input import BRAIN_GRID, BRAIN_RULE, INNER_MM, brain_input
from gliobench.domain.networks.input import MODALITY_ORDER
from gliobench.domain.networks.model_card import BRAIN, ModelCard
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Study

CHANNELS = (16, 32, 64, 96)
BRAIN_NETWORK = "brain.onnx"
"""What a fit leaves in its folder."""
SHOWN_TOO_FAR_MM = 0.7
"""How far beyond a brain its images on 2 mm are not zero, which are means of 1 mm: of six studies, 0.5 to 1.0."""
_COARSE_MM = 1.5


def brain_network() -> nn.Module:
    """Build a residual U-Net.

    Input (N, 5, I, J, K), each length a multiple of 8; output (N, 1, I, J, K) logits of the share of brain.
    """
    return residual_unet(len(MODALITY_ORDER) + 1, 1, channels=CHANNELS, norm="instance")


def brain_loss(network: nn.Module, batch: Batch) -> Tensor:
    """Dice and cross-entropy of the share of brain."""
    logits, share = network(batch["volumes"]).float(), batch["share"]
    found = torch.sigmoid(logits)
    both, all_of_it = (found * share).sum(), found.sum() + share.sum()
    entropy = functional.binary_cross_entropy_with_logits(logits, share)
    return entropy + 1 - (2 * both + 1) / (all_of_it + 1)


def trained_brain(folder: Path, data: TrainingData) -> TorchNetwork:
    """Load what a fit ended in, with its card."""
    card = ModelCard(
        kind=BRAIN,
        architecture=f"UNet {CHANNELS}, MONAI",
        input_shape=BRAIN_GRID.shape,
        spacing_mm=BRAIN_GRID.spacing_mm,
        training_data=data.sha256,
        trained_on=tuple(patient_hash(patient) for patient in data.patients),
        intensity_rule=BRAIN_RULE,
        modality_dropout=True,
    )
    return TorchNetwork(load_network(brain_network, folder).eval(), card)


@dataclass(frozen=True, eq=False)
class HeadBatches:
    """A random head a step, with two subsets of its modalities.

    Args:
        brains: At least one.
        depth_mm: (I, J, K) on `BRAIN_GRID`, in the template's brain.
        seed: Of all that is drawn.
    """

    brains: Sequence[StrippedBrain]
    depth_mm: NDArray[np.float32]
    seed: int

    def __call__(self, step: int) -> Batch:
        """Draw the batch of a step."""
        chance = Chance(self.seed, step)
        head = random_head(self.brains[int(chance.numbers.integers(len(self.brains)))], chance)
        volumes = [self.seen(head, _some(chance)) for _ in range(2)]
        return {"volumes": torch.stack(volumes), "share": head.share.expand(2, 1, -1, -1, -1)}

    def seen(self, head: RandomHead, indices: Collection[int]) -> Tensor:
        """Make the network's input of some modalities of a head."""
        images = {MODALITY_ORDER[n]: head.volumes[n].numpy() for n in indices}
        return torch.from_numpy(brain_input(images, self.depth_mm))


def _some(chance: Chance) -> list[int]:
    kept = [n for n in range(len(MODALITY_ORDER)) if chance.often(0.6)]
    return kept or [int(chance.numbers.integers(len(MODALITY_ORDER)))]


@final
class BrainTrainer(StudyTrainer):
    """Learns where brains are from random heads about stripped ones.

    Args:
        source: Stripped studies with all modalities and reference masks, in BraTS's place.
        template: Gives the brain whose depth the network sees.
        schedule: How long and how fast to fit.
        held_out: Patients that no fit learns from, nor is judged on.

    Raises:
        InvalidInputError: There is no such patient, or none is left.
    """

    def __init__(
        self,
        source: StudySource,
        template: Callable[[], BrainTemplate],
        *,
        schedule: Schedule,
        held_out: Collection[str] = (),
    ) -> None:
        self._source, self._template, self._schedule = source, template, schedule
        self._studies = TrainingStudies.of(source)
        if unknown := set(held_out) - set(self._studies.by_patient):
            raise InvalidInputError(
                f"--hold-out: the dataset has no patient {', '.join(sorted(unknown))}"
            )
        self._held_out = frozenset(held_out)
        if not self.strata():
            raise InvalidInputError("--hold-out: no patient is left to learn from")

    def strata(self) -> Mapping[str, str]:
        """Name site and grade of every patient that is not held out."""
        strata = self._studies.strata()
        return {patient: its for patient, its in strata.items() if patient not in self._held_out}

    def fit(self, patients: Collection[str], folder: Path, progress: Progress) -> None:
        """Learn from heads about these patients' brains, and leave the network as ONNX."""
        brains = [self._brain(study_id) for study_id in self._studies.ids(patients)]
        fit(
            brain_network,
            batch_of=HeadBatches(brains, self._depth_mm, self._schedule.seed),
            loss_of=brain_loss,
            schedule=self._schedule,
            folder=folder,
            progress=progress,
            bfloat16=True,
        )
        write_onnx(trained_brain(folder, self.training_data(patients)), folder / BRAIN_NETWORK)

    def predict(self, patients: Collection[str], folder: Path) -> list[Row]:
        """Find the brain of each of these patients' studies in one random head."""
        network = trained_brain(folder, UNTOLD)
        return [self._row(network, study_id) for study_id in self._studies.ids(patients)]

    def _row(self, network: TorchNetwork, study_id: str) -> Row:
        brain = self._brain(study_id)
        head = random_head(brain, Chance(self._schedule.seed, crc32(study_id.encode())))
        batches = HeadBatches([brain], self._depth_mm, self._schedule.seed)
        seen = batches.seen(head, range(len(MODALITY_ORDER)))
        found = network.run(seen.numpy()[np.newaxis])[0, 0] > 0
        return {
            "study_id": study_id,
            "patient_id": self._source.study(study_id).patient_id,
            "dice_brain": dice(reference=head.share.numpy() >= 0.5, prediction=found),
        }

    def _brain(self, study_id: str) -> StrippedBrain:
        return stripped_brain(self._source.study(study_id))

    @cached_property
    def _depth_mm(self) -> NDArray[np.float32]:
        return template_depth_mm(self._template())


def stripped_brain(study: Study) -> StrippedBrain:
    """Bring a stripped study to the network's grid.

    Raises:
        FaultyStudyError: It lacks a modality.
        InvalidInputError: It has no brain in that place.
    """
    volumes = np.stack([study.volume(modality) for modality in MODALITY_ORDER])
    shown = ndimage.binary_fill_holes((volumes != 0).any(0)).astype(np.float32)
    edge_mm = max(study.grid.spacing_mm)
    depth_mm = _depth_mm(_on_grid(shown, study, blur_mm=0))
    depth_mm -= SHOWN_TOO_FAR_MM if edge_mm > _COARSE_MM else 0
    images = np.stack([_on_grid(volume, study, blur_mm=BLUR_MM) for volume in volumes])
    inner = depth_mm > INNER_MM
    if not inner.any():
        raise InvalidInputError(f"study {study.id}: no brain in the place of BraTS's")
    usual = np.median(images[:, inner], axis=1).clip(min=1e-3)[:, None, None, None]
    return StrippedBrain(torch.from_numpy(images / usual), torch.from_numpy(depth_mm))


def _on_grid(volume: NDArray[np.float32], study: Study, *, blur_mm: float) -> NDArray[np.float32]:
    widths = [blur_mm / edge for edge in study.grid.spacing_mm]
    blurred = ndimage.gaussian_filter(volume, widths) if blur_mm else volume
    return pulled(blurred, source=study.grid, target=BRAIN_GRID, motion=Rigid.none())


def _depth_mm(share: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how deep voxels lie, to a fraction of a voxel where part of one is brain."""
    edge_mm, brain = BRAIN_GRID.spacing_mm[0], share >= 0.5
    steps = ndimage.distance_transform_edt(brain) - ndimage.distance_transform_edt(~brain)
    far_mm = edge_mm * (steps - 0.5 * np.sign(steps))
    partial = (share > 0) & (share < 1)
    return np.where(partial, (share - 0.5) * edge_mm, far_mm).astype(np.float32)
