"""Heads drawn at random about real brains, for the network that finds brains to learn from.

As SynthStrip does (Hoopes et al. 2022, 10.1016/j.neuroimage.2022.119474): what surrounds a brain is drawn in
layers of any thickness, partly in the contrasts of real images and partly in any. The brain itself is real, and
is turned, scaled, bent, and given tumours or cavities of any brightness.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gliobench.domain.networks.brain_input import BRAIN_GRID
from gliobench.domain.networks.input import MODALITY_ORDER
from gliobench.domain.studies.study import Modality

SHAPE, EDGE_MM = BRAIN_GRID.shape, BRAIN_GRID.spacing_mm[0]
FLUID, DURA, BONE, MARROW, MUSCLE, FAT = range(6)
REAL: Mapping[Modality, tuple[float, ...]] = {
    Modality.T1N: (0.35, 1.0, 0.1, 0.9, 0.8, 2.2),
    Modality.T1C: (0.4, 1.3, 0.1, 1.0, 1.1, 2.3),
    Modality.T2W: (2.4, 0.8, 0.15, 0.8, 0.5, 1.5),
    Modality.T2F: (0.3, 0.8, 0.12, 0.6, 0.7, 1.4),
}
"""How bright each tissue is, relative to the brain's median."""
BRIGHTEST = 2.8
ORGANS = 4
"""Regions of one brightness each in the face and neck: orbits, sinuses, glands."""


@dataclass(frozen=True, eq=False)
class StrippedBrain:
    """A brain alone, on `BRAIN_GRID`.

    Args:
        volumes: (4, I, J, K), brightness relative to the brain's median, zero outside.
        depth_mm: (I, J, K), how deep voxels lie in it; negative outside.
    """

    volumes: Tensor
    depth_mm: Tensor


@dataclass(frozen=True, eq=False)
class RandomHead:
    """A head as a scanner would show it.

    Args:
        volumes: (4, I, J, K), of any unit.
        share: (I, J, K), how much of each voxel is brain.
    """

    volumes: Tensor
    share: Tensor


class Chance:
    """Draws numbers and smooth fields; the same for the same seed."""

    def __init__(self, *seed: int) -> None:
        self.numbers = np.random.default_rng(seed)
        self._fields = torch.Generator().manual_seed(int(self.numbers.integers(2**62)))

    def __call__(self, low: float, high: float) -> float:
        """Draw between two numbers."""
        return float(self.numbers.uniform(low, high))

    def often(self, share: float) -> bool:
        """Draw whether something happens."""
        return bool(self.numbers.random() < share)

    def noise(self) -> Tensor:
        """Draw (I, J, K) normal numbers."""
        return torch.randn(SHAPE, generator=self._fields)

    def field(self, width_mm: float) -> Tensor:
        """Draw an (I, J, K) field of deviation 1 that varies over a width."""
        step = max(1.0, width_mm / EDGE_MM)
        nodes = torch.randn(1, 1, *(int(n / step) + 3 for n in SHAPE), generator=self._fields)
        field = functional.interpolate(nodes, size=SHAPE, mode="trilinear", align_corners=True)
        return field[0, 0] / field.std()


def random_head(brain: StrippedBrain, chance: Chance) -> RandomHead:
    """Put a brain into a head, and scan it in every modality."""
    volumes, depth_mm = _placed(brain, chance)
    share = (0.5 + depth_mm / EDGE_MM).clamp(0, 1)
    volumes = _with_lesion(volumes, depth_mm, chance)
    tissues = _tissues(-depth_mm, chance)
    scans = [
        _scanned(_around(volume, share, tissues, _brightness(modality, chance), chance), chance)
        for modality, volume in zip(MODALITY_ORDER, volumes, strict=True)
    ]
    return RandomHead(torch.stack(scans), share)


def _placed(brain: StrippedBrain, chance: Chance) -> tuple[Tensor, Tensor]:
    """Turn, scale, mirror, shift and bend a brain."""
    places = functional.affine_grid(
        _affine(chance)[None], [1, 1, *SHAPE], align_corners=True
    )  # along (k, j, i), from -1 to 1
    if chance.often(0.5):
        width_mm, reach = chance(25, 60), chance(0, 0.8)
        bend = torch.stack([chance.field(width_mm) for _ in SHAPE], -1)
        places = places + bend * reach * 2 / (torch.tensor(SHAPE[::-1]) - 1)
    far = 100.0  # nothing is sampled from beyond the window but zero: no brain
    stacked = torch.cat([brain.volumes, brain.depth_mm[None] + far])[None]
    moved = functional.grid_sample(stacked, places, align_corners=True)[0]
    return moved[:-1].clamp(0, 12), moved[-1] - far


def _affine(chance: Chance) -> Tensor:
    """Draw (3, 4), in the order and unit that PyTorch samples with."""
    turn = np.eye(3)
    for axis, angle in enumerate(np.radians(chance.numbers.normal(0, 3, 3))):
        one = np.eye(3)
        first, second = [other for other in range(3) if other != axis]
        one[first, first] = one[second, second] = np.cos(angle)
        one[first, second], one[second, first] = -np.sin(angle), np.sin(angle)
        turn = one @ turn
    scale = np.diag(chance.numbers.normal(1, 0.04, 3) * chance(0.97, 1.03))
    if chance.often(0.5):
        scale[0, 0] *= -1
    half = (np.array(SHAPE) - 1) / 2
    matrix = np.diag(1 / half) @ turn @ scale @ np.diag(half)
    shift = chance.numbers.normal(0, 3, 3) / EDGE_MM / half
    return torch.tensor(np.c_[matrix[::-1, ::-1], shift[::-1]], dtype=torch.float32)


def _with_lesion(volumes: Tensor, depth_mm: Tensor, chance: Chance) -> Tensor:
    """Draw in some brains a tumour or a cavity near their surface, of any brightness."""
    if not chance.often(0.4):
        return volumes
    ill = (chance.field(chance(12, 30)) > chance(1.2, 2.2)) & (depth_mm > 0)
    ill &= depth_mm < chance(10, 40)
    texture = (0.5 + 0.5 * volumes).clamp(0.3, 2)
    levels = torch.tensor([chance(0.15, 3) for _ in volumes])[:, None, None, None]
    return torch.where(ill, levels * texture, volumes)


def _tissues(apart_mm: Tensor, chance: Chance) -> list[Tensor]:
    """Lay tissues about a brain; later ones cover earlier ones.

    Args:
        apart_mm: (I, J, K), how far voxels lie from the brain; negative inside.
        chance: What decides.

    Returns:
        (I, J, K) bool of each tissue, then of each organ, then of the spinal cord.
    """
    layers, below = _layers(apart_mm, chance)
    cord, fluid = _cord(apart_mm, chance)
    outside = apart_mm > -EDGE_MM
    organs = _organs(layers, below, chance)
    around = [layer & ~fluid for layer in (*layers[1:], *organs)]
    return [layers[0] | (outside & fluid & ~cord), *around, outside & cord]


def _layers(apart_mm: Tensor, chance: Chance) -> tuple[list[Tensor], Tensor]:
    """Lay fluid, dura, bone with marrow, muscle and fat about a brain, and give what lies below it."""
    fluid = (chance(-1.5, 2.5) + chance(0.2, 1.3) * chance.field(chance(12, 30))).clamp(0, 7)
    dura = fluid + (chance(0, 1.5) * chance.often(0.6)) * (1 + 0.5 * chance.field(15)).clamp(0, 2)
    thickness = (chance(3, 8) + chance(0.5, 2) * chance.field(18)).clamp(1.5, 12)
    bone = dura + thickness
    below = _below(chance)
    muscle = bone + chance(4, 18) * below * (1 + 0.5 * chance.field(18)).clamp(0, 2)
    fat = muscle + (chance(2, 8) + 1.5 * chance.field(18)).clamp(1, 12)
    within = [_between(apart_mm, *ends) for ends in ((fluid, dura), (dura, bone))]
    marrow = within[1] & ((apart_mm - (dura + bone) / 2).abs() < thickness * chance(0.1, 0.3))
    layers = [
        (apart_mm > -EDGE_MM) & (apart_mm <= fluid),
        *within,
        marrow,
        _between(apart_mm, bone, muscle),
        _between(apart_mm, muscle, fat),
    ]
    return layers, below


def _below(chance: Chance) -> Tensor:
    """Return (I, J, K), from 0 above the base of the skull to 1 in the neck."""
    forwards, up = (torch.arange(n) * EDGE_MM for n in SHAPE[1:])
    tilt = chance(-0.25, 0.25) * (forwards - forwards.mean())[None, :, None]
    base_mm = chance(15, 65) + 8 * chance.field(60) + tilt
    return ((base_mm - up) / chance(15, 45)).clamp(0, 1)


def _organs(layers: list[Tensor], below: Tensor, chance: Chance) -> list[Tensor]:
    """Draw regions of the face and neck, some of them anywhere outside of the fluid."""
    beyond = torch.stack(layers[DURA:]).any(0)
    base = beyond & (below > chance(0.1, 0.6))
    return [
        (base if chance.often(0.7) else beyond) & (chance.field(chance(8, 25)) > chance(0.3, 1.3))
        for _ in range(ORGANS)
    ]


def _cord(apart_mm: Tensor, chance: Chance) -> tuple[Tensor, Tensor]:
    """Draw the spinal cord below a brain, and the fluid about it."""
    brain = apart_mm <= 0
    if not brain.any():
        return brain, brain
    lowest = int(torch.nonzero(brain.any(0).any(0)).min())
    middle = torch.nonzero(brain[:, :, lowest]).float().mean(0)
    i, j, k = torch.meshgrid(*(torch.arange(n) for n in SHAPE), indexing="ij")
    tilt = chance(-0.4, 0.4) * (lowest - k)
    radius_mm = torch.hypot(i - middle[0], j - middle[1] - tilt) * EDGE_MM
    under = k <= lowest
    inner_mm = chance(5, 9)
    return under & (radius_mm < inner_mm), under & (radius_mm < inner_mm + 3)


def _brightness(modality: Modality, chance: Chance) -> list[float]:
    """Draw how bright tissues, organs and cord are: about as in reality, or in any way."""
    organs = [chance(0, BRIGHTEST) for _ in range(ORGANS)]
    if chance.often(0.7):
        real = np.array(REAL[modality]) * np.exp(chance.numbers.normal(0, 0.25, 6))
        if chance.often(0.5):
            real[DURA] = chance(0, 2.5)
        return [*real.tolist(), *organs, chance(0.7, 1.3)]
    drawn = [chance(0, BRIGHTEST) for _ in range(6)]
    drawn[BONE] = chance(0, 0.6) if chance.often(0.5) else chance(0, 0.3)
    return [*drawn, *organs, chance(0.2, 1.6)]


def _around(
    volume: Tensor, share: Tensor, tissues: list[Tensor], levels: list[float], chance: Chance
) -> Tensor:
    """Draw the tissues about a brain whose contrast is altered now and then."""
    if chance.often(0.3):
        volume = volume.clamp(min=1e-6) ** chance(0.6, 1.6)
    if chance.often(0.05):  # dark becomes bright
        volume = torch.where(volume > 0, (chance(1.8, 2.5) - volume).clamp(min=0.05), volume)
    texture = 1 + chance(0.05, 0.25) * chance.field(4)
    around = torch.zeros(SHAPE)
    for tissue, level in zip(tissues, levels, strict=True):
        around = torch.where(tissue, level, around)
    return volume * (share > 0) + around * texture * (1 - share)


def _scanned(head: Tensor, chance: Chance) -> Tensor:
    """Blur, shade, add the noise of magnitudes, average over thick slices, and cut off ends."""
    if chance.often(0.8):
        head = _blurred(head, chance(0.2, 0.6))
    head = head * torch.exp(chance(0, 0.25) * chance.field(60))
    level = chance(0.01, 0.06)
    head = torch.hypot(head + level * chance.noise(), level * chance.noise())
    if chance.often(0.75):
        head = _thick(head, chance)
    if chance.often(0.15):
        cut = int(chance.numbers.integers(0, 10))
        head[:, :, slice(cut) if chance.often(0.5) else slice(SHAPE[2] - cut, None)] = 0
    return head


def _blurred(head: Tensor, width: float) -> Tensor:
    kernel = torch.exp(-0.5 * (torch.arange(-2, 3) / width) ** 2)
    kernel = kernel / kernel.sum()
    blurred = head[None, None]
    for axis in range(3):
        shape, padding = [1, 1, 1], [0, 0, 0]
        shape[axis], padding[axis] = 5, 2
        blurred = functional.conv3d(blurred, kernel.view(1, 1, *shape), padding=padding)
    return blurred[0, 0]


def _thick(head: Tensor, chance: Chance) -> Tensor:
    """Average over slices of 2.5 to 6.5 mm, mostly axial, and interpolate between them."""
    axis = 2 if chance.often(0.7) else int(chance.numbers.integers(2))
    n, step = SHAPE[axis], chance(2.5, 6.5) / EDGE_MM
    middles = torch.arange(chance(0, step) - 0.5, n - 0.5, step)
    voxels = torch.arange(n)
    ends = torch.minimum(voxels + 0.5, middles[:, None] + step / 2)
    starts = torch.maximum(voxels - 0.5, middles[:, None] - step / 2)
    averaging = (ends - starts).clamp(min=0)
    averaging = averaging / averaging.sum(1, keepdim=True)
    between = (1 - (voxels[:, None] - middles).abs() / step).clamp(min=0)
    slices = torch.tensordot(between @ averaging, head, dims=([1], [axis]))
    return torch.moveaxis(slices, 0, axis)


def _between(apart_mm: Tensor, low: Tensor, high: Tensor) -> Tensor:
    return (apart_mm > low) & (apart_mm <= high)
