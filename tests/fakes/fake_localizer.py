"""A localizer in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import final

from gliobench.application.ports.localizer import Localizer
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import Failure, Form, LocalisationPrediction, Mask
from gliobench.domain.studies.study import Modality, Study

PlaceRule = Callable[[Study], LocalisationPrediction | Failure]


def bright_voxels(study: Study) -> LocalisationPrediction | Failure:
    """Find the tumour of a fake case: it is brighter than its brain can be."""
    bright = study.volume(Modality.T2F) > 120
    return LocalisationPrediction({Form.MASK: Mask(study.grid, {Region.WT: bright})})


@final
class FakeLocalizer(Localizer):
    """Localises by a rule, which may raise.

    Args:
        rule: Of one study.
        forms: What it says that it can answer in.
    """

    def __init__(
        self,
        rule: PlaceRule = bright_voxels,
        *,
        forms: Collection[Form] = (Form.MASK,),
    ) -> None:
        self._rule = rule
        self._forms = frozenset(forms)

    @property
    def forms(self) -> frozenset[Form]:
        return self._forms

    def localise(
        self,
        studies: Sequence[Study],
        forms: Collection[Form],
    ) -> list[LocalisationPrediction | Failure]:
        return [self._rule(study) for study in studies]
