"""The studies that a report is on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.studies.study import Grade


@dataclass(frozen=True, slots=True)
class CohortDescription:
    """What was evaluated on.

    Args:
        name: What the user called it: the folder's name.
        fingerprint: Hash of the studies' ids and contents.
        n_studies: All of them.
        n_patients: Fewer, where a patient came twice.
        n_with_tumour: Studies whose reference shows a tumour.
        n_without_tumour: Studies whose reference says that there is none.
        image_faults: Why a study's images show no brain without its skull, by study id. It is still
            scored.
        reference_faults: Why a part of a study's reference could not be read, by study id. Nothing
            is scored there that needs it.
        labels: What the labels of the reference masks mean, and on what ground; None where there is
            no mask of labels, or an older run does not say.
        grades: Studies by reference grade; None is an unknown one.
        sites: Studies by site and grade; None is an unknown one.
        n_simulated: Phantoms among the studies: where there is one, no backend is ranked.
        n_single_slices: Studies of one plane, in which nothing is measured in a volume.
    """

    name: str
    fingerprint: str
    n_studies: int
    n_patients: int
    n_with_tumour: int
    n_without_tumour: int
    grades: Mapping[Grade | None, int]
    sites: Mapping[str | None, Mapping[Grade | None, int]]
    image_faults: Mapping[str, str] = field(default_factory=dict)
    reference_faults: Mapping[str, str] = field(default_factory=dict)
    labels: DatasetLabels | None = None
    n_simulated: int = 0
    n_single_slices: int = 0

    @property
    def n_unannotated(self) -> int:
        """Number of studies for which it is unknown whether there is a tumour."""
        return self.n_studies - self.n_with_tumour - self.n_without_tumour

    @property
    def is_ranked(self) -> bool:
        """Return whether backends are ranked: only if every study is of a patient."""
        return self.n_simulated == 0

    @property
    def has_volumes(self) -> bool:
        """Return whether any study is more than a single slice."""
        return self.n_single_slices < self.n_studies
