"""What two backends can be compared by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.case_table import Cases, CaseTable
from gliobench.domain.evaluation.scores import WORST_MM
from gliobench.domain.evaluation.summary import Measure
from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.predictions.prediction import Form

MEANS = frozenset(
    {
        Measure.BRIER,
        Measure.ERROR_MM,
        Measure.HD95_MM,
        Measure.BOX_IOU,
        Measure.DICE,
    }
)
"""Measures whose mean says something else than their median."""
LOWER_IS_BETTER = frozenset({Measure.BRIER, Measure.ERROR_MM, Measure.HD95_MM})


class PrimaryOrigin(str, Enum):
    """Where a run's primary endpoint came from."""

    DECLARED = "declared"
    """Somebody set it before the run was scored."""
    DEFAULT = "default"
    """Nobody set it."""


class PrimaryChoice(str, Enum):
    """How the primary endpoint of a comparison was chosen, as far as its runs record."""

    DECLARED = "declared before scoring"
    DEFAULT = "the default, not declared before scoring"
    PARTLY = "declared before scoring in some of the runs only"
    UNKNOWN = "recorded before scoring, declared or by default"
    LATER = "chosen for this comparison"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One measure, of the grade or of one form of localisation.

    Args:
        measure: What is measured; of a mask, on the whole tumour.
        form: None for the grade.
    """

    measure: Measure
    form: Form | None = None

    @classmethod
    def parse(cls, name: str) -> Endpoint:
        """Read an endpoint that can be declared the primary one, by its `name`.

        Raises:
            InvalidInputError: There is none of this name that has a paired test of its own.
        """
        known = {endpoint.name: endpoint for endpoint in (*GRADING, *LOCALISATION)}
        if name not in known or known[name].measure in UNTESTED:
            tested = [one for one, endpoint in known.items() if endpoint.measure not in UNTESTED]
            raise InvalidInputError(f"primary endpoint {name!r}: wanted one of {', '.join(tested)}")
        return known[name]

    @property
    def name(self) -> str:
        """`balanced_accuracy`, or with its form `point.error_mm`."""
        return f"{self.form.value}.{self.measure.value}" if self.form else self.measure.value

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is."""
        return -1 if self.measure in LOWER_IS_BETTER else 1

    @property
    def is_mean(self) -> bool:
        """Whether it is a mean of scores that are more than right or wrong."""
        return self.measure in MEANS

    @property
    def worst(self) -> float:
        """What a failure scores in it."""
        if self.measure in (Measure.ERROR_MM, Measure.HD95_MM):
            return WORST_MM
        return 1.0 if self.measure is Measure.BRIER else 0.0

    def scores(self, cases: Cases) -> FloatArray:
        """Read each study's score of a localisation; NaN where there is none."""
        table = CaseTable.of(cases)
        if self.form is None:
            return np.full(len(table), np.nan)
        region = table.localised if self.form is Form.MASK else None
        return table.scores(self.form, self.measure, region)


UNTESTED = frozenset({Measure.PPV, Measure.NPV, Measure.F1_HGG, Measure.F1_LGG, Measure.MCC})
UNTESTED |= {Measure.AUPRC}
"""Their differences have an interval; no test here fits them."""

GRADING = tuple(
    Endpoint(measure)
    for measure in (
        Measure.BALANCED_ACCURACY,
        Measure.ACCURACY,
        Measure.SENSITIVITY,
        Measure.SPECIFICITY,
        Measure.PPV,
        Measure.NPV,
        Measure.F1_HGG,
        Measure.F1_LGG,
        Measure.MCC,
        Measure.AUROC,
        Measure.AUPRC,
        Measure.BRIER,
    )
)
BALANCED_ACCURACY = GRADING[0]
AUROC = Endpoint(Measure.AUROC)
BRIER = Endpoint(Measure.BRIER)
POINT_ERROR = Endpoint(Measure.ERROR_MM, Form.POINT)
"""The localisation that the first paragraph speaks of."""

LEADING = (
    POINT_ERROR,
    Endpoint(Measure.BOX_IOU, Form.BOX),
    Endpoint(Measure.DICE, Form.POLYGON),
    Endpoint(Measure.ERROR_MM, Form.POINT_3D),
    Endpoint(Measure.BOX_IOU, Form.BOX_3D),
    Endpoint(Measure.DICE, Form.MASK),
)
"""Each form's own measure, which the signed-rank test compares."""
PAIRED = (*LEADING, Endpoint(Measure.HD95_MM, Form.MASK))
"""The means of localisation, each with a paired test of its own."""
LOCALISATION = (
    *LEADING,
    Endpoint(Measure.HIT, Form.POINT),
    Endpoint(Measure.ACC_25, Form.BOX),
    Endpoint(Measure.ACC_50, Form.BOX),
    Endpoint(Measure.HIT, Form.POINT_3D),
    Endpoint(Measure.ACC_25, Form.BOX_3D),
    Endpoint(Measure.ACC_50, Form.BOX_3D),
    Endpoint(Measure.HD95_MM, Form.MASK),
)


def primary_choice(
    primary: Endpoint, recorded: Sequence[tuple[str | None, PrimaryOrigin | None]]
) -> PrimaryChoice:
    """Tell how a comparison's primary endpoint was chosen.

    Args:
        primary: The endpoint that decides the comparison.
        recorded: By run, the name of the endpoint that it recorded when it began, and its origin.
    """
    origins = [origin if name == primary.name else None for name, origin in recorded]
    declared = [origin is PrimaryOrigin.DECLARED for origin in origins]
    if all(declared):
        return PrimaryChoice.DECLARED
    if any(declared):
        return PrimaryChoice.PARTLY
    if any(name != primary.name for name, _ in recorded):
        return PrimaryChoice.LATER
    return PrimaryChoice.UNKNOWN if None in origins else PrimaryChoice.DEFAULT
