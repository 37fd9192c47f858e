"""Ask one backend about one study, and put the answer into the frame of the study's files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

import numpy as np
import shapely

from gliobench.application.ports.backend import Backend
from gliobench.application.predict.ask_backend import ask, ask_probabilities
from gliobench.application.predict.load_modalities import load_modalities
from gliobench.application.predict.scope import OTHER_GRIDS, implausible_images, scope_faults
from gliobench.application.predict.study_reading import (
    NoPlace,
    OnSlice,
    Place,
    Reader,
    StudyReading,
)
from gliobench.domain.errors import FaultError, ImplausibleError, InvalidInputError
from gliobench.domain.geometry.grids import (
    Axis,
    Box,
    Box3D,
    Point,
    Point3D,
    Polygon,
    Voxel,
)
from gliobench.domain.geometry.orientation import reorient_box, reorient_voxel
from gliobench.domain.labels.regions import Region
from gliobench.domain.position.brain_extent import BrainExtent
from gliobench.domain.position.diameters import (
    axial_diameters,
    longest_diameter_mm,
    polygon_diameters,
)
from gliobench.domain.position.lesion import Lesion, describe_lesion
from gliobench.domain.predictions.forms import in_volume, polygon_in_volume
from gliobench.domain.predictions.prediction import (
    Failure,
    Form,
    LocalisationPrediction,
    Mask,
    NoTumour,
)
from gliobench.domain.studies.faults import Fault
from gliobench.domain.studies.image_hash import image_at_hand
from gliobench.domain.studies.plausibility import tumour_fault
from gliobench.domain.studies.study import Study


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
    _check_asked(study, backend, probabilities=probabilities)
    with suppress(FaultError):
        load_modalities(study, study.volumes)
    implausible = list(implausible_images(study))
    _check(study, implausible, force=force)
    strange = tuple(scope_faults(study))
    ((grade, localisation),) = ask(backend, [study])
    if localisation is None or isinstance(localisation, Failure):
        return StudyReading(
            study,
            Reader.of(backend),
            grade,
            localisation,
            implausible=tuple(implausible),
            out_of_scope=strange,
        )
    implausible += _implausible_answer(study, localisation)
    _check(study, implausible, force=force)
    return StudyReading(
        study,
        Reader.of(backend),
        grade,
        place=_found(study, localisation),
        on_slice=_on_slice(study, localisation),
        implausible=tuple(implausible),
        lesion=lesion_of(study, localisation),
        out_of_scope=strange,
        probabilities=ask_probabilities(backend, study) if probabilities else {},
    )


def _check_asked(study: Study, backend: Backend, *, probabilities: bool) -> None:
    """See that a backend can answer what it is asked for."""
    if probabilities and backend.probability_maps is None:
        raise InvalidInputError(f"backend {backend.name} states no probabilities of voxels")
    if backend.facts.oracle and study.oracle_plane is None:
        raise InvalidInputError(
            f"{backend.name} is shown a slice chosen with the reference, and study {study.id} has "
            "no reference tumour: set another policy"
        )


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


def lesion_of(study: Study, localisation: LocalisationPrediction) -> Lesion | None:
    """Describe a tumour by the best of what was answered: the mask, else the polygon, else a place.

    Args:
        study: Its first readable image shows the brain.
        localisation: What a backend answered; a box is used for its centre only.

    Returns:
        None where nothing places a tumour, or where no image of the study can be read.

    Raises:
        StoreError: The source cannot be read now.
    """
    mask, polygon = (localisation.answers.get(form) for form in (Form.MASK, Form.POLYGON))
    centre, image = _centre(localisation), image_at_hand(study)
    if centre is None or image is None:
        return None
    voxels, diameters, longest_mm = None, None, None
    if isinstance(mask, Mask) and not mask.is_empty:
        voxels, diameters = mask.whole, axial_diameters(mask.whole, mask.grid)
        if study.grid.shape[Axis.AXIAL] > 1:
            longest_mm = longest_diameter_mm(mask.whole, mask.grid)
    elif isinstance(polygon, Polygon):
        voxels = polygon_in_volume(polygon, study.grid)
        if polygon.plane.axis == Axis.AXIAL:
            diameters = polygon_diameters(polygon, study.grid)
    return describe_lesion(
        centre=centre,
        voxels=voxels,
        brain=BrainExtent.of(np.asarray(image != 0), study.grid),
        grid=study.grid,
        diameters=diameters,
        longest_mm=longest_mm,
    )


def _centre(localisation: LocalisationPrediction) -> Point3D | None:
    centre = in_volume(localisation).get(Form.POINT_3D)
    if isinstance(centre, Point3D):
        return centre
    polygon, box = (localisation.answers.get(form) for form in (Form.POLYGON, Form.BOX))
    if isinstance(polygon, Polygon):
        middle = shapely.Polygon(polygon.vertices).centroid
        return Point(polygon.plane, (middle.x, middle.y)).in_volume
    return box.in_volume.centre if isinstance(box, Box) else None
