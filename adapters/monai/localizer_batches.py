"""What the localizer learns from: windows of brains, some with another patient's lesion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from monai.transforms import Compose, RandAffined, RandFlipd
from numpy.typing import NDArray
from torch import Generator, Tensor

from gliobench.adapters.monai.brain_lessons import TrainingStudy, healed, with_cavity
from gliobench.adapters.monai.fitting import Batch
from gliobench.adapters.monai.hidden_parts import partly_masked, without_some
from gliobench.adapters.monai.randomise import brightened, rescanned
from gliobench.domain.networks.input import LocalizerGeometry, Shape, overlap, window

WHOLE: Shape = LocalizerGeometry().shape
"""A window as large as at inference: it shows where in the brain things lie."""
MARGIN = 12
"""Voxels about a window that rotation and scaling may bring in."""
BLIND = 4
"""Voxels about a transplant's faces that the loss does not look at: the seam is no anatomy."""
ABROAD_SHARE = 0.3
"""Of the windows, those seen as by other scanners; the others change their brightness alone."""
CAVITY_SHARE = 0.05
BRATS_SHAPE_2MM = (120, 120, 78)


@dataclass(frozen=True, slots=True)
class Windows:
    """Which windows a network learns from.

    Args:
        shape: Voxels of a small window.
        whole_every: One step in so many is of one window of `WHOLE`, the others of small ones; 0 for
            none.
        tumour: Share of the small windows that lie about a tumour, where there is one.
        transplant: Share with another patient's lesion.
        healed: Share of brains whose tumour is replaced.
        phantom: Share of simulated brains.
        jitter: Voxels by which a window may lie beside its middle.
    """

    shape: Shape
    whole_every: int
    tumour: float
    transplant: float
    healed: float
    phantom: float
    jitter: int


ANYWHERE = Windows(
    shape=(64, 64, 48),
    whole_every=8,
    tumour=0.6,
    transplant=0.5,
    healed=0.15,
    phantom=0.05,
    jitter=12,
)
"""For the network that finds tumours."""
ABOUT_TUMOURS = Windows(
    shape=(48, 48, 40),
    whole_every=0,
    tumour=0.9,
    transplant=0.65,
    healed=0.03,
    phantom=0.03,
    jitter=8,
)
"""For the network that looks at them closely."""


@dataclass(frozen=True, eq=False)
class Transplant:
    """A lesion to be laid into another brain: first voxel, (4, i, j, k) z-scores, labels."""

    start: tuple[int, int, int]
    volumes: NDArray[np.float32]
    labels: NDArray[np.uint8]


class LocalizerBatches:
    """Makes the batch of any step; the same step always gives the same batch.

    Among the studies are brains whose tumour is replaced by the mirror image of the other half, and now
    and then a tumour's core is replaced by fluid.

    Args:
        studies: Of patients.
        transplants: Lesions of patients that may be learned from; may be empty.
        phantoms: Simulated studies, drawn now and then; may be empty.
        windows: Which windows to make.
        batch_size: Small windows a batch.
        seed: Of every random choice.
    """

    def __init__(
        self,
        studies: Sequence[TrainingStudy],
        transplants: Sequence[Transplant],
        phantoms: Sequence[TrainingStudy] = (),
        *,
        windows: Windows,
        batch_size: int,
        seed: int,
    ) -> None:
        self._windows = windows
        self._studies = studies
        self._healed = [brain for study in studies if (brain := healed(study)) is not None]
        self._transplants = transplants
        self._phantoms = phantoms
        self._batch_size = batch_size
        self._seed = seed
        self._move = {shape: _spatial(shape) for shape in (windows.shape, WHOLE)}

    def __call__(self, step: int) -> Batch:
        """Make (N, 4, *S) volumes, (N, 3, *S) regions, (N, 1, *S) weights."""
        rng = np.random.default_rng((self._seed, step))
        whole_every = self._windows.whole_every
        whole = whole_every > 0 and step % whole_every == 0
        shape, n = (WHOLE, 1) if whole else (self._windows.shape, self._batch_size)
        move = self._move[shape]
        move.set_random_state(seed=int(rng.integers(2**31)))
        chance = Generator().manual_seed(int(rng.integers(2**62)))
        windows = [move(self._window(self._study(rng), shape, rng)) for _ in range(n)]
        volumes, masks = (
            torch.stack([w[name] for w in windows]).as_subclass(Tensor)  # MONAI's own is slow
            for name in ("volumes", "masks")
        )
        labels, weights, brain = masks[:, :1], masks[:, 1:2], masks[:, 2:]
        seen, brain = as_seen(volumes, brain, chance)
        return {
            "volumes": seen.contiguous(memory_format=torch.channels_last_3d),
            "regions": nested_regions(labels) * brain,
            "weights": weights,
        }

    def _study(self, rng: np.random.Generator) -> TrainingStudy:
        drawn = rng.random()
        if self._phantoms and drawn < self._windows.phantom:
            return _any_of(self._phantoms, rng)
        if self._healed and drawn < self._windows.phantom + self._windows.healed:
            return _any_of(self._healed, rng)
        return _any_of(self._studies, rng)

    def _window(
        self, study: TrainingStudy, shape: Shape, rng: np.random.Generator
    ) -> dict[str, Tensor]:
        lesion = self._lesion_for(study, rng)
        cut = _grown(shape)
        about = _brain_middle(study) if shape == WHOLE else self._about(study, lesion, rng)
        centre = about + rng.integers(-self._windows.jitter, self._windows.jitter + 1, size=3)
        start = _within(centre - np.array(cut) // 2, study, cut)
        volumes = window(study.volumes, start, cut)
        labels = window(study.labels[np.newaxis].astype(np.float32), start, cut)
        weights = np.ones_like(labels)
        if lesion is not None:
            _lay_in(lesion, start, volumes=volumes, labels=labels, weights=weights)
        if rng.random() < CAVITY_SHARE:
            with_cavity(volumes, labels, rng)
        brain = (volumes != 0).any(0, keepdims=True)
        masks = np.concatenate([labels, weights, brain.astype(np.float32)])
        return {"volumes": torch.from_numpy(volumes), "masks": torch.from_numpy(masks)}

    def _lesion_for(self, study: TrainingStudy, rng: np.random.Generator) -> Transplant | None:
        alike = study.labels.shape == BRATS_SHAPE_2MM
        if not alike or not self._transplants or rng.random() >= self._windows.transplant:
            return None
        return self._transplants[int(rng.integers(len(self._transplants)))]

    def _about(
        self, study: TrainingStudy, lesion: Transplant | None, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        if lesion is not None:
            return np.asarray(np.array(lesion.start) + np.array(lesion.labels.shape) // 2)
        of_tumour = rng.random() < self._windows.tumour
        tumour = np.flatnonzero(study.labels) if of_tumour else np.empty(0, int)
        candidates = tumour if tumour.size else np.flatnonzero(study.volumes[0])
        return np.array(np.unravel_index(rng.choice(candidates), study.labels.shape))


def _any_of(studies: Sequence[TrainingStudy], rng: np.random.Generator) -> TrainingStudy:
    return studies[int(rng.integers(len(studies)))]


def _brain_middle(study: TrainingStudy) -> NDArray[np.int64]:
    where = np.nonzero(study.volumes[0])
    return np.array([(int(axis.min()) + int(axis.max()) + 1) // 2 for axis in where])


def _grown(shape: Shape) -> Shape:
    i, j, k = (length + 2 * MARGIN for length in shape)
    return i, j, k


def _within(start: NDArray[np.int64], study: TrainingStudy, cut: Shape) -> Shape:
    """Keep a cut from hanging further out of the study than its margin, where it can."""
    high = np.maximum(np.array(study.labels.shape) - np.array(cut) + MARGIN, -MARGIN)
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
    source, target = overlap(labels.shape[1:], first.tolist(), lesion.labels.shape)
    volumes[(slice(None), *source)] = lesion.volumes[(slice(None), *target)]
    labels[0][source] = lesion.labels[target]


def as_seen(volumes: Tensor, brain: Tensor, chance: Generator) -> tuple[Tensor, Tensor]:
    """Show some windows as other scanners do, some without all sequences.

    Args:
        volumes: (N, 4, i, j, k) z-scores.
        brain: (N, 1, i, j, k) of 0 and 1.
        chance: Of every choice.

    Returns:
        The volumes as seen, and the brain that is still there.
    """
    seen, masks = [], []
    for image, mask in zip(volumes.split(1), brain.split(1), strict=True):
        if torch.rand(1, generator=chance).item() < ABROAD_SHARE:
            cut, shown = partly_masked(mask, chance), rescanned(image, chance)
        else:
            cut, shown = mask, brightened(image, chance)
        seen.append(without_some(shown * cut, chance))
        masks.append(cut)
    return torch.cat(seen), torch.cat(masks)


def nested_regions(labels: Tensor) -> Tensor:
    """Return WT, TC and ET as (N, 3, i, j, k) of 0 and 1."""
    return torch.cat([labels > 0, (labels == 1) | (labels == 4), labels == 4], 1).float()


def _spatial(shape: Shape) -> Compose:
    everything = ["volumes", "masks"]
    return Compose(
        [
            RandAffined(
                everything,
                prob=1.0,
                spatial_size=shape,
                rotate_range=(0.25, 0.25, 0.25),
                scale_range=(0.15, 0.15, 0.15),
                mode=("bilinear", "nearest"),
                padding_mode="zeros",
            ),
            RandFlipd(everything, prob=0.5, spatial_axis=0),
        ]
    )
