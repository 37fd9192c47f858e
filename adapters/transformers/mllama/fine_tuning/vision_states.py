"""What a frozen vision tower makes of each picture, computed once and kept in files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from gliobench.adapters.transformers.mllama.checkpoint import Checkpoint
from gliobench.adapters.transformers.mllama.vision import Tiles, encode, tiles_of
from gliobench.adapters.vision_language.requests import Picture
from gliobench.domain.errors import JobError
from gliobench.domain.files.whole import sweep, writing_whole


@dataclass(frozen=True, slots=True, eq=False)
class VisionState:
    """What the language model gets of a picture.

    Padded tiles are part of it: the tokens before a picture attend to them, here as in inference
    (docs/decisions/0009).

    Args:
        states: (tiles × tokens, width), behind the projector.
        shown: (tiles,) int64, 1 for tiles that show the picture, 0 for padded ones.
    """

    states: Tensor
    shown: Tensor


RunTower: TypeAlias = Callable[[Sequence[Picture]], Sequence[VisionState]]
"""Runs a vision tower over pictures."""


@dataclass(frozen=True, slots=True)
class VisionStates:
    """What was seen, by content: of the picture, and of the tower that saw it.

    All fits of a cross-validation share one folder, and processes may: a file is put there whole.

    Args:
        folder: One file a picture.
        tower: Hash of all weights that the states depend on.
        run_tower: Runs the tower.
        batch_size: Pictures that it runs over at once.
    """

    folder: Path
    tower: str
    run_tower: RunTower
    batch_size: int = 8

    def prepare(self, pictures: Sequence[Picture]) -> None:
        """Look at the pictures that were not looked at yet."""
        sweep(self.folder)
        by_file = {self._file(picture): picture for picture in pictures}
        missing = [one for file, one in by_file.items() if not file.exists()]
        for start in range(0, len(missing), self.batch_size):
            batch = missing[start : start + self.batch_size]
            for picture, seen in zip(batch, self.run_tower(batch), strict=True):
                self._save(picture, seen)

    def __getitem__(self, picture: Picture) -> VisionState:
        """Read what was seen of a picture that was prepared.

        Raises:
            JobError: The file is not there or damaged.
        """
        path = self._file(picture)
        try:
            return VisionState(**load_file(path))
        except (OSError, SafetensorError, TypeError) as error:
            raise JobError(f"vision states {path} cannot be read, delete them: {error}") from error

    def _save(self, picture: Picture, seen: VisionState) -> None:
        # A clone: a row of a batch would be written with all of the batch behind it.
        tensors = {"states": seen.states.cpu().clone(), "shown": seen.shown.cpu().clone()}
        with writing_whole(self._file(picture)) as file:
            file.write(save(tensors))

    def _file(self, picture: Picture) -> Path:
        content = sha256(f"{self.tower} {picture.shape}".encode() + picture.tobytes())
        return self.folder / f"{content.hexdigest()}.safetensors"


def vision_tower_of(checkpoint: Checkpoint) -> RunTower:
    """Return what encodes pictures with a checkpoint's vision tower and projector."""

    def run(pictures: Sequence[Picture]) -> list[VisionState]:
        tiles = tiles_of(checkpoint.picture_processor, pictures)
        with torch.inference_mode():
            states = encode(checkpoint.model, tiles).flatten(1, 2)
        return [VisionState(*parts) for parts in zip(states, own_tiles(tiles), strict=True)]

    return run


def own_tiles(tiles: Tiles) -> Tensor:
    """Distinguish tiles that show a picture from padded ones: (n, tiles) int64, 1 and 0."""
    own = torch.arange(tiles.pixels.shape[1]) < torch.tensor(tiles.counts)[:, None]
    return own.to(torch.int64)
