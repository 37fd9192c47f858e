"""What a dataset of DICOM files holds: every series, what it is, and what must be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gliobench.domain.studies.mask_choice import MaskChoice
from gliobench.domain.studies.series_choice import ChosenSeries


@dataclass(frozen=True, slots=True)
class StudySeries:
    """The series of one study; no value names a patient.

    Args:
        study_id: Pseudonym of the study.
        patient_id: Pseudonym of the patient.
        site: Pseudonym of the site; None where unknown.
        scanner: Maker, model and field strength.
        choice: The series, and which of them are used.
        fault: Why the study cannot be used at all; empty where it can.
        masks: The segmentations, and which of them is the reference.
    """

    study_id: str
    patient_id: str
    site: str | None
    scanner: str
    choice: ChosenSeries
    fault: str = ""
    masks: MaskChoice = field(default_factory=MaskChoice)

    @property
    def questions(self) -> tuple[str, ...]:
        """What must be settled, a sentence each."""
        return (*self.choice.questions.values(), *filter(None, [self.masks.question]))

    @property
    def is_settled(self) -> bool:
        """Return whether the study can be opened and no series that is used has a flaw."""
        flaws = [series.flaw for series in self.choice.chosen.values()]
        if len(self.masks.chosen) == 1:  # a lesion's flaw is that others are elsewhere
            flaws += [self.masks.chosen[0].flaw]
        return not (self.fault or self.questions or any(flaws)) and bool(self.choice.chosen)


@dataclass(frozen=True, slots=True)
class DicomContent:
    """All series of a dataset.

    Args:
        studies: By study.
        passed_over: How many files are no MR image, by what they are.
    """

    studies: tuple[StudySeries, ...]
    passed_over: Mapping[str, int]
