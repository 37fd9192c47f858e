"""The networks that ship, small enough for two cores."""

from __future__ import annotations

from itertools import pairwise

import torch
from monai.networks.blocks import Convolution
from monai.networks.nets import SegResNet, UNet
from torch import Tensor, nn

from gliobench.domain.networks.input import MODALITY_ORDER, REGION_ORDER, Shape

COARSE_CHANNELS = (16, 32, 64, 128, 160)
FINE_CHANNELS = 16
FINE_BLOCKS = ((1, 2, 2), (1, 1))
"""Residual blocks of each stage, down and up."""
FINE_WINDOW: Shape = (56, 56, 48)
"""Voxels that the fine network sees: 11 cm, which hold the core of nearly every tumour."""
GRADER_WIDTH = 24


def coarse_network() -> nn.Module:
    """Build a residual U-Net whose first convolution already halves the grid.

    Input (N, 4, I, J, K), each length a multiple of 16; output (N, 3, I, J, K) logits.
    """
    network: nn.Module = UNet(
        spatial_dims=3,
        in_channels=len(MODALITY_ORDER),
        out_channels=len(REGION_ORDER),
        channels=COARSE_CHANNELS,
        strides=(2,) * (len(COARSE_CHANNELS) - 1),
        num_res_units=2,
        norm="batch",
    )
    return network


def fine_network() -> nn.Module:
    """Build a residual network that works on every voxel of the grid.

    Input (N, 4, I, J, K), each length a multiple of 4; output (N, 3, I, J, K) logits.
    """
    network: nn.Module = SegResNet(
        spatial_dims=3,
        init_filters=FINE_CHANNELS,
        in_channels=len(MODALITY_ORDER),
        out_channels=len(REGION_ORDER),
        norm="batch",
        blocks_down=FINE_BLOCKS[0],
        blocks_up=FINE_BLOCKS[1],
    )
    return network


class CoarseToFine(nn.Module):
    """A network that looks for the tumour in a brain, and one that looks at it closely.

    The whole tumour is as the coarse network sees it. Of core and enhancing tumour the logits are the
    mean of both networks', in a window about the tumour's centre of mass.

    Args:
        coarse: From (N, 4, I, J, K) to (N, 3, I, J, K) logits of WT, TC and ET.
        fine: Likewise.
        window: Voxels of the window along (i, j, k), at most.
    """

    def __init__(self, coarse: nn.Module, fine: nn.Module, window: Shape = FINE_WINDOW) -> None:
        super().__init__()
        self.coarse = coarse
        self.fine = fine
        self.window = window

    def forward(self, volumes: Tensor) -> Tensor:
        """Segment (N, 4, I, J, K) volumes: (N, 3, I, J, K) logits."""
        logits = self.coarse(volumes)
        whole, inner = logits[:, :1], logits[:, 1:]
        places = _window_about(whole[:, 0] > 0, self.window)
        near = torch.einsum("ncijk,nai,nbj,ndk->ncabd", volumes, *places)
        closely = torch.einsum("ncabd,nai,nbj,ndk->ncijk", self.fine(near)[:, 1:], *places)
        along_i, along_j, along_k = (place.sum(1) for place in places)
        seen = torch.einsum("ni,nj,nk->nijk", along_i, along_j, along_k)[:, None]
        return torch.cat([whole, (inner + closely) / (1 + seen)], 1)


def _window_about(tumour: Tensor, window: Shape) -> list[Tensor]:
    """Place a window about the centre of mass of (N, I, J, K) bool.

    Returns:
        Along each axis (N, window, length) of 1 where a voxel of the window is one of the volume, else
        0: a product with it cuts out, one with its transpose puts back, and both can be exported.
    """
    places = []
    for axis, at_most in enumerate(window, start=1):
        size = min(at_most, tumour.shape[axis])
        others = [other for other in (1, 2, 3) if other != axis]
        mass = tumour.float().sum(others)
        where = torch.arange(tumour.shape[axis], device=tumour.device)
        centre = (mass * where).sum(1) / mass.sum(1).clamp(min=1)
        start = (centre - (size - 1) / 2).round().clamp(0, tumour.shape[axis] - size)
        voxels = start[:, None] + torch.arange(size, device=tumour.device)
        places.append((voxels[:, :, None] == where).to(torch.float32))
    return places


def localizer_architecture() -> str:
    """Name the localizer for its card."""
    return (
        f"MONAI UNet, channels {COARSE_CHANNELS}, strides 2, 2 residual units, batch norm; "
        f"core and enhancing tumour with MONAI SegResNet, {FINE_CHANNELS} filters, batch norm"
    )


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
