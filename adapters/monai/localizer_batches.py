"""What the localizer learns from: windows of studies, some with another patient's lesion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from monai.transforms import (
    Compose,
    RandAffined,
    RandFlipd,
    RandGaussianNoised,
    RandGaussianSmoothd,
    RandScaleIntensityd,
    RandShiftIntensityd,
)
from numpy.typing import NDArray

from gliobench.adapters.monai.fitting import Batch
from gliobench.domain.networks.input import Shape, overlap, window

WINDOW = (64, 64, 48)
MARGIN = 12
"""Voxels about a window that rotation and scaling may bring in."""
BLIND = 4
"""Voxels about a transplant's faces that the loss does not look at: the seam is no anatomy."""
TUMOUR_SHARE = 0.6
PHANTOM_SHARE = 0.1
JITTER = 12
BRATS_SHAPE_2MM = (120, 120, 78)
REACH = np.array(WINDOW) // 2 + MARGIN
CUT: Shape = (WINDOW[0] + 2 * MARGIN, WINDOW[1] + 2 * MARGIN, WINDOW[2] + 2 * MARGIN)


@dataclass(frozen=True, eq=False)
class TrainingStudy:
    """A study ready for the localizer: (4, I, J, K) z-scores and (I, J, K) labels of 2020."""

    volumes: NDArray[np.float32]
    labels: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Transplant:
    """A lesion to be laid into another brain: first voxel, (4, i, j, k) z-scores, labels."""

    start: tuple[int, int, int]
    volumes: NDArray[np.float32]
    labels: NDArray[np.uint8]


class LocalizerBatches:
    """Makes the batch of any step; the same step always gives the same batch.

    Args:
        studies: Of patients.
        transplants: Lesions of patients that may be learned from; may be empty.
        phantoms: Simulated studies, drawn now and then; may be empty.
        transplant_share: Of the windows, those with another patient's lesion.
        batch_size: Windows a batch.
        seed: Of every random choice.
    """

    def __init__(
        self,
        studies: Sequence[TrainingStudy],
        transplants: Sequence[Transplant],
        phantoms: Sequence[TrainingStudy] = (),
        *,
        transplant_share: float,
        batch_size: int,
        seed: int,
    ) -> None:
        self._transplant_share = transplant_share
        self._studies = studies
        self._transplants = transplants
        self._phantoms = phantoms
        self._batch_size = batch_size
        self._seed = seed
        self._augment = _augmentation()

    def __call__(self, step: int) -> Batch:
        """Make (N, 4, *WINDOW) volumes, (N, 3, *WINDOW) regions, (N, 1, *WINDOW) weights."""
        rng = np.random.default_rng((self._seed, step))
        self._augment.set_random_state(seed=int(rng.integers(2**31)))
        windows = [
            self._augment(self._window(self._study(rng), rng)) for _ in range(self._batch_size)
        ]
        masks = torch.stack([w["masks"] for w in windows])
        labels, weights, brain = masks[:, :1], masks[:, 1:2], masks[:, 2:]
        volumes = torch.stack([w["volumes"] for w in windows]) * brain
        return {
            "volumes": volumes.contiguous(memory_format=torch.channels_last_3d),
            "regions": torch.cat(
                [labels > 0, (labels == 1) | (labels == 4), labels == 4], 1
            ).float(),
            "weights": weights,
        }

    def _study(self, rng: np.random.Generator) -> TrainingStudy:
        simulated = self._phantoms and rng.random() < PHANTOM_SHARE
        among = self._phantoms if simulated else self._studies
        return among[int(rng.integers(len(among)))]

    def _window(self, study: TrainingStudy, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        lesion = self._lesion_for(study, rng)
        about = _tumour_or_brain(study, rng) if lesion is None else _middle(lesion)
        centre = about + rng.integers(-JITTER, JITTER + 1, size=3)
        start = _within(centre - REACH, study)
        volumes = window(study.volumes, start, CUT)
        labels = window(study.labels[np.newaxis].astype(np.float32), start, CUT)
        weights = np.ones_like(labels)
        if lesion is not None:
            _lay_in(lesion, start, volumes=volumes, labels=labels, weights=weights)
        brain = (volumes != 0).any(0, keepdims=True)
        masks = np.concatenate([labels, weights, brain.astype(np.float32)])
        return {"volumes": torch.from_numpy(volumes), "masks": torch.from_numpy(masks)}

    def _lesion_for(self, study: TrainingStudy, rng: np.random.Generator) -> Transplant | None:
        alike = study.labels.shape == BRATS_SHAPE_2MM
        if not alike or not self._transplants or rng.random() >= self._transplant_share:
            return None
        return self._transplants[int(rng.integers(len(self._transplants)))]


def _middle(lesion: Transplant) -> NDArray[np.int64]:
    return np.asarray(np.array(lesion.start) + np.array(lesion.labels.shape) // 2)


def _tumour_or_brain(study: TrainingStudy, rng: np.random.Generator) -> NDArray[np.int64]:
    tumour = np.flatnonzero(study.labels) if rng.random() < TUMOUR_SHARE else np.empty(0, int)
    candidates = tumour if tumour.size else np.flatnonzero(study.volumes[0])
    return np.array(np.unravel_index(rng.choice(candidates), study.labels.shape))


def _within(start: NDArray[np.int64], study: TrainingStudy) -> Shape:
    """Keep a cut from hanging further out of the study than its margin."""
    high = np.maximum(np.array(study.labels.shape) - np.array(CUT) + MARGIN, -MARGIN)
    i, j, k = np.clip(start, -MARGIN, high).tolist()
    return i, j, k


def _lay_in(
    lesion: Transplant,
    start: Shape,
    *,
    volumes: NDArray[np.float32],
    labels: NDArray[np.float32],
    weights: NDArray[np.float32],
) -> None:
    """Replace what lies where the lesion lay in its own patient, and blind the seam."""
    first = np.array(lesion.start) - np.array(start)
    for grow, weight in ((BLIND, 0.0), (-1, 1.0)):
        low = np.maximum(first - grow, 0)
        high = np.maximum(first + lesion.labels.shape + grow, 0)
        weights[0][tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = weight
    source, target = overlap(CUT, first.tolist(), lesion.labels.shape)
    volumes[(slice(None), *source)] = lesion.volumes[(slice(None), *target)]
    labels[0][source] = lesion.labels[target]


def _augmentation() -> Compose:
    everything = ["volumes", "masks"]
    return Compose(
        [
            RandAffined(
                everything,
                prob=1.0,
                spatial_size=WINDOW,
                rotate_range=(0.25, 0.25, 0.25),
                scale_range=(0.15, 0.15, 0.15),
                mode=("bilinear", "nearest"),
                padding_mode="zeros",
            ),
            RandFlipd(everything, prob=0.5, spatial_axis=0),
            RandScaleIntensityd("volumes", factors=0.2, prob=0.9, channel_wise=True),
            RandShiftIntensityd("volumes", offsets=0.3, prob=0.9, channel_wise=True),
            RandGaussianSmoothd(
                "volumes", sigma_x=(0.3, 0.8), sigma_y=(0.3, 0.8), sigma_z=(0.3, 0.8), prob=0.15
            ),
            RandGaussianNoised("volumes", prob=0.3, std=0.1),
        ]
    )
