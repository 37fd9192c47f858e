"""Ask one backend about one study, and put the answer into the frame of the study's files."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from gliobench.application.ask_backend import ask
from gliobench.application.load_modalities import load_modalities
from gliobench.application.ports.backend import Backend
from gliobench.domain.errors import GliobenchError
from gliobench.domain.forms import in_volume
from gliobench.domain.geometry import Box3D, Point3D, Voxel
from gliobench.domain.orientation import reorient_box, reorient_voxel
from gliobench.domain.prediction import Failure, Form, GradePrediction, Mask
from gliobench.domain.regions import Region
from gliobench.domain.study import Study


@dataclass(frozen=True, eq=False)
class Place:
    """Where the tumour is, in world millimetres and in voxels.

    Args:
        centre: On the study's RAS+ grid.
        centre_mm: The same place in the world.
        centre_vox: The same place in voxels of the study's files.
        box: On the study's RAS+ grid; None where the backend gives only a place.
        box_vox: The same box in voxels of the study's files.
        size_mm: The box's edges along the axes of the files.
        volumes_mm3: By region, of the mask; empty where there is none.
        mask: On the study's RAS+ grid, or None.
    """

    centre: Point3D
    centre_mm: Voxel
    centre_vox: Voxel
    box: Box3D | None
    box_vox: Box3D | None
    size_mm: Voxel | None
    volumes_mm3: Mapping[Region, float]
    mask: Mask | None


@dataclass(frozen=True, eq=False)
class StudyReading:
    """What a backend reads in a study; None for what it does not offer."""

    study: Study
    backend: Backend
    grade: GradePrediction | Failure | None
    place: Place | Failure | None

    @property
    def failures(self) -> list[Failure]:
        """What could not be answered."""
        return [one for one in (self.grade, self.place) if isinstance(one, Failure)]


def predict_study(study: Study, backend: Backend) -> StudyReading:
    """Grade and localise one study.

    Its volumes are read at once, in threads; one that cannot be read is the backend's to report,
    if it looks at it.
    """
    with suppress(GliobenchError):
        load_modalities(study, study.volumes)
    ((grade, localisation),) = ask(backend, [study])
    if localisation is None or isinstance(localisation, Failure):
        return StudyReading(study, backend, grade, localisation)
    answers = in_volume(localisation)
    centre, box = answers.get(Form.POINT_3D), answers.get(Form.BOX_3D)
    mask = localisation.answers.get(Form.MASK)
    if not isinstance(centre, Point3D):
        failed = next((one for one in answers.values() if isinstance(one, Failure)), None)
        return StudyReading(study, backend, grade, failed)
    place = _place(
        study,
        centre=centre,
        box=box if isinstance(box, Box3D) else None,
        mask=mask if isinstance(mask, Mask) else None,
    )
    return StudyReading(study, backend, grade, place)


def _place(study: Study, *, centre: Point3D, box: Box3D | None, mask: Mask | None) -> Place:
    native = study.native_grid or study.grid
    box_vox = reorient_box(box, source=study.grid, target=native) if box else None
    return Place(
        centre=centre,
        centre_mm=study.grid.to_mm(centre.at),
        centre_vox=reorient_voxel(centre.at, source=study.grid, target=native),
        box=box,
        box_vox=box_vox,
        size_mm=_size_mm(box_vox, native.spacing_mm) if box_vox else None,
        volumes_mm3=_volumes_mm3(mask) if mask else {},
        mask=mask,
    )


def _size_mm(box: Box3D, spacing_mm: Voxel) -> Voxel:
    i, j, k = (
        (stop - start) * edge
        for start, stop, edge in zip(box.start, box.stop, spacing_mm, strict=True)
    )
    return i, j, k


def _volumes_mm3(mask: Mask) -> dict[Region, float]:
    voxel_mm3 = mask.grid.voxel_volume_mm3
    return {region: float(voxels.sum()) * voxel_mm3 for region, voxels in mask.regions.items()}
