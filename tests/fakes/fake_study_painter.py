"""A painter that only remembers what it was asked to draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from gliobench.application.ports.study_painter import StudyPainter
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.geometry.grids import BoolArray, Box3D, Voxel
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.study import Study


@dataclass(frozen=True)
class Painting:
    """What one picture was asked to show."""

    study_id: str
    centre_vox: Voxel | None
    through_vox: Voxel | None
    regions: frozenset[Region]
    box: Box3D | None
    title: str


@final
class FakeStudyPainter(StudyPainter):
    """Gives the title for a picture; `paintings` holds what was asked for."""

    def __init__(self) -> None:
        self.paintings: list[Painting] = []

    def paint(
        self,
        study: Study,
        *,
        centre_vox: Voxel | None,
        regions: Mapping[Region, BoolArray] | None = None,
        box: Box3D | None = None,
        through_vox: Voxel | None = None,
        title: str = "",
    ) -> bytes:
        _look_at(study)
        self.paintings.append(
            Painting(study.id, centre_vox, through_vox, frozenset(regions or {}), box, title)
        )
        return b"\x89PNG " + title.encode()


def _look_at(study: Study) -> None:
    torn: list[InvalidInputError] = []
    for modality in study.volumes:
        try:
            study.volume(modality)
        except InvalidInputError as error:
            torn.append(error)
        else:
            return
    raise torn[0] if torn else NotFoundError(f"study {study.id} has no modality to draw")
