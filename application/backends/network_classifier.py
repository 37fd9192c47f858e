"""A network that grades the tumour from a crop about where the localizer found it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import final

import numpy as np

from gliobench.application.backends.tumour_finder import TumourFinder, absent_for, modalities_of
from gliobench.application.ports.classifier import Classifier
from gliobench.application.ports.network import Network
from gliobench.application.predict.failures import failure_of
from gliobench.domain.errors import FaultError
from gliobench.domain.labels.regions import Region
from gliobench.domain.networks.conformal_sets import ConformalSets
from gliobench.domain.networks.grader_input import (
    GraderGeometry,
    grader_volumes,
    intensity_rules,
    tumour_centre,
)
from gliobench.domain.networks.logits import expit
from gliobench.domain.predictions.prediction import Failure, GradePrediction, GradeSet
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
        found = self._finder.regions(study)
        if isinstance(found, Failure):
            return found
        try:
            crop = grader_volumes(
                study,
                centre=tumour_centre(found[Region.WT]),
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
        probability = float(
            expit(np.array(logit / self._network.card.temperature, dtype=np.float64))
        )
        return likelier(probability, self._network.card.conformal)


def likelier(probability_hgg: float, sets: ConformalSets | None) -> GradePrediction:
    """Predict the likelier grade, with the set of grades that are not excluded where limits are known."""
    grade = GradePrediction.likelier(probability_hgg)
    if sets is None:
        return grade
    return replace(grade, grade_set=GradeSet(sets.grades(probability_hgg), sets.coverage))
