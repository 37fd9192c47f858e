"""What Mllama's vision tower makes of pictures, as its language model gets it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from gliobench.adapters.transformers.fine_tuning.vision_states import RunTower, VisionState
from gliobench.adapters.transformers.mllama.checkpoint import Checkpoint
from gliobench.adapters.transformers.mllama.vision import Tiles, encode, tiles_of
from gliobench.adapters.vision_language.requests import Picture


def vision_tower_of(checkpoint: Checkpoint) -> RunTower:
    """Return what encodes pictures with a checkpoint's vision tower and projector.

    It gives `states`, (tiles × tokens, width), behind the projector, and `shown`, (tiles,) int64, 1 for
    tiles that show the picture and 0 for padded ones. Padded tiles are part of the states: the tokens
    before a picture attend to them, here as in inference (docs/decisions/0009).
    """

    def run(pictures: Sequence[Picture]) -> list[VisionState]:
        tiles = tiles_of(checkpoint.picture_processor, pictures)
        with torch.inference_mode():
            states = encode(checkpoint.model, tiles).flatten(1, 2)
        parts = zip(states, own_tiles(tiles), strict=True)
        return [{"states": seen, "shown": shown} for seen, shown in parts]

    return run


def own_tiles(tiles: Tiles) -> Tensor:
    """Distinguish tiles that show a picture from padded ones: (n, tiles) int64, 1 and 0."""
    own = torch.arange(tiles.pixels.shape[1]) < torch.tensor(tiles.counts)[:, None]
    return own.to(torch.int64)
