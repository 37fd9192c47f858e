"""A network that grades the tumour from a crop about where the localizer found it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import final

import numpy as np
from scipy.special import expit

from gliobench.application.backends.tumour_finder import TumourFinder, absent_for, modalities_of
from gliobench.application.ports.classifier import Classifier
from gliobench.application.ports.network import Network
from gliobench.application.predict.failures import failure_of
from gliobench.domain.errors import FaultError
from gliobench.domain.labels.regions import Region
from gliobench.domain.networks.input import (
    GraderGeometry,
    grader_volumes,
    intensity_rules,
    tumour_centre,
)
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    GradePrediction,
    GradeSet,
)
from gliobench.domain.studies.study import Study


@final
class NetworkClassifier(Classifier):
    """Gives a calibrated P(HGG); a study without a tumour found fails.

    Args:
        network: A grader.
        finder: Shared with the localizer, so that a study is segmented once.
    """

    def __init__(self, network: Network, finder: TumourFinder) -> None:
        self._network = network
        self._finder = finder
        card = network.card
        self._modalities = modalities_of(card)
        self._geometry = GraderGeometry(spacing_mm=card.spacing_mm, shape=card.input_shape)

    def classify(self, studies: Sequence[Study]) -> list[GradePrediction | Failure]:
        """Grade each study."""
        return [self._classify(study) for study in studies]

    def _classify(self, study: Study) -> GradePrediction | Failure:
        found = self._finder.find(study)
        if isinstance(found, Failure):
            return found
        if found.regions is None:
            return Failure(FailureReason.NO_TUMOUR_FOUND, "no voxel was taken for tumour")
        try:
            crop = grader_volumes(
                study,
                centre=tumour_centre(found.regions[Region.WT]),
                geometry=self._geometry,
                rules=intensity_rules(
                    study,
                    self._modalities,
                    rule=self._network.card.intensity_rule,
                    absent=absent_for(self._network.card, study),
                ),
            )
            logit = self._network.run(crop[np.newaxis]).item()
        except FaultError as error:
            return failure_of(error)
        probability = float(expit(logit / self._network.card.temperature))
        return replace(GradePrediction.likelier(probability), grade_set=self._set(probability))

    def _set(self, probability_hgg: float) -> GradeSet | None:
        sets = self._network.card.conformal
        return None if sets is None else GradeSet(sets.grades(probability_hgg), sets.coverage)
