"""Ask one backend about one study, and put the answer into the frame of the study's files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from gliobench.application.ports.backend import Backend
from gliobench.application.predict.ask_backend import ask
from gliobench.application.predict.describe_lesion import lesion_of
from gliobench.application.predict.implausible_images import OTHER_GRIDS, implausible_images
from gliobench.application.predict.load_modalities import load_modalities
from gliobench.application.predict.scope import scope_faults
from gliobench.domain.errors import FaultError, ImplausibleError, InvalidInputError
from gliobench.domain.geometry.grids import (
    BoolArray,
    Box,
    Box3D,
    Plane,
    Point,
    Point3D,
    Polygon,
    Voxel,
)
from gliobench.domain.geometry.orientation import reorient_box, reorient_voxel
from gliobench.domain.geometry.resampling import Float32Array
from gliobench.domain.labels.regions import Region
from gliobench.domain.position.lesion import Lesion
from gliobench.domain.predictions.forms import in_volume, polygon_in_volume
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    LocalisationPrediction,
    Mask,
    NoTumour,
)
from gliobench.domain.studies.faults import Fault
from gliobench.domain.studies.image_hash import image_at_hand
from gliobench.domain.studies.plausibility import tumour_fault
from gliobench.domain.studies.study import Study


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
        confidence: How sure the backend is, see `LocalisationPrediction`; None where it does not say.
        region_confidence: The same by region of the mask.
    """

    centre: Point3D
    centre_mm: Voxel
    centre_vox: Voxel
    box: Box3D | None
    box_vox: Box3D | None
    size_mm: Voxel | None
    volumes_mm3: Mapping[Region, float]
    mask: Mask | None
    confidence: float | None = None
    region_confidence: Mapping[Region, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class NoPlace:
    """The answer that there is no tumour.

    Args:
        mask: Without a voxel, on the study's RAS+ grid, of a backend that gives masks; or None.
        confidence: How sure the backend is; None where it does not say.
    """

    mask: Mask | None
    confidence: float | None = None


@dataclass(frozen=True, eq=False)
class OnSlice:
    """What a backend that is shown one slice drew on it, in world millimetres and in voxels.

    Args:
        plane: The slice, on the study's RAS+ grid.
        oracle: Whether the reference has chosen it.
        box: On the study's RAS+ grid, one voxel thick; None where none was asked for.
        box_vox: The same box in voxels of the study's files; None without a box.
        size_mm: The box's edges along the axes of the files; None without a box.
        polygon: On the study's RAS+ grid; None where none was asked for.
        polygon_mm: Its vertices in the world; empty without a polygon.
        polygon_vox: Its vertices in voxels of the study's files; empty without a polygon.
    """

    plane: Plane
    oracle: bool
    box: Box3D | NoTumour | Failure | None
    box_vox: Box3D | None
    size_mm: Voxel | None
    polygon: Polygon | NoTumour | Failure | None
    polygon_mm: tuple[Voxel, ...]
    polygon_vox: tuple[Voxel, ...]


@dataclass(frozen=True, eq=False)
class StudyReading:
    """What a backend reads in a study; None for what it does not offer.

    Args:
        study: What was read.
        backend: Who read it.
        grade: How malignant the glioma is.
        place: Where it lies.
        on_slice: What was drawn on one slice.
        implausible: Why images or answer cannot be right, where somebody insisted on an answer.
        lesion: How a radiologist would describe the tumour; None where none is placed.
        out_of_scope: What speaks against any answer, though nothing forbids one.
        probabilities: (I, J, K) that a voxel is tumour, by region, where they were asked for.
    """

    study: Study
    backend: Backend
    grade: GradePrediction | Failure | None
    place: Place | NoPlace | Failure | None
    on_slice: OnSlice | None = None
    implausible: tuple[Fault, ...] = ()
    lesion: Lesion | None = None
    out_of_scope: tuple[Fault, ...] = ()
    probabilities: Mapping[Region, Float32Array] = field(default_factory=dict)

    @property
    def failures(self) -> list[Failure]:
        """What could not be answered; without a tumour there is no grade."""
        drawn = (self.on_slice.box, self.on_slice.polygon) if self.on_slice else ()
        found = [item for item in (self.grade, self.place, *drawn) if isinstance(item, Failure)]
        if isinstance(self.place, NoPlace):
            return [item for item in found if item.reason is not FailureReason.NO_TUMOUR_FOUND]
        return found


def predict_study(
    study: Study, backend: Backend, *, force: bool = False, probabilities: bool = False
) -> StudyReading:
    """Grade and localise one study.

    Its volumes are read at once, in threads; one that cannot be read is the backend's to report,
    if it looks at it.

    Args:
        study: Its images have to show a brain without its skull, on one grid.
        backend: Who answers.
        force: Answer though images or answer are implausible, and say so in the reading.
        probabilities: Whether the probabilities of voxels are wanted, too.

    Raises:
        ImplausibleError: They are, and `force` is not set.
        InvalidInputError: The backend is an oracle, and the study carries no oracle's plane. Or the
            images lie on several grids, which cannot be forced. Or it knows no probabilities.
    """
    maps = backend.probability_maps
    if probabilities and maps is None:
        raise InvalidInputError(f"backend {backend.name} states no probabilities of voxels")
    if backend.facts.oracle and study.oracle_plane is None:
        raise InvalidInputError(
            f"{backend.name} is shown a slice chosen with the reference, and study {study.id} has "
            "no reference tumour: set another policy"
        )
    with suppress(FaultError):
        load_modalities(study, study.volumes)
    implausible = list(implausible_images(study))
    _check(study, implausible, force=force)
    strange = tuple(scope_faults(study))
    ((grade, localisation),) = ask(backend, [study])
    if localisation is None or isinstance(localisation, Failure):
        return StudyReading(
            study,
            backend,
            grade,
            localisation,
            implausible=tuple(implausible),
            out_of_scope=strange,
        )
    implausible += _implausible_answer(study, localisation)
    _check(study, implausible, force=force)
    return StudyReading(
        study,
        backend,
        grade,
        place=_found(study, localisation),
        on_slice=_on_slice(study, localisation),
        implausible=tuple(implausible),
        lesion=lesion_of(study, localisation),
        out_of_scope=strange,
        probabilities=maps(study) if probabilities and maps else {},
    )


@dataclass(frozen=True, eq=False)
class DrawnAnswer:
    """What there is to draw of a reading, on the study's RAS+ grid.

    Args:
        centre_vox: Of the tumour; None without one.
        through_vox: Where to cut the study.
        regions: (I, J, K) bool by region: the mask's, or what an outline holds.
        box: In the volume, or one voxel thick.
    """

    centre_vox: Voxel | None
    through_vox: Voxel
    regions: Mapping[Region, BoolArray]
    box: Box3D | None


def drawn_answer(reading: StudyReading) -> DrawnAnswer | None:
    """Gather what can be drawn of a reading; None where it places nothing."""
    place = reading.place if isinstance(reading.place, Place) else None
    regions: Mapping[Region, BoolArray] = place.mask.regions if place and place.mask else {}
    box, through = (place.box, place.centre.at) if place else (None, None)
    if (drawn := reading.on_slice) is not None:
        if isinstance(drawn.polygon, Polygon):
            regions = {Region.WT: polygon_in_volume(drawn.polygon, reading.study.grid)}
            through = through or Point(drawn.plane, drawn.polygon.vertices[0]).in_volume.at
        if isinstance(drawn.box, Box3D):
            box, through = drawn.box, through or drawn.box.centre.at
    if through is None:
        return None
    return DrawnAnswer(place.centre.at if place else None, through, regions, box)


def _check(study: Study, implausible: Sequence[Fault], *, force: bool) -> None:
    """See that nothing is implausible, or that somebody insists and there is a way to go on."""
    apart = next((fault for fault in implausible if fault.kind in OTHER_GRIDS), None)
    if not implausible or (force and apart is None):
        return
    fault = apart or implausible[0]
    more = f" (and {len(implausible) - 1} more)" if len(implausible) > 1 else ""
    line = f"study {study.id}: {fault.sentence}{more}"
    if apart is None:
        raise ImplausibleError(f"{line}; use --force to predict nevertheless")
    line += (
        ": wanted all modalities on one grid; co-register and resample them, and strip the skull, "
        "or use --prepare"
    )
    raise InvalidInputError(line) if force else ImplausibleError(line)


def _implausible_answer(study: Study, localisation: LocalisationPrediction) -> Iterator[Fault]:
    mask, image = localisation.answers.get(Form.MASK), image_at_hand(study)
    if isinstance(mask, Mask) and image is not None:
        fault = tumour_fault(study.id, tumour=mask.whole, brain=np.asarray(image != 0))
        if fault is not None:
            yield fault


def _found(study: Study, localisation: LocalisationPrediction) -> Place | NoPlace | Failure | None:
    if localisation.finds_tumour is False:
        nothing = {Region.WT: np.zeros(study.grid.shape, dtype=np.bool_)}
        masked = Form.MASK in localisation.answers
        return NoPlace(Mask(study.grid, nothing) if masked else None, localisation.confidence)
    answers = in_volume(localisation)
    centre, box, mask = map(answers.get, (Form.POINT_3D, Form.BOX_3D, Form.MASK))
    if not isinstance(centre, Point3D):
        return next((answer for answer in answers.values() if isinstance(answer, Failure)), None)
    known_box = box if isinstance(box, Box3D) else None
    box_vox, size_mm = _in_files(study, known_box)
    return Place(
        centre=centre,
        centre_mm=study.grid.to_mm(centre.at),
        centre_vox=reorient_voxel(centre.at, source=study.grid, target=study.file_grid),
        box=known_box,
        box_vox=box_vox,
        size_mm=size_mm,
        volumes_mm3=_volumes_mm3(mask) if isinstance(mask, Mask) else {},
        mask=mask if isinstance(mask, Mask) else None,
        confidence=localisation.confidence,
        region_confidence=localisation.region_confidence,
    )


def _on_slice(study: Study, localisation: LocalisationPrediction) -> OnSlice | None:
    box, polygon = (localisation.answers.get(form) for form in (Form.BOX, Form.POLYGON))
    flat = (Point, Box, Polygon)
    planes = (answer.plane for answer in localisation.answers.values() if isinstance(answer, flat))
    if (plane := next(planes, None)) is None:
        return None
    thick = box.in_volume if isinstance(box, Box) else None
    box_vox, size_mm = _in_files(study, thick)
    outline = polygon.vertices if isinstance(polygon, Polygon) else ()
    vertices = [Point(plane, at).in_volume.at for at in outline]
    return OnSlice(
        plane=plane,
        oracle=localisation.oracle,
        box=box if isinstance(box, Failure | NoTumour) else thick,
        box_vox=box_vox,
        size_mm=size_mm,
        polygon=polygon if isinstance(polygon, Polygon | NoTumour | Failure) else None,
        polygon_mm=tuple(map(study.grid.to_mm, vertices)),
        polygon_vox=tuple(
            reorient_voxel(vertex, source=study.grid, target=study.file_grid) for vertex in vertices
        ),
    )


def _in_files(study: Study, box: Box3D | None) -> tuple[Box3D | None, Voxel | None]:
    """Return a box in voxels of the study's files, and its edges in millimetres."""
    if box is None:
        return None, None
    found = reorient_box(box, source=study.grid, target=study.file_grid)
    i, j, k = (np.subtract(found.stop, found.start) * study.file_grid.spacing_mm).tolist()
    return found, (i, j, k)


def _volumes_mm3(mask: Mask) -> dict[Region, float]:
    voxel_mm3 = mask.grid.voxel_volume_mm3
    return {region: np.count_nonzero(voxels) * voxel_mm3 for region, voxels in mask.regions.items()}
