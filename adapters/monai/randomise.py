"""Images of other scanners: what differs between hospitals, drawn at random.

The idea is domain randomisation (Tobin et al. 2017, arXiv 1703.06907; for MRI Billot et al. 2023,
10.1016/j.media.2023.102789): a network that has seen every contrast, shading, blur and gap in training
meets no new ones. Of slices and volumes alike.

All take (N, C, …) z-scores with one or more spatial axes, and draw for each image and channel apart.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor
from torch.nn import functional

DARKEST_Z = -3.0
"""The z-score taken for no signal: gamma and shading bend z-scores from here up."""
_COILS = 4
"""Nodes of a shading along each axis."""
_POOL = {2: functional.avg_pool2d, 3: functional.avg_pool3d}
_SMOOTH = {2: "bicubic", 3: "trilinear"}


def rescanned(images: Tensor, chance: Generator) -> Tensor:
    """Alter contrast, coil shading, the range kept, resolution, gain, offset and noise."""
    seen = _contrasted(images, chance)
    seen = _shaded(seen, chance)
    seen = _clipped(seen, chance)
    seen = _thick(seen, chance)
    seen = _blurred(seen, chance)
    return brightened(seen, chance)


def brightened(images: Tensor, chance: Generator) -> Tensor:
    """Alter gain, offset and noise."""
    seen = images * _each(0.8, 1.2, images, chance) + _each(-0.3, 0.3, images, chance)
    noise = torch.randn(seen.shape, generator=chance)
    return seen + noise * _each(0.0, 0.12, seen, chance)


def _contrasted(images: Tensor, chance: Generator) -> Tensor:
    """Raise intensities to a power: gamma."""
    gamma = torch.exp(_each(-0.35, 0.35, images, chance))
    scaled = (images - DARKEST_Z).clamp(min=1e-3) / -2 / DARKEST_Z
    return scaled.pow(gamma) * -2 * DARKEST_Z + DARKEST_Z


def _shaded(images: Tensor, chance: Generator) -> Tensor:
    """Multiply intensities by a smooth field about 1."""
    spatial = images.shape[2:]
    coils = torch.randn(len(images), 1, *[_COILS] * len(spatial), generator=chance) * 0.1
    field = functional.interpolate(
        coils, size=spatial, mode=_SMOOTH[len(spatial)], align_corners=True
    )
    strength = _each(0.0, 1.0, images, chance)
    return images + (images - DARKEST_Z) * field * strength


def _clipped(images: Tensor, chance: Generator) -> Tensor:
    """Cut off the range, now and then, as other programs do before they store."""
    cut = _often(0.3, images, chance)
    high = torch.where(cut, _each(2.0, 5.0, images, chance), torch.inf)
    low = torch.where(cut, _each(-4.0, -1.8, images, chance), -torch.inf)
    return torch.minimum(torch.maximum(images, low), high)


def _thick(images: Tensor, chance: Generator) -> Tensor:
    """Replace some channels by slices of two to four voxels along an axis, interpolated back."""
    spatial = images.shape[2:]
    axis = int(torch.randint(len(spatial), (1,), generator=chance))
    step = int(torch.randint(2, 5, (1,), generator=chance))
    kernel = [step if n == axis else 1 for n in range(len(spatial))]

    def coarse(channels: Tensor) -> Tensor:
        if spatial[axis] < step:
            return channels
        thick = _POOL[len(spatial)](channels, kernel, ceil_mode=True)
        linear = {2: "bilinear", 3: "trilinear"}[len(spatial)]
        return functional.interpolate(thick, size=spatial, mode=linear, align_corners=False)

    return _some(0.15, images, chance, coarse)


def _blurred(images: Tensor, chance: Generator) -> Tensor:
    """Blur some channels a little."""

    def blur(channels: Tensor) -> Tensor:
        share = _each(0.0, 1.0, channels, chance)
        return torch.lerp(channels, _POOL[images.ndim - 2](channels, 3, 1, 1), share)

    return _some(0.3, images, chance, blur)


def _some(
    share: float, images: Tensor, chance: Generator, alter: Callable[[Tensor], Tensor]
) -> Tensor:
    """Alter a share of the channels, each as an image of one channel."""
    chosen = _often(share, images, chance).flatten()
    if not chosen.any():
        return images
    channels = images.flatten(0, 1)[:, None].clone()
    channels[chosen] = alter(channels[chosen])
    return channels.reshape(images.shape)


def _often(share: float, images: Tensor, chance: Generator) -> Tensor:
    return _each(0.0, 1.0, images, chance) < share


def _each(low: float, high: float, images: Tensor, chance: Generator) -> Tensor:
    """Draw one number for each image and channel, (N, C, 1, …)."""
    shape = (*images.shape[:2], *[1] * (images.ndim - 2))
    return torch.rand(shape, generator=chance) * (high - low) + low
