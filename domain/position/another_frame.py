"""Answers that fit the tumours only exchanged, turned, scaled or moved, or those of other patients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.evaluation.case_columns import CENTRE, IN_VOLUME, VOXEL_MM, by_axis
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.geometry.grids import Axis, FloatArray
from gliobench.domain.position.placements import Placements
from gliobench.domain.position.row_orders import row_orders
from gliobench.domain.position.tracking import distances_mm, lie_in_one_place
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.sampling import Indices

FEWEST = 8
"""Patients: of fewer, one of the seven changes may fit by chance."""
FITS = 0.6
"""Tracking index of a change that is reported."""
BETTER_BY = 0.3
"""How far the index of a change lies above that of the answers as they are."""
SMALLEST_SLOPE = 0.05
"""Of answers on another scale: those near one place have none."""
LEAST_MM, LESS_BY = 1.0, 3
"""Mean error, about the median of all, of answers on another scale, and how many times smaller it is on the right one:
answers that are drawn to the middle have errors of their own."""
LEAST_SHIFT_MM = 10.0
"""Mean error of answers that are all moved by the same."""
MOST = 500
"""Studies that are looked at: memory grows as the square."""
MOST_IN_VOLUME = 200
"""Likewise in the volume, where there are seven times as many changes."""

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


def _changes_in_volume() -> Iterator[tuple[str, FloatArray]]:
    """Yield all orders and directions of three axes but their own."""
    sides = ("left and right", "front and back", "up and down")
    for order in permutations(range(3)):
        for signs in sorted(product((1.0, -1.0), repeat=3), reverse=True, key=sum):
            turned = [side for side, sign in zip(sides, signs, strict=True) if sign < 0]
            if order != (0, 1, 2):
                words = "the axes are in the order " + ", ".join("ijk"[axis] for axis in order)
                words += ", some of them turned round" * bool(turned)
            else:
                words = f"{', and '.join(turned)} are exchanged" * bool(turned)
            if words:
                yield words, np.diag(signs)[list(order)]


_CHANGES_IN_VOLUME = tuple(_changes_in_volume())


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
            f"they are {self.index_as_is:.2f}): check the names of studies, the unit and the frame of coordinates (LPS or "
            "RAS), the size of pictures, the order of axes and the orientation of masks before the errors are believed."
        )


def better_fit(cases: CaseTable) -> BetterFit | None:
    """Find a mirror image, a turn, another order of axes, a scale, a shift or other patients that answers fit.

    Places on axial slices are looked at first, then those in the volume. They are taken from the median of
    the cohort's, so that it does not matter about which point they are mirrored; a constant answer fits no
    better by any change.

    Args:
        cases: One backend's.

    Returns:
        None where the answers fit best as they are, or too few patients were answered to know.
    """
    found = (_better(places, patients) for places, patients in (*_axial(cases), *_in_volume(cases)))
    return next(filter(None, found), None)


def _better(places: _Places, patients: Sequence[str]) -> BetterFit | None:
    if len(set(patients)) < FEWEST or lie_in_one_place(places.reference):
        return None
    as_is = places.index(np.eye(places.reference.shape[1]))
    return (
        _changed(places, as_is)
        or _scaled(places, as_is)
        or _shifted(places, as_is)
        or _exchanged(places, as_is, np.array(patients))
    )


def _changed(places: _Places, as_is: float) -> BetterFit | None:
    if as_is > 1 - BETTER_BY:
        return None
    changes = _CHANGES.items() if places.reference.shape[1] == 2 else _CHANGES_IN_VOLUME
    found = ((places.index(by), change) for change, by in changes)
    index, change = max(found, key=itemgetter(0))  # of equal ones the first, which changes least
    if index < max(FITS, as_is + BETTER_BY):
        return None
    return BetterFit(change, index, as_is, len(places.reference))


def _scaled(places: _Places, as_is: float) -> BetterFit | None:
    if (factors := places.factors()) is None:
        return None
    words = " and ".join(f"{factor:.2f}" for factor in factors.tolist())
    index = places.index(np.diag(factors))
    return BetterFit(
        f"their coordinates are multiplied by {words}", index, as_is, len(places.reference)
    )


def _shifted(places: _Places, as_is: float) -> BetterFit | None:
    same, shift = np.eye(places.reference.shape[1]), places.shift
    if not LEAST_SHIFT_MM < places.mean_mm(same, shift) > LESS_BY * places.mean_mm(same):
        return None
    by_mm = -shift * np.median(places.unit_mm, axis=0)
    words = " and ".join(f"{by:+.0f}" for by in by_mm.tolist())
    return BetterFit(
        f"they are moved by {words} mm", as_is, places.index(same, shift), len(places.reference)
    )


def _exchanged(places: _Places, as_is: float, patients: NDArray[np.str_]) -> BetterFit | None:
    """Find answers that are of other patients, such as those of shifted rows."""
    if as_is > 1 - BETTER_BY:
        return None
    same = np.eye(places.reference.shape[1])
    found = (
        (replace(places, predicted=places.predicted[order]).index(same), order.tolist())
        for order in (*row_orders(patients.tolist()), places.nearest(patients))
    )
    index, order = max(found, key=itemgetter(0))
    moved = [at for at, answer in enumerate(order) if patients[answer] != patients[at]]
    if index < max(FITS, as_is + BETTER_BY) or 2 * len(moved) < len(order):
        return None
    words = (
        f"they are taken for those of other patients, such as that of {patients[order[moved[0]]]} for "
        f"{patients[moved[0]]}"
    )
    return BetterFit(words, index, as_is, len(order))


@dataclass(frozen=True, eq=False)
class _Places:
    """Places of N answers and tumours.

    Args:
        predicted: (N, D) in any unit along the axes, from the median of all.
        reference: (N, D) likewise.
        unit_mm: (N, D) the unit, or (1, D).
        shift: (D,) the median of the answers from that of the tumours.
    """

    predicted: FloatArray
    reference: FloatArray
    unit_mm: FloatArray
    shift: FloatArray

    @classmethod
    def of(cls, predicted: FloatArray, reference: FloatArray, unit_mm: FloatArray) -> _Places:
        """Take the medians out of places of any origin."""
        middles = [
            np.median(places, axis=0) if len(places) else 0 for places in (predicted, reference)
        ]
        shift = np.broadcast_to(middles[0] - middles[1], predicted.shape[1:])
        return cls(predicted - middles[0], reference - middles[1], unit_mm, shift)

    def index(self, change: FloatArray, shift: FloatArray | float = 0.0) -> float:
        """Return the tracking index of the answers after a change: (D, D) that they are multiplied by.

        It is 1 less the mean distance to the own tumour over that to the other patients' tumours.
        """
        apart, n = self._apart_mm(change, shift), len(self.reference)
        own = float(np.trace(apart))
        return 1 - own * (n - 1) / (float(apart.sum()) - own)

    def factors(self) -> FloatArray | None:
        """Return what brings the answers to the tumours, (D,), one for each axis; None where little of the errors is due to that."""
        squares = (self.reference**2).sum(axis=0)
        slopes = (self.predicted * self.reference).sum(axis=0) / np.where(squares > 0, squares, 1)
        slopes[squares == 0] = 1
        if slopes.min() < SMALLEST_SLOPE:
            return None
        mean_mm, scaled_mm = (
            self.mean_mm(np.diag(by)) for by in (np.ones(len(slopes)), 1 / slopes)
        )
        is_due = mean_mm > LEAST_MM and scaled_mm * LESS_BY < mean_mm
        return np.asarray(1 / slopes) if is_due else None

    def nearest(self, patients: NDArray[np.str_]) -> Indices:
        """Return the answer of each tumour, (N,): another patient's where either is the other's nearest by far."""
        apart = self._apart_mm(np.eye(self.reference.shape[1]), self.shift)
        marks = self.reference * self.unit_mm
        between = distances_mm(predicted=marks, reference=marks)
        between[patients[:, None] == patients] = np.inf
        near = apart < np.median(between.min(axis=1)) / LESS_BY
        answers, order = apart.argmin(axis=0), np.arange(len(apart))
        mutual = near[answers, order] & (apart.argmin(axis=1)[answers] == order)
        return np.where(mutual, answers, order)

    def mean_mm(self, change: FloatArray, shift: FloatArray | float = 0.0) -> float:
        """Return the mean error after a change, about the medians but for a shift."""
        return float(np.trace(self._apart_mm(change, shift))) / len(self.reference)

    def _apart_mm(self, change: FloatArray, shift: FloatArray | float) -> FloatArray:
        return distances_mm(
            predicted=(self.predicted @ change + shift) * self.unit_mm,
            reference=self.reference * self.unit_mm,
        )


def _axial(cases: CaseTable) -> Iterator[tuple[_Places, Sequence[str]]]:
    axial = cases.take(np.flatnonzero(cases.columns["plane_axis"] == Axis.AXIAL)[:MOST])
    for form in (Form.POINT, Form.BOX, Form.POLYGON):
        answered = Placements.of(axial, form)
        marks = answered.predicted.centres_mm, answered.reference.centres_mm
        yield _Places.of(*marks, np.ones((1, 2))), answered.patients


def _in_volume(cases: CaseTable) -> Iterator[tuple[_Places, Sequence[str]]]:
    reference, unit_mm = (cases.stack(by_axis(name)) for name in (CENTRE, VOXEL_MM))
    for form in IN_VOLUME:
        predicted = cases.stack(by_axis(form.value))
        is_known = ~np.isnan(np.column_stack((predicted, reference, unit_mm))).any(axis=1)
        at = np.flatnonzero(is_known)[:MOST_IN_VOLUME]
        yield _Places.of(predicted[at], reference[at], unit_mm[at]), cases.patients[at].tolist()
