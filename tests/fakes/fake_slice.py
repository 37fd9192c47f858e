"""Studies of one plane in memory."""

from __future__ import annotations

from dataclasses import replace

from fakes.fake_study_source import fake_case
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.studies.study import Case, Reference


def fake_slice(study_id: str = "slice-1", *, plane: int = 3, **of_case: object) -> Case:
    """Cut one axial plane out of a fake case; its tumour lies on planes 2 to 5 unless moved."""
    case = fake_case(study_id, **of_case)
    i, j, _ = case.study.grid.shape
    grid = Grid(shape=(i, j, 1), affine=case.study.grid.affine)
    cut = slice(plane, plane + 1)
    volumes = {name: volume[:, :, cut] for name, volume in case.study.volumes.items()}
    regions = {name: region[:, :, cut] for name, region in case.reference.regions.items()}
    study = replace(case.study, grid=grid, native_grid=grid, volumes=volumes)
    return Case(study, Reference(grade=case.reference.grade, regions=regions))
