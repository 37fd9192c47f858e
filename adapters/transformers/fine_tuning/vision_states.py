"""What a frozen vision tower makes of each picture, computed once and kept in files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

import torch
from accelerate import PartialState
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from gliobench.adapters.vision_language.requests import Picture
from gliobench.domain.errors import JobError
from gliobench.domain.files.whole import sweep, writing_whole

VisionState: TypeAlias = Mapping[str, Tensor]
"""What the language model gets of a picture, by name."""
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
        """Look at the pictures that were not looked at yet; of several processes one looks for all."""
        processes = PartialState(cpu=not torch.cuda.is_available())
        with processes.main_process_first():
            self._prepare(pictures)

    def _prepare(self, pictures: Sequence[Picture]) -> None:
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
            return load_file(path)
        except (OSError, SafetensorError) as error:
            raise JobError(f"vision states {path} cannot be read, delete them: {error}") from error

    def _save(self, picture: Picture, seen: VisionState) -> None:
        # A clone: a row of a batch would be written with all of the batch behind it.
        tensors = {name: tensor.cpu().clone() for name, tensor in seen.items()}
        with writing_whole(self._file(picture)) as file:
            file.write(save(tensors))

    def _file(self, picture: Picture) -> Path:
        content = sha256(f"{self.tower} {picture.shape}".encode() + picture.tobytes())
        return self.folder / f"{content.hexdigest()}.safetensors"
