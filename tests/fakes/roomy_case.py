"""A case whose brain leaves room in its field, so that it can be shifted."""

from __future__ import annotations

from fakes.fake_study_source import fake_case
from gliobench.domain.geometry.grids import Box3D
from gliobench.domain.studies.study import Case

ROOM = 8
"""Empty voxels to the right of the brain."""


def roomy_case(
    study_id: str = "s0", *, spacing_mm: float = 4.0, slices: int = 10, left: int = 3
) -> Case:
    """Make a case with a bright box in it, (5, 5, 6) voxels from (left, 4, 0)."""
    tumour = Box3D((left, 4, 0), (left + 5, 9, min(slices, 6)))
    shape, spacing = (12 + ROOM, 14, slices), (spacing_mm, spacing_mm, 1.0)
    case = fake_case(study_id, shape=shape, spacing_mm=spacing, tumour=tumour)
    for volume in case.study.volumes.values():
        volume[12:] = 0.0
        volume[left : left + 5, 4:9, 0 : min(slices, 6)] = 150.0
    return case
