"""A network that outlines the tumour in the whole study."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import final

from gliobench.application.backends.tumour_finder import TumourFinder
from gliobench.application.ports.localizer import Localizer
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    NO_TUMOUR,
    Failure,
    Form,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.studies.study import Study


@final
class NetworkLocalizer(Localizer):
    """Answers with the tumour's mask; every other form follows from it.

    Args:
        finder: Shared with the classifier, so that a study is segmented once.
    """

    def __init__(self, finder: TumourFinder) -> None:
        self._finder = finder

    @property
    def forms(self) -> frozenset[Form]:
        """A mask, from which all others follow."""
        return frozenset({Form.MASK})

    def localise(
        self,
        studies: Sequence[Study],
        forms: Collection[Form],  # noqa: ARG002 - a mask is its one form
    ) -> list[LocalisationPrediction | Failure]:
        """Segment each study."""
        return [self._localise(study) for study in studies]

    def _localise(self, study: Study) -> LocalisationPrediction | Failure:
        found = self._finder.find(study)
        if isinstance(found, Failure):
            return found
        mask = NO_TUMOUR if found.regions is None else Mask(study.grid, found.regions)
        return LocalisationPrediction(
            {Form.MASK: mask},
            confidence=found.confidence[Region.WT],
            region_confidence=found.confidence,
        )
