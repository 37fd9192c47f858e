"""The two networks that ship, small enough for two cores."""

from __future__ import annotations

from itertools import pairwise

import torch
from monai.networks.blocks import Convolution
from monai.networks.nets import UNet
from torch import Tensor, nn

from gliobench.domain.networks.input import MODALITY_ORDER, REGION_ORDER

LOCALIZER_CHANNELS = (16, 32, 64, 128, 160)
GRADER_WIDTH = 24


def localizer_network() -> nn.Module:
    """Build a residual U-Net whose first convolution already halves the grid.

    Input (N, 4, I, J, K), each length a multiple of 16; output (N, 3, I, J, K) logits.
    """
    network: nn.Module = UNet(
        spatial_dims=3,
        in_channels=len(MODALITY_ORDER),
        out_channels=len(REGION_ORDER),
        channels=LOCALIZER_CHANNELS,
        strides=(2,) * (len(LOCALIZER_CHANNELS) - 1),
        num_res_units=2,
        norm="batch",
    )
    return network


def localizer_architecture() -> str:
    """Name the localizer for its card."""
    return f"MONAI UNet, channels {LOCALIZER_CHANNELS}, strides 2, 2 residual units, batch norm"


class GraderNetwork(nn.Module):
    """Three strided stages; mean and maximum of each stage decide together.

    In training it also outlines the tumour's regions at a quarter of the resolution, which
    teaches the early stages what enhancement and necrosis look like.

    Args:
        width: Channels of the first stage.
        dropout: Share of pooled features that training drops.
    """

    def __init__(self, width: int = GRADER_WIDTH, dropout: float = 0.3) -> None:
        super().__init__()
        widths = (len(MODALITY_ORDER), width, 2 * width, 4 * width)
        self.stages = nn.ModuleList(
            nn.Sequential(
                Convolution(3, before, after, strides=2, norm="batch", act="relu", bias=False),
                Convolution(3, after, after, norm="batch", act="relu", bias=False),
            )
            for before, after in pairwise(widths)
        )
        self.outline = nn.Conv3d(2 * width, len(REGION_ORDER), 1)
        self.decide = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * sum(widths[1:]), 1))

    def stage_features(self, volumes: Tensor) -> list[Tensor]:
        """Return each stage's (N, C, i, j, k) features."""
        features = []
        for stage in self.stages:
            volumes = stage(volumes)
            features.append(volumes)
        return features

    def logits(self, features: list[Tensor]) -> Tensor:
        """Pool all stages into one logit of HGG a study, (N, 1)."""
        pooled = [f.mean((2, 3, 4)) for f in features] + [f.amax((2, 3, 4)) for f in features]
        decided: Tensor = self.decide(torch.cat(pooled, 1))
        return decided

    def forward(self, volumes: Tensor) -> Tensor:
        """Grade (N, 4, 32, 32, 32) crops: (N, 1) logits of HGG."""
        return self.logits(self.stage_features(volumes))

    def forward_with_outline(self, volumes: Tensor) -> tuple[Tensor, Tensor]:
        """Grade and outline: logits (N, 1) and (N, 3, i, j, k) at a quarter of the resolution."""
        features = self.stage_features(volumes)
        return self.logits(features), self.outline(features[1])


def grader_architecture() -> str:
    """Name the grader for its card."""
    return f"3 strided convolution stages from width {GRADER_WIDTH}, mean and max pooling of each"
