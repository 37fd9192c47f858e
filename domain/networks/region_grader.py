"""A grader that reads the tumour's regions: a logistic model with its card, stored as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.networks.conformal_sets import ConformalSets
from gliobench.domain.networks.region_measures import FEATURES, RegionMeasures

KIND = "region-grader"
REGION_GRADER = "grader.json"
"""How its file is named."""
VERSION = 1
BASELINE = "baseline"
"""The share of the log-odds that depends on no feature: those of a tumour average in all of them."""


@dataclass(frozen=True, slots=True)
class Term:
    """One feature of a linear model.

    Args:
        feature: Its key in `FEATURES`.
        mean: Of the training tumours, both grades weighing the same.
        deviation: Likewise, positive.
        coefficient: Log-odds of HGG for one deviation above the mean.
    """

    feature: str
    mean: float
    deviation: float
    coefficient: float

    def __post_init__(self) -> None:
        if self.feature not in FEATURES:
            known = ", ".join(FEATURES)
            raise InvalidInputError(
                f"region grader: feature {self.feature!r}: wanted one of {known}"
            )
        numbers = (self.mean, self.deviation, self.coefficient)
        if not all(map(math.isfinite, numbers)) or self.deviation <= 0:
            raise InvalidInputError(
                f"region grader: {self.feature}: {numbers}: wanted finite numbers and a positive "
                "deviation"
            )


@dataclass(frozen=True, slots=True)
class RegionGrader:
    """Grades a tumour by its regions; what inference and readers need to know of it.

    Args:
        terms: At least one, each of another feature.
        intercept: Log-odds of HGG of a tumour average in all features, before calibration.
        training_data: sha256 of the training tumours.
        trained_on: `patient_hash` of every training patient.
        temperature: Divides the log-odds; fitted on out-of-fold predictions.
        learned_images: `image_hash` of the images of those patients that were available at export.
        conformal: When a grade is excluded; None where that was not fitted.
        kind: `region-grader`.
        version: Of the features' meaning.

    Raises:
        InvalidInputError: This version cannot compute it.
    """

    terms: tuple[Term, ...]
    intercept: float
    training_data: str = ""
    trained_on: tuple[str, ...] = ()
    temperature: float = 1.0
    learned_images: tuple[str, ...] = ()
    conformal: ConformalSets | None = None
    kind: str = KIND
    version: int = VERSION

    def __post_init__(self) -> None:
        if (self.kind, self.version) != (KIND, VERSION):
            raise InvalidInputError(
                f"region grader: {self.kind!r} of version {self.version}: wanted {KIND!r} of {VERSION}"
            )
        names = [term.feature for term in self.terms]
        if not names or len(set(names)) < len(names):
            raise InvalidInputError(f"region grader: features {names}: wanted different ones")
        if not math.isfinite(self.intercept):
            raise InvalidInputError(f"region grader: intercept {self.intercept} is not finite")
        if not 0 < self.temperature < math.inf:
            raise InvalidInputError(
                f"region grader: temperature {self.temperature} is not positive"
            )

    @property
    def architecture(self) -> str:
        """Name the model and its features."""
        return f"logistic regression on regions: {', '.join(term.feature for term in self.terms)}"

    @property
    def learned(self) -> frozenset[str]:
        """The hashes of all training patients and images."""
        return frozenset((*self.trained_on, *self.learned_images))

    @property
    def of_slices(self) -> bool:
        """Return whether it grades single slices: their regions have no volumes."""
        return False

    def log_odds(self, measures: RegionMeasures) -> dict[str, float]:
        """Return what each feature and the baseline add to the calibrated log-odds of HGG."""
        parts = {
            term.feature: term.coefficient
            * (FEATURES[term.feature].value(measures) - term.mean)
            / term.deviation
            for term in self.terms
        }
        return {
            name: part / self.temperature
            for name, part in (parts | {BASELINE: self.intercept}).items()
        }

    def to_json(self) -> str:
        """Write it as JSON."""
        return json.dumps(asdict(self), indent=1) + "\n"
