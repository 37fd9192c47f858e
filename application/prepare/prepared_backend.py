"""A backend that is asked about prepared images, and whose answers come back to the study's own grid."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gliobench.application.backends.asked import AskedClassifier, AskedLocalizer, Places
from gliobench.application.ports.backend import Backend
from gliobench.application.ports.localizer import Localizer
from gliobench.application.prepare.preparation import VERSION
from gliobench.application.prepare.prepared_studies import PreparedScan
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import (
    BoolArray,
    Box,
    Box3D,
    Grid,
    Plane,
    Point,
    Point3D,
    Polygon,
    Voxel,
)
from gliobench.domain.geometry.resampling import Float32Array, pulled, pulled_region
from gliobench.domain.geometry.rigid import Rigid
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    Failure,
    Form,
    Localisation,
    LocalisationPrediction,
    Mask,
    NoTumour,
)
from gliobench.domain.studies.study import Study

FoundT = TypeVar("FoundT")


def on_prepared(backend: Backend) -> Backend:
    """Let a backend see prepared images; its fingerprint and provenance say so.

    Studies that are not prepared are shown as they are.

    Raises:
        InvalidInputError: The backend is an oracle, whose slice is of the images as they are.
    """
    if backend.facts.oracle:
        raise InvalidInputError(
            f"backend {backend.name} is shown a slice chosen with the reference, which prepared images "
            "do not have: set another policy"
        )
    said = f"prepared by gliobench, version {VERSION}"
    classifier, localizer, maps = backend.classifier, backend.localizer, backend.probability_maps
    return replace(
        backend,
        classifier=AskedClassifier(lambda studies: classifier.classify([*map(_ready, studies)]))
        if classifier
        else None,
        localizer=AskedLocalizer(localizer.forms, partial(_places, localizer))
        if localizer
        else None,
        fingerprint=hashlib.sha256(f"{backend.fingerprint} {said}".encode()).hexdigest(),
        provenance={**backend.provenance, "images": said},
        show_prompts=_of_ready(backend.show_prompts) if backend.show_prompts else None,
        tokens=_of_ready(backend.tokens) if backend.tokens else None,
        probability_maps=(lambda study: _maps_back(maps, study)) if maps else None,
    )


def _places(localizer: Localizer, studies: Sequence[Study], forms: Collection[Form]) -> Places:
    said = localizer.localise([_ready(study) for study in studies], forms)
    if len(said) != len(studies):
        return said  # whoever asks reports how many answers there are
    return [
        _back(study).prediction(item)
        if isinstance(study, PreparedScan) and isinstance(item, LocalisationPrediction)
        else item
        for study, item in zip(studies, said, strict=True)
    ]


def _ready(study: Study) -> Study:
    """Return the study as networks want it; what a control has altered is refused."""
    if not isinstance(study, PreparedScan) or study.ready is None:
        return study
    _ = study.preparation
    return study.ready


def _of_ready(ask: Callable[[Study], FoundT]) -> Callable[[Study], FoundT]:
    return lambda study: ask(_ready(study))


def _maps_back(
    maps: Callable[[Study], Mapping[Region, Float32Array]], study: Study
) -> Mapping[Region, Float32Array]:
    found = maps(_ready(study))
    if not isinstance(study, PreparedScan):
        return found
    way = _back(study)
    return {
        region: pulled(values, source=way.source, target=way.target, motion=way.motion)
        for region, values in found.items()
    }


def _back(study: PreparedScan) -> WayBack:
    ready = study.ready or study
    return WayBack(ready.grid, study.grid, study.preparation.to_template.inverse)


@dataclass(frozen=True, eq=False)
class WayBack:
    """Brings answers from the prepared grid to that of the anchor; nothing is interpolated twice.

    Args:
        source: The prepared grid.
        target: The anchor's RAS+ grid.
        motion: From the world of the first to that of the second.
    """

    source: Grid
    target: Grid
    motion: Rigid

    def prediction(self, said: LocalisationPrediction) -> LocalisationPrediction:
        """Bring every answer back."""
        answers = {form: self._answer(answer) for form, answer in said.answers.items()}
        return replace(said, answers=answers)

    def _answer(
        self, answer: Localisation | NoTumour | Failure
    ) -> Localisation | NoTumour | Failure:
        match answer:
            case Mask():
                return self.mask(answer)
            case Point3D(at=at):
                return Point3D(self._voxel(at))
            case Box3D():
                return self.box(answer)
            case Point() | Box() | Polygon():
                return self._drawing(answer)
            case _:
                return answer

    def _drawing(self, answer: Point | Box | Polygon) -> Point | Box | Polygon:
        """Bring back what was drawn on a slice, to the nearest slice of the target."""
        if isinstance(answer, Polygon):
            corners = [Point(answer.plane, at).in_volume.at for at in answer.vertices]
            plane, vertices = self._on_plane(answer.plane, corners)
            return Polygon(plane, tuple(vertices))
        if isinstance(answer, Point):
            plane, vertices = self._on_plane(answer.plane, [answer.in_volume.at])
            return Point(plane, vertices[0])
        around = self.box(answer.in_volume)
        plane, _ = self._on_plane(answer.plane, [answer.in_volume.centre.at])
        first, second = plane.in_plane_axes
        return Box(
            plane,
            (around.start[first], around.start[second]),
            (around.stop[first], around.stop[second]),
        )

    def mask(self, mask: Mask) -> Mask:
        """Bring a mask back; a region too small for the target's voxels keeps the one at its centre."""
        return Mask(self.target, {r: self._region(voxels) for r, voxels in mask.regions.items()})

    def box(self, box: Box3D) -> Box3D:
        """Return the smallest box of the target that holds the turned box, within the target."""
        ends = zip(box.start, box.stop, strict=True)
        corners = [(i, j, k) for i, j, k in product(*((lo - 0.5, hi - 0.5) for lo, hi in ends))]
        found = self._voxels(corners)
        last = np.array(self.target.shape) - 1
        start = np.clip(np.floor(found.min(axis=0) + 0.5), 0, last).astype(int)
        stop = np.clip(np.ceil(found.max(axis=0) - 0.5), start, last).astype(int) + 1
        (i, j, k), (x, y, z) = start.tolist(), stop.tolist()
        return Box3D((i, j, k), (x, y, z))

    def _region(self, region: BoolArray) -> BoolArray:
        found = pulled_region(region, source=self.source, target=self.target, motion=self.motion)
        if not found.any() and region.any():
            i, j, k = np.argwhere(region).mean(axis=0).tolist()
            at = np.rint(self._voxel((i, j, k))).astype(int)
            if (at >= 0).all() and (at < self.target.shape).all():
                found[tuple(at)] = True
        return found

    def _on_plane(
        self, plane: Plane, places: Sequence[Voxel]
    ) -> tuple[Plane, list[tuple[float, float]]]:
        """Return the plane of the target nearest to places on a plane, and the places on it."""
        found = self._voxels(places)
        length = self.target.shape[plane.axis]
        index = int(np.clip(np.rint(found[:, plane.axis].mean()), 0, length - 1))
        first, second = plane.in_plane_axes
        return Plane(plane.axis, index), [
            (float(at[first]), float(at[second])) for at in found.tolist()
        ]

    def _voxel(self, at: Voxel) -> Voxel:
        i, j, k = self._voxels([at])[0].tolist()
        return i, j, k

    def _voxels(self, places: Sequence[Voxel]) -> NDArray[np.float64]:
        """Convert (N, 3) voxel coordinates of the source to those of the target."""
        steps = np.linalg.inv(self.target.affine) @ self.motion.matrix @ self.source.affine
        return np.asarray(np.array(places) @ steps[:3, :3].T + steps[:3, 3], dtype=np.float64)
