"""Answers that fit the tumours only when axes are exchanged or turned round: of another frame, perhaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.geometry.grids import Axis, FloatArray
from gliobench.domain.position.placements import Marks, Placements
from gliobench.domain.position.tracking import distances_mm, lie_in_one_place
from gliobench.domain.predictions.prediction import Form

FEWEST = 8
"""Patients: of fewer, one of the seven changes may fit by chance."""
FITS = 0.6
"""Tracking index of a change that is reported."""
BETTER_BY = 0.3
"""How far the index of a change lies above that of the answers as they are."""
MOST = 500
"""Studies that are looked at: memory grows as the square."""

_X, _Y = np.diag([-1.0, 1.0]), np.diag([1.0, -1.0])
_EXCHANGED = np.array([[0.0, 1.0], [1.0, 0.0]])
_CHANGES: Mapping[str, FloatArray] = {
    "left and right are exchanged": _X,
    "front and back are exchanged": _Y,
    "left and right, and front and back, are exchanged": _X @ _Y,
    "the two axes are exchanged": _EXCHANGED,
    "the slice is turned by a quarter to one side": _EXCHANGED @ _X,
    "the slice is turned by a quarter to the other side": _EXCHANGED @ _Y,
    "the two axes are exchanged and turned round": _EXCHANGED @ _X @ _Y,
}


@dataclass(frozen=True, slots=True)
class BetterFit:
    """A change by which answers fit the tumours.

    Args:
        change: In words.
        index: Tracking index of the answers so changed.
        index_as_is: Of the answers as they are.
        n: Studies that were looked at.
    """

    change: str
    index: float
    index_as_is: float
    n: int

    def sentence(self, whose: str) -> str:
        """Describe it, and what to look at."""
        return (
            f"{whose} follow the tumours of {self.n} studies where {self.change} (tracking index {self.index:.2f}, as "
            f"they are {self.index_as_is:.2f}): check the frame of coordinates (LPS or RAS), the order of axes "
            "and the orientation of masks before the errors are believed."
        )


def better_fit(cases: CaseTable) -> BetterFit | None:
    """Find a mirror image or a quarter turn on axial slices by which answers follow the tumours.

    Places are taken from the median of the cohort's, so that it does not matter about which point they are
    mirrored; a constant answer fits no better by any change.

    Args:
        cases: One backend's.

    Returns:
        None where the answers fit best as they are, or too few patients were answered to know.
    """
    for answered in _axial(cases):
        if len(set(answered.patients)) < FEWEST or lie_in_one_place(answered.reference.centres_mm):
            continue
        predicted, reference = map(_about_the_median, (answered.predicted, answered.reference))
        as_is = _index(predicted, reference)
        found = {change: _index(predicted @ by, reference) for change, by in _CHANGES.items()}
        change = max(found, key=lambda name: found[name])
        if found[change] >= max(FITS, as_is + BETTER_BY):
            return BetterFit(change, found[change], as_is, answered.n)
    return None


def _axial(cases: CaseTable) -> Iterator[Placements]:
    axial = cases.take(np.flatnonzero(cases.columns["plane_axis"] == Axis.AXIAL)[:MOST])
    for form in (Form.POINT, Form.BOX, Form.POLYGON):
        yield Placements.of(axial, form)


def _about_the_median(marks: Marks) -> FloatArray:
    return np.asarray(marks.centres_mm - np.median(marks.centres_mm, axis=0))


def _index(predicted: FloatArray, reference: FloatArray) -> float:
    """Return 1 less the mean distance to the own tumour over that to the other patients' tumours."""
    apart, n = distances_mm(predicted=predicted, reference=reference), len(predicted)
    own = float(np.trace(apart))
    return 1 - own * (n - 1) / (float(apart.sum()) - own)
