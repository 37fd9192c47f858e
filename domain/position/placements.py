"""Positions of tumours on their scoring planes, and of one backend's answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.case_table import Cases, CaseTable
from gliobench.domain.evaluation.frames import MARKED
from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.predictions.prediction import Form


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
    def of(cls, numbers: FloatArray) -> Marks:
        """Take marks of one form as `MARKED` lists them, (N, M)."""
        width = numbers.shape[1]
        return cls(
            centres_mm=numbers[:, :2],
            areas_mm2=numbers[:, 2] if width > 2 else None,
            corners_mm=numbers[:, 3:] if width > 3 else None,
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
        counts = {len(item) for item in (self.study_ids, self.patients, *marks)}
        if len(counts) > 1:
            raise InvalidInputError(f"placements of {sorted(counts)} studies: wanted one number")

    @classmethod
    def of(cls, cases: Cases, form: Form) -> Placements:
        """Gather one backend's answers in one form.

        Args:
            cases: One a study; those without a tumour, or where the form was not asked for, are
                left out.
            form: Point, box or polygon.

        Raises:
            InvalidInputError: The form does not lie on a plane.
        """
        if form not in MARKED:
            raise InvalidInputError(f"a {form.value} does not lie on a plane")
        table = CaseTable.of(cases)
        asked = table.has_plane & table.asked(form)
        predicted, reference = table.marks(form), table.reference_marks(form)
        found = asked & ~np.isnan(predicted).any(axis=1) & ~np.isnan(reference).any(axis=1)
        return cls(
            study_ids=tuple(table.study_ids[found].tolist()),
            patients=tuple(table.patients[found].tolist()),
            predicted=Marks.of(predicted[found]),
            reference=Marks.of(reference[found]),
            brain_mm=table.brain_mm[found],
            n_unanswered=int((asked & ~found).sum()),
        )

    @property
    def n(self) -> int:
        """Studies that were answered."""
        return len(self.study_ids)

    def take(self, chosen: Sequence[int]) -> Placements:
        """Keep some of the studies, in the order asked for; the number of unanswered ones stays."""
        return Placements(
            study_ids=tuple(self.study_ids[item] for item in chosen),
            patients=tuple(self.patients[item] for item in chosen),
            predicted=self.predicted.take(chosen),
            reference=self.reference.take(chosen),
            brain_mm=self.brain_mm[list(chosen)],
            n_unanswered=self.n_unanswered,
        )


def brains_mm(cases: Cases) -> FloatArray:
    """Gather where brains lie on the scoring planes, as `Placements.brain_mm`; the known ones only."""
    found = CaseTable.of(cases).brain_mm
    return found[~np.isnan(found).any(axis=1)]
