"""Grades the tumour by its regions, as the localizer found them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import final

import numpy as np

from gliobench.application.backends.network_classifier import likelier
from gliobench.application.backends.tumour_finder import TumourFinder
from gliobench.application.ports.classifier import Classifier
from gliobench.domain.networks.logits import expit
from gliobench.domain.networks.region_grader import BASELINE, RegionGrader
from gliobench.domain.networks.region_measures import FEATURES, RegionMeasures
from gliobench.domain.predictions.prediction import Failure, FailureReason, GradePrediction
from gliobench.domain.predictions.reasons import Reason
from gliobench.domain.studies.study import Modality, Study


@final
class RegionClassifier(Classifier):
    """Gives a calibrated P(HGG) with its reasons; a study without a tumour found or without T1c fails.

    It reads no intensities, so it grades whatever the localizer segments, if enhancement could be seen.

    Args:
        grader: The model.
        finder: Shared with the localizer, so that a study is segmented once.
    """

    def __init__(self, grader: RegionGrader, finder: TumourFinder) -> None:
        self._grader = grader
        self._finder = finder

    def classify(self, studies: Sequence[Study]) -> list[GradePrediction | Failure]:
        """Grade each study."""
        return [self._classify(study) for study in studies]

    def _classify(self, study: Study) -> GradePrediction | Failure:
        if Modality.T1C in study.absent:
            return Failure(
                FailureReason.MISSING_MODALITY,
                f"study {study.id} has no t1c ({Modality.T1C.alias}): enhancement, on which the grade "
                "rests, is seen on no other sequence",
            )
        found = self._finder.regions(study)
        if isinstance(found, Failure):
            return found
        return graded(self._grader, RegionMeasures.of(found, study.grid))


def graded(grader: RegionGrader, measures: RegionMeasures) -> GradePrediction:
    """Grade a tumour; the reasons are in order of their weight, the baseline last."""
    parts = grader.log_odds(measures)
    probability = float(expit(np.array(sum(parts.values()), dtype=np.float64)))
    baseline = Reason(BASELINE, "average tumour", parts.pop(BASELINE))
    reasons = [Reason(name, FEATURES[name].text(measures), part) for name, part in parts.items()]
    ordered = sorted(reasons, key=lambda item: -abs(item.log_odds))
    return replace(likelier(probability, grader.conformal), reasons=(*ordered, baseline))
