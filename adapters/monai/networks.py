"""The networks that ship, small enough for two cores."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from monai.networks.blocks import Convolution
from monai.networks.layers import Conv, Pool
from monai.networks.nets import SegResNet, UNet
from torch import Tensor, nn
from torch.nn import functional

from gliobench.domain.networks.input import MODALITY_ORDER, REGION_ORDER, Shape

COARSE_CHANNELS = (16, 32, 64, 128, 160)
FINE_CHANNELS = 16
FINE_BLOCKS = ((1, 2, 2), (1, 1))
"""Residual blocks of each stage, down and up."""
FINE_WINDOW: Shape = (56, 56, 48)
"""Voxels that the fine network sees: 11 cm, which hold the core of nearly every tumour."""
GRADER_WIDTH = 24
LABEL_SMOOTHING = 0.025
_OUTLINE_STRIDE = 4


def coarse_network() -> nn.Module:
    """Build a residual U-Net whose first convolution already halves the grid.

    Input (N, 4, I, J, K), each length a multiple of 16; output (N, 3, I, J, K) logits.
    """
    return residual_unet(len(MODALITY_ORDER), len(REGION_ORDER), channels=COARSE_CHANNELS)


def residual_unet(
    inputs: int,
    outputs: int,
    *,
    channels: Sequence[int],
    spatial_dims: int = 3,
    norm: str = "batch",
) -> nn.Module:
    """Build a residual U-Net of (N, inputs, …) whose every stage halves the grid; each has its channels."""
    network: nn.Module = UNet(
        spatial_dims=spatial_dims,
        in_channels=inputs,
        out_channels=outputs,
        channels=channels,
        strides=(2,) * (len(channels) - 1),
        num_res_units=2,
        norm=norm,
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
    """Strided stages; mean and maximum of each stage decide together.

    In training it also outlines the tumour's regions at a quarter of the resolution, which
    teaches the early stages what enhancement and necrosis look like.

    Args:
        spatial_dims: 3 for volumes, 2 for slices.
        modalities: Channels of the input.
        regions: Channels of the outline.
        stages: At least 2.
    """

    def __init__(
        self,
        spatial_dims: int = 3,
        *,
        modalities: int = len(MODALITY_ORDER),
        regions: int = len(REGION_ORDER),
        stages: int = 3,
    ) -> None:
        super().__init__()
        widths = [GRADER_WIDTH * 2**stage for stage in range(stages)]
        self.stages = nn.ModuleList(
            nn.Sequential(
                Convolution(
                    spatial_dims, before, after, strides=2, norm="batch", act="relu", bias=False
                ),
                Convolution(spatial_dims, after, after, norm="batch", act="relu", bias=False),
            )
            for before, after in pairwise([modalities, *widths])
        )
        self.outline = Conv[Conv.CONV, spatial_dims](widths[1], regions, 1)
        self.decide = nn.Sequential(nn.Dropout(0.3), nn.Linear(2 * sum(widths), 1))

    def forward(self, volumes: Tensor) -> Tensor:
        """Grade (N, C, …) crops: (N, 1) logits of HGG."""
        return self.forward_with_outline(volumes)[0]

    def forward_with_outline(self, volumes: Tensor) -> tuple[Tensor, Tensor]:
        """Grade and outline: logits (N, 1) and (N, R, …) at a quarter of the resolution."""
        features = []
        for stage in self.stages:
            volumes = stage(volumes)
            features.append(volumes)
        places = tuple(range(2, volumes.dim()))
        pooled = [f.mean(places) for f in features] + [f.amax(places) for f in features]
        return self.decide(torch.cat(pooled, 1)), self.outline(features[1])


def grader_loss(network: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """Cross-entropy of the grade, and of the tumour's outline at a quarter of the resolution."""
    if not isinstance(network, GraderNetwork):
        raise TypeError(f"a {type(network).__name__} is no GraderNetwork")
    logits, outline = network.forward_with_outline(batch["volumes"])
    grade = batch["hgg"] * (1 - 2 * LABEL_SMOOTHING) + LABEL_SMOOTHING
    regions = Pool[Pool.AVG, outline.dim() - 2](_OUTLINE_STRIDE)(batch["regions"])
    decided = functional.binary_cross_entropy_with_logits(logits.float(), grade)
    return decided + functional.binary_cross_entropy_with_logits(outline.float(), regions)


def grader_architecture() -> str:
    """Name the grader for its card."""
    return f"3 strided convolution stages from width {GRADER_WIDTH}, mean and max pooling of each"
