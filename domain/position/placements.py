"""Where tumours are on their scoring planes, and where one backend says that they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.evaluation.target_facts import TargetFacts
from gliobench.domain.geometry import Box, FloatArray, Point, Polygon
from gliobench.domain.prediction import Form


@dataclass(frozen=True, eq=False)
class Marks:
    """N points, boxes or polygons, each on a plane of its own.

    Places are millimetres from the middle of the image: x to the patient's right and y to the
    front, as far as the plane is axial.

    Args:
        centres_mm: (N, 2) the points; the middles of the boxes; the centroids of the polygons.
        areas_mm2: (N,) None for points.
        corners_mm: (N, 4) x and y of a box's start, then of its stop; None for other forms.

    Raises:
        InvalidInputError: The shapes do not fit, or a centre is not finite.
    """

    centres_mm: FloatArray
    areas_mm2: FloatArray | None = None
    corners_mm: FloatArray | None = None

    def __post_init__(self) -> None:
        n = len(self.centres_mm)
        wanted = {"centres_mm": (n, 2), "areas_mm2": (n,), "corners_mm": (n, 4)}
        for name, shape in wanted.items():
            values = getattr(self, name)
            if values is not None and values.shape != shape:
                raise InvalidInputError(f"{name} has shape {values.shape}: wanted {shape}")
        if not np.isfinite(self.centres_mm).all():
            raise InvalidInputError("a centre is not finite")

    @classmethod
    def of(cls, marks: Sequence[tuple[Point | Box | Polygon, TargetFacts]], form: Form) -> Marks:
        """Measure marks of one form, each on its target's grid."""
        centres = [_from_middle_mm(_centre(mark), target) for mark, target in marks]
        areas = [_area_mm2(mark, target) for mark, target in marks]
        corners = [_corners_mm(mark, target) for mark, target in marks if isinstance(mark, Box)]
        return cls(
            centres_mm=np.reshape(centres, (-1, 2)),
            areas_mm2=None if form is Form.POINT else np.array(areas),
            corners_mm=np.reshape(corners, (-1, 4)) if form is Form.BOX else None,
        )

    def take(self, chosen: Sequence[int]) -> Marks:
        """Keep some of the marks, in the order asked for."""
        at = list(chosen)
        return Marks(
            centres_mm=self.centres_mm[at],
            areas_mm2=None if self.areas_mm2 is None else self.areas_mm2[at],
            corners_mm=None if self.corners_mm is None else self.corners_mm[at],
        )


@dataclass(frozen=True, eq=False)
class Placements:
    """The N studies that a backend answered in one form.

    Args:
        study_ids: N of them.
        patients: Whose studies they are.
        predicted: The answers on the scoring planes.
        reference: The experts' tumours there, in the same form.
        brain_mm: (N, 2) the brain's centroid, projected; NaN where it is not known.
        n_unanswered: Studies with a tumour in which the backend failed; they have no place.

    Raises:
        InvalidInputError: There are not as many of each.
    """

    study_ids: tuple[str, ...]
    patients: tuple[str, ...]
    predicted: Marks
    reference: Marks
    brain_mm: FloatArray
    n_unanswered: int = 0

    def __post_init__(self) -> None:
        marks = (self.predicted.centres_mm, self.reference.centres_mm, self.brain_mm)
        counts = {len(one) for one in (self.study_ids, self.patients, *marks)}
        if len(counts) > 1:
            raise InvalidInputError(f"placements of {sorted(counts)} studies: wanted one number")

    @classmethod
    def of(cls, cases: Iterable[CaseScore], form: Form) -> Placements:
        """Gather one backend's answers in one form.

        Args:
            cases: One a study; those without a tumour, or where the form was not asked for, are
                left out.
            form: Point, box or polygon.

        Raises:
            InvalidInputError: The form does not lie on a plane.
        """
        if form not in (Form.POINT, Form.BOX, Form.POLYGON):
            raise InvalidInputError(f"a {form.value} does not lie on a plane")
        asked = [case for case in cases if case.plane is not None and form in case.localisation]
        found = [
            (case, case.target, answer)
            for case in asked
            if case.target is not None
            and isinstance(answer := case.localisation[form].answer, (Point, Box, Polygon))
        ]
        return cls(
            study_ids=tuple(case.study_id for case, _, _ in found),
            patients=tuple(case.patient_id for case, _, _ in found),
            predicted=Marks.of([(answer, target) for _, target, answer in found], form),
            reference=Marks.of([(target.places[form], target) for _, target, _ in found], form),
            brain_mm=np.reshape([_brain_mm(target) for _, target, _ in found], (-1, 2)),
            n_unanswered=len(asked) - len(found),
        )

    @property
    def n(self) -> int:
        """Studies that were answered."""
        return len(self.study_ids)

    def take(self, chosen: Sequence[int]) -> Placements:
        """Keep some of the studies, in the order asked for; the unanswered are still told of."""
        return Placements(
            study_ids=tuple(self.study_ids[one] for one in chosen),
            patients=tuple(self.patients[one] for one in chosen),
            predicted=self.predicted.take(chosen),
            reference=self.reference.take(chosen),
            brain_mm=self.brain_mm[list(chosen)],
            n_unanswered=self.n_unanswered,
        )


def brains_mm(cases: Iterable[CaseScore]) -> FloatArray:
    """Gather where brains lie on the scoring planes, as `Placements.brain_mm`; the known ones only."""
    known = [_brain_mm(case.target) for case in cases if case.target and case.target.brain]
    return np.reshape(known, (-1, 2))


def _centre(mark: Point | Box | Polygon) -> tuple[float, float]:
    match mark:
        case Point(at=at):
            return at
        case Box(start=start, stop=stop):
            return (start[0] + stop[0] - 1) / 2, (start[1] + stop[1] - 1) / 2
        case Polygon(vertices=vertices):
            middle = shapely.Polygon(vertices).centroid
            return float(middle.x), float(middle.y)


def _area_mm2(mark: Point | Box | Polygon, target: TargetFacts) -> float:
    pixel_mm2 = float(np.linalg.det(target.plane.pixel_mm(target.grid)))
    match mark:
        case Box(start=start, stop=stop):
            return (stop[0] - start[0]) * (stop[1] - start[1]) * pixel_mm2
        case Polygon(vertices=vertices):
            return float(shapely.Polygon(vertices).area) * pixel_mm2
        case Point():
            return 0.0


def _corners_mm(box: Box, target: TargetFacts) -> FloatArray:
    ends = [_from_middle_mm((end[0] - 0.5, end[1] - 0.5), target) for end in (box.start, box.stop)]
    return np.concatenate(ends)


def _brain_mm(target: TargetFacts) -> FloatArray:
    if target.brain is None:
        return np.full(2, np.nan)
    first, second = target.plane.in_plane_axes
    return _from_middle_mm((target.brain.at[first], target.brain.at[second]), target)


def _from_middle_mm(at: tuple[float, float], target: TargetFacts) -> FloatArray:
    return np.asarray(target.plane.from_middle_mm(np.array([at]), target.grid)[0])
