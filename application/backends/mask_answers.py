"""Answers with masks that lie in files, and with what is said beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import itemgetter

from gliobench.application.ports.prediction_files import Confidence, PredictionFiles
from gliobench.domain.errors import FaultError, InvalidInputError
from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    NO_TUMOUR,
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    LocalisationPrediction,
    Mask,
    NoTumour,
)
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.study import Study

OTHER_GRID = frozenset({FaultKind.SHAPE_MISMATCH, FaultKind.AFFINE_MISMATCH})


@dataclass(frozen=True, slots=True)
class MaskAnswers:
    """What is said of studies beside their masks.

    Args:
        failures: Why there is no mask, by study.
        confidences: How sure the program is of its masks, and of finding no tumour, by study.
    """

    failures: Mapping[str, Failure] = field(default_factory=dict)
    confidences: Mapping[str, Confidence] = field(default_factory=dict)

    def check_apart(self, masks: Mapping[str, object]) -> None:
        """Check that no study has a mask and a failure.

        Raises:
            InvalidInputError: One has both.
        """
        if both := sorted(masks.keys() & self.failures.keys()):
            raise InvalidInputError(
                f"study {both[0]} has the mask {masks[both[0]]} and a failure in failures.csv: wanted "
                "one of them"
            )

    def values(self) -> str:
        """Return all of it as text, to be hashed."""
        text = f"{sorted(self.failures.items())}\n"
        if self.confidences:
            text += f"{sorted(self.confidences.items(), key=itemgetter(0))}\n"
        return text

    def with_mask(
        self, study: Study, regions: Mapping[Region, BoolArray], convention: LabelConvention
    ) -> LocalisationPrediction:
        """Answer with regions on the study's grid; the localised one is the tumour.

        Raises:
            InvalidInputError: They are no mask.
        """
        whole = {Region.WT: regions[convention.localised]}
        return self._sure(study, Mask(study.grid, {**whole, **regions}))

    def without_mask(self, study: Study) -> LocalisationPrediction | Failure:
        """Answer why there is no mask; that there is no tumour is an answer."""
        failure = self.failures.get(study.id) or Failure(
            FailureReason.MISSING_PREDICTION, f"no mask of study {study.id}"
        )
        found_none = failure.reason is FailureReason.NO_TUMOUR_FOUND
        return self._sure(study, NO_TUMOUR) if found_none else failure

    def _sure(self, study: Study, answer: Mask | NoTumour) -> LocalisationPrediction:
        said = self.confidences.get(study.id)
        if said is None:
            return LocalisationPrediction({Form.MASK: answer})
        return LocalisationPrediction(
            {Form.MASK: answer}, confidence=said.whole, region_confidence=said.regions
        )


class MasksAlone(PredictionFiles):
    """Files that hold masks, and no grade."""

    grades = False
    forms = frozenset({Form.MASK})

    def grade(self, study: Study) -> GradePrediction | Failure:
        """Return that a mask holds no grade."""
        return Failure(FailureReason.MISSING_PREDICTION, f"no grade of study {study.id}")


NOTHING_BESIDE = MaskAnswers()
"""Masks alone."""


def unusable(error: FaultError, *, named: str) -> Failure:
    """Return the failure of a mask that cannot be used.

    Args:
        error: What was wrong with it.
        named: In one line, with the name of the mask.
    """
    elsewhere = isinstance(error, FaultyStudyError) and error.kind in OTHER_GRID
    reason = FailureReason.WRONG_GRID if elsewhere else FailureReason.UNREADABLE_PREDICTION
    return Failure(reason, named)
