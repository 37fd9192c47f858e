"""Volumes of which some cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import GliobenchError
from gliobench.domain.studies.study import Modality


@final
@dataclass(frozen=True, eq=False)
class TornVolumes(Mapping[Modality, NDArray[np.float32]]):
    """Has every modality; looking at one that is not `readable` raises `error`."""

    readable: Mapping[Modality, NDArray[np.float32]]
    error: GliobenchError

    def __getitem__(self, modality: Modality) -> NDArray[np.float32]:
        if modality not in self.readable:
            raise self.error
        return self.readable[modality]

    def __contains__(self, modality: object) -> bool:
        return modality in Modality

    def __iter__(self) -> Iterator[Modality]:
        return iter(Modality)

    def __len__(self) -> int:
        return len(Modality)
