"""The two networks that read one slice, small enough for one core."""

from __future__ import annotations

from itertools import pairwise

import torch
from monai.networks.blocks import Convolution
from monai.networks.nets import UNet
from torch import Tensor, nn

from gliobench.domain.networks.slice_input import SLICE_MODALITIES, SLICE_REGIONS

LOCALIZER_CHANNELS = (16, 32, 64, 96, 96)
GRADER_WIDTH = 24
GRADER_STAGES = 3


def slice_localizer() -> nn.Module:
    """Build a residual U-Net whose first convolution already halves the grid.

    It sees a slice beside its mirror image, since a healthy brain is nearly symmetric: input
    (N, 2, I, J), each length a multiple of 16; output (N, 1, I, J) logits.
    """
    network: nn.Module = UNet(
        spatial_dims=2,
        in_channels=2 * len(SLICE_MODALITIES),
        out_channels=len(SLICE_REGIONS),
        channels=LOCALIZER_CHANNELS,
        strides=(2,) * (len(LOCALIZER_CHANNELS) - 1),
        num_res_units=2,
        norm="batch",
    )
    return network


def slice_localizer_architecture() -> str:
    """Name the localizer for its card."""
    return (
        f"MONAI UNet in 2D, channels {LOCALIZER_CHANNELS}, strides 2, of a slice beside its mirror "
        "image, mean of both ways round"
    )


class SliceGrader(nn.Module):
    """Strided stages; mean and maximum of each stage decide together.

    In training it also outlines the tumour at a quarter of the resolution.

    Args:
        dropout: Share of pooled features that training drops.
    """

    def __init__(self, dropout: float = 0.3) -> None:
        super().__init__()
        widths = tuple(GRADER_WIDTH * 2**stage for stage in range(GRADER_STAGES))
        self.stages = nn.ModuleList(
            nn.Sequential(
                Convolution(2, before, after, strides=2, norm="batch", act="relu", bias=False),
                Convolution(2, after, after, norm="batch", act="relu", bias=False),
            )
            for before, after in pairwise((len(SLICE_MODALITIES), *widths))
        )
        self.outline = nn.Conv2d(widths[1], len(SLICE_REGIONS), 1)
        self.decide = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * sum(widths), 1))

    def forward(self, pixels: Tensor) -> Tensor:
        """Grade (N, 1, I, J) crops: (N, 1) logits of HGG."""
        return self.forward_with_outline(pixels)[0]

    def forward_with_outline(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Grade and outline: logits (N, 1) and (N, 1, i, j) at a quarter of the resolution."""
        features = []
        for stage in self.stages:
            pixels = stage(pixels)
            features.append(pixels)
        pooled = [maps.mean((2, 3)) for maps in features] + [maps.amax((2, 3)) for maps in features]
        return self.decide(torch.cat(pooled, 1)), self.outline(features[1])


def slice_grader_architecture() -> str:
    """Name the grader for its card."""
    return (
        f"{GRADER_STAGES} strided convolution stages in 2D from width {GRADER_WIDTH}, mean and max "
        "pooling of each, mean of the crop's eight turns and mirrors"
    )


class MirroredLocalizer(nn.Module):
    """A localizer as it ships: a slice beside its mirror image, and the mean of both ways round.

    Args:
        network: Of planes, as training left it.
    """

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
    """A grader as it ships: the mean over a square crop's eight turns and mirrors.

    Args:
        network: Of planes, as training left it.
    """

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
