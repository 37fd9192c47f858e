"""The two networks that read one slice, small enough for one core."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gliobench.adapters.monai.networks import GRADER_WIDTH, GraderNetwork, residual_unet
from gliobench.domain.networks.slice_input import SLICE_MODALITIES, SLICE_REGIONS

LOCALIZER_CHANNELS = (16, 32, 64, 96, 96)
GRADER_STAGES = 3


def slice_localizer() -> nn.Module:
    """Build a residual U-Net whose first convolution already halves the grid.

    It sees a slice beside its mirror image, since a healthy brain is nearly symmetric: input
    (N, 2, I, J), each length a multiple of 16; output (N, 1, I, J) logits.
    """
    return residual_unet(
        2 * len(SLICE_MODALITIES),
        len(SLICE_REGIONS),
        channels=LOCALIZER_CHANNELS,
        spatial_dims=2,
    )


def slice_localizer_architecture() -> str:
    """Name the localizer for its card."""
    return (
        f"MONAI UNet in 2D, channels {LOCALIZER_CHANNELS}, strides 2, of a slice beside its mirror "
        "image, mean of both ways round"
    )


def slice_grader() -> GraderNetwork:
    """Build a grader of slices: input (N, 1, I, J); output (N, 1) logits of HGG."""
    return GraderNetwork(
        2, modalities=len(SLICE_MODALITIES), regions=len(SLICE_REGIONS), stages=GRADER_STAGES
    )


def slice_grader_architecture() -> str:
    """Name the grader for its card."""
    return (
        f"{GRADER_STAGES} strided convolution stages in 2D from width {GRADER_WIDTH}, mean and max "
        "pooling of each, mean of the crop's eight turns and mirrors"
    )


class MirroredLocalizer(nn.Module):
    """A localizer as it ships: a slice beside its mirror image, and the mean of both ways round."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, volumes: Tensor) -> Tensor:
        """Segment (N, 1, I, J, 1): logits of the same shape."""
        pixels = volumes.squeeze(-1)
        beside = torch.cat([pixels, pixels.flip(2)], 1)
        both: Tensor = (self.network(beside) + self.network(beside.flip(2)).flip(2)) / 2
        return both.unsqueeze(-1)


class TurnedGrader(nn.Module):
    """A grader as it ships: the mean over a square crop's eight turns and mirrors."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, volumes: Tensor) -> Tensor:
        """Grade (N, 1, I, I, 1): (N, 1) logits of HGG."""
        pixels = volumes.squeeze(-1)
        ways = [
            turned.flip(axes) if axes else turned
            for turned in (pixels, pixels.transpose(2, 3))
            for axes in ((), (2,), (3,), (2, 3))
        ]
        return torch.stack([self.network(way) for way in ways]).mean(0)
