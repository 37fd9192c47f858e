"""Endpoints of a comparison."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.case_table import Cases, CaseTable
from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.metrics import measures
from gliobench.domain.metrics.measures import Compared, Measure, leading, measures_of
from gliobench.domain.predictions.prediction import Form


class PrimaryOrigin(str, Enum):
    """Where a run's primary endpoint came from."""

    DECLARED = "declared"
    """Set by the user before the run was scored."""
    DEFAULT = "default"
    """Not set by the user."""


class PrimaryChoice(str, Enum):
    """How the primary endpoint of a comparison was chosen, as far as its runs record."""

    DECLARED = "declared before scoring"
    DEFAULT = "the default, not declared before scoring"
    PARTLY = "declared before scoring in some of the runs only"
    UNKNOWN = "recorded before scoring, declared or by default"
    LATER = "chosen for this report"


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
        endpoints = {endpoint.name: endpoint for endpoint in (*GRADING, *LOCALISATION)}
        known = {n: e for n, e in endpoints.items() if e.measure.compared is Compared.BY_TEST}
        if name not in known:
            raise InvalidInputError(f"primary endpoint {name!r}: wanted one of {', '.join(known)}")
        return known[name]

    @property
    def name(self) -> str:
        """`balanced_accuracy`, or with its form `point.error_mm`."""
        return f"{self.form.value}.{self.measure.key}" if self.form else self.measure.key

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is."""
        return -1 if self.measure.lower_is_better else 1

    @property
    def worst(self) -> float:
        """What a failure scores in it."""
        return self.measure.worst or 0.0

    def scores(self, cases: Cases) -> FloatArray:
        """Read each study's score of a localisation; NaN where there is none."""
        table = CaseTable.of(cases)
        if self.form is None:
            return np.full(len(table), np.nan)
        region = table.localised if self.form is Form.MASK else None
        return table.scores(self.form, self.measure, region)


GRADING = tuple(Endpoint(item) for item in measures.GRADING if item.compared is not Compared.NO)
BALANCED_ACCURACY = Endpoint(measures.BALANCED_ACCURACY)
AUROC = Endpoint(measures.AUROC)
BRIER = Endpoint(measures.BRIER)
POINT_ERROR = Endpoint(measures.CENTRE_ERROR, Form.POINT)
"""The localisation that the report makes claims on."""

LEADING = tuple(Endpoint(leading(form), form) for form in Form)
"""Each form's own measure, which the signed-rank test compares."""
LOCALISATION = (
    *LEADING,
    *(
        Endpoint(item, form)
        for form in Form
        for item in measures_of(form)
        if item.compared is not Compared.NO and item is not leading(form)
    ),
)
BY_DEFAULT = (BALANCED_ACCURACY, Endpoint(leading(Form.MASK), Form.MASK), POINT_ERROR, *LEADING)
"""Where none is declared, one of these is the primary endpoint."""
PAIRED = tuple(item for item in LOCALISATION if item.measure.is_mean)
"""The means of localisation, each with a paired test of its own."""


class Answers(NamedTuple):
    """What a backend answers.

    Args:
        grades: Whether it grades.
        forms: In which it localises.
        baseline: Whether it answers by a rule.
    """

    grades: bool
    forms: Collection[Form]
    baseline: bool = False

    def have(self, endpoint: Endpoint) -> bool:
        """Return whether an endpoint measures them; a mask holds a point, a box and an outline."""
        if endpoint.form is None:
            return self.grades
        return not {endpoint.form, Form.MASK}.isdisjoint(self.forms)


def default_primary(answers: Sequence[Answers]) -> Endpoint:
    """Return the primary endpoint where none is declared: decided by what is answered, not how well.

    Args:
        answers: Of one or more backends.

    Returns:
        What most models answer, or most baselines where there is no model: of equals the first of
        balanced accuracy, Dice of the whole tumour, the centre error of points, and other forms.
    """
    judged = [item for item in answers if not item.baseline] or answers
    return max(
        BY_DEFAULT, key=lambda endpoint: sum(item.have(endpoint) for item in judged)
    )  # of equals the first


def primary_choice(
    primary: Endpoint,
    recorded: Sequence[tuple[str | None, PrimaryOrigin | None]],
    *,
    asked: bool = True,
) -> PrimaryChoice:
    """Return how a comparison's primary endpoint was chosen.

    Args:
        primary: The endpoint that decides the comparison.
        recorded: By run, the name of the endpoint that it recorded when it began, and its origin.
        asked: Whether the user named it for this comparison.
    """
    origins = [origin if name == primary.name else None for name, origin in recorded]
    declared = [origin is PrimaryOrigin.DECLARED for origin in origins]
    if all(declared):
        return PrimaryChoice.DECLARED
    if any(declared):
        return PrimaryChoice.PARTLY
    if any(name != primary.name for name, _ in recorded):
        defaults = all(origin is PrimaryOrigin.DEFAULT for _, origin in recorded)
        return PrimaryChoice.DEFAULT if defaults and not asked else PrimaryChoice.LATER
    return PrimaryChoice.UNKNOWN if None in origins else PrimaryChoice.DEFAULT
