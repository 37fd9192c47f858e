"""Pictures as the vision tower takes them: cut into tiles, padded to the same number of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers.models.mllama.image_processing_pil_mllama import MllamaImageProcessorPil

from gliobench.adapters.mllama.requests import Picture


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    """Tiles of n pictures.

    Args:
        pixels: (n, tiles, 3, edge, edge) normalised; the tiles beyond a picture's own are zero.
        aspect_ratio_ids: (n,) which of the supported arrangements its tiles have.
        counts: Tiles that each picture has of its own.
    """

    pixels: Tensor
    aspect_ratio_ids: Tensor
    counts: tuple[int, ...]


def tiles_of(processor: MllamaImageProcessorPil, pictures: Sequence[Picture]) -> Tiles:
    """Cut pictures into tiles by the model's own processor."""
    # One list a picture: of a flat list the processor makes one sample, which gives other logits.
    cut = processor.preprocess([[picture] for picture in pictures], return_tensors="pt")
    return Tiles(
        pixels=cut["pixel_values"][:, 0],
        aspect_ratio_ids=cut["aspect_ratio_ids"][:, 0],
        counts=tuple(int(tiles[0]) for tiles in cut["num_tiles"]),
    )


def select_tiles(tiles: Tiles, chosen: Sequence[int]) -> Tiles:
    """Take some of the pictures, in the order given."""
    index = torch.tensor(chosen)
    return Tiles(
        pixels=tiles.pixels[index],
        aspect_ratio_ids=tiles.aspect_ratio_ids[index],
        counts=tuple(tiles.counts[one] for one in chosen),
    )
