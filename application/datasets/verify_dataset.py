"""Find every fault of a dataset before anything is computed on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gliobench.application.datasets.dataset_labels import Track, propose_labels
from gliobench.application.ports.study_source import StudySource
from gliobench.application.predict.read_reference import read_reference
from gliobench.application.predict.scope import scope_faults
from gliobench.domain.errors import FaultError
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.proposal import DatasetLabels, Proposal, UndeclaredLabelsError
from gliobench.domain.studies.background import odd_background
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.image_hash import image_at_hand
from gliobench.domain.studies.implausible_mask import off_brain
from gliobench.domain.studies.plausibility import image_faults
from gliobench.domain.studies.study import ESSENTIAL, Modality, Reference, Study


@dataclass(frozen=True)
class Verification:
    """What was found in a dataset.

    Args:
        n_studies: All studies looked at.
        findings: Faults and notes, by study in the order of the source.
        labels: What the masks' labels mean: declared, or the only convention that is possible.
        proposal: What names and masks say of that, where nothing is declared and there are masks.
    """

    n_studies: int
    findings: tuple[Fault, ...]
    labels: DatasetLabels | None = None
    proposal: Proposal | None = None

    @property
    def has_undeclared_labels(self) -> bool:
        """Return whether a convention has to be declared before masks can be scored."""
        return self.labels is None and self.proposal is not None

    @property
    def faults(self) -> list[Fault]:
        """What keeps a study from being used."""
        return [finding for finding in self.findings if not finding.kind.is_note]

    @property
    def notes(self) -> list[Fault]:
        """What is only worth knowing."""
        return [finding for finding in self.findings if finding.kind.is_note]

    @property
    def n_without_tumour(self) -> int:
        """Studies whose reference says that there is no tumour."""
        return sum(finding.kind is FaultKind.NO_TUMOUR for finding in self.findings)

    @property
    def quarantine(self) -> dict[str, str]:
        """Studies that should not be used, each with all its reasons in one line."""
        reasons: dict[str, list[str]] = {}
        for fault in self.faults:
            reasons.setdefault(fault.study_id, []).append(fault.sentence)
        return {study_id: "; ".join(lines) for study_id, lines in reasons.items()}


def verify_dataset(
    source: StudySource, *, track: Track = iter, track_labels: Track = iter
) -> Verification:
    """Read every file of every study, one study in memory at a time, and report all faults.

    Where the labels' meaning is in doubt, masks are checked as if they had two values.

    Args:
        source: The dataset.
        track: Wraps the study ids, e.g. in a progress bar.
        track_labels: Wraps them while all masks are looked at for their labels, before the rest.

    Raises:
        StoreError: The source cannot be read now: no study is at fault.
    """
    study_ids = source.study_ids()
    proposal = _proposed(source, track_labels) if source.labels is None else None
    if proposal is not None:
        source = source.labelled(_labels(proposal) or DatasetLabels(BUILT_IN["tumour"]))
    first_with: dict[str, str] = {}
    findings: list[Fault] = []
    for study_id in track(study_ids):
        findings += _findings(source, study_id)
        findings += _repetition(source, study_id, first_with)
    return Verification(
        n_studies=len(study_ids),
        findings=tuple(findings),
        labels=source.labels if proposal is None else _labels(proposal),
        proposal=proposal,
    )


def _proposed(source: StudySource, track: Track) -> Proposal | None:
    """Conclude what labels may mean; nothing where the dataset's own names of labels do not say it."""
    try:
        return propose_labels(source, track=track)
    except UndeclaredLabelsError as error:
        return Proposal((), str(error))


def _labels(proposal: Proposal) -> DatasetLabels | None:
    return None if proposal.settled is None else proposal.labels()


def _findings(source: StudySource, study_id: str) -> Iterator[Fault]:
    try:
        study = source.study(study_id)
    except FaultError as error:
        yield Fault.of(study_id, error)
        return
    for modality in source.modalities():
        yield from _volume_faults(study, modality)
    yield from scope_faults(study)
    yield from _reference_findings(study, read_reference(source, study_id))
    yield from source.notes(study_id)


def _volume_faults(study: Study, modality: Modality) -> Iterator[Fault]:
    if modality in study.absent and not set(ESSENTIAL) <= set(study.absent):
        detail = f"no {modality.value} ({modality.alias}): a backend that needs it fails"
        yield Fault(study.id, FaultKind.ABSENT_MODALITY, detail)
        return
    try:
        volume = study.volume(modality)
    except FaultError as error:
        yield Fault.of(study.id, error)
        return
    if not np.isfinite(volume).all():
        yield Fault(study.id, FaultKind.NOT_FINITE, f"{modality.value} holds NaN or infinity")
        return
    faults = list(image_faults(study.id, modality, volume, study.grid))
    yield from faults
    if not faults and (found := odd_background(study.volumes[modality])) is not None:
        detail = f"the background of {modality.value} is {found}: it is taken for 0"
        yield Fault(study.id, FaultKind.BACKGROUND_NOT_ZERO, detail)


def _reference_findings(study: Study, reference: Reference) -> Iterator[Fault]:
    if reference.grade is None:
        yield Fault(study.id, FaultKind.MISSING_GRADE, "no reference grade")
    if reference.note is not None:
        yield reference.note
    if reference.fault is not None:
        yield reference.fault
    elif reference.has_tumour is None:
        yield Fault(study.id, FaultKind.MISSING_MASK, "no reference mask")
    elif not reference.has_tumour:
        yield Fault(study.id, FaultKind.NO_TUMOUR, "the reference mask says that there is none")
    elif (
        (whole := reference.tumour) is not None
        and (image := image_at_hand(study)) is not None
        and (note := off_brain(study.id, whole, image))
    ):
        yield note


def _repetition(source: StudySource, study_id: str, first_with: dict[str, str]) -> Iterator[Fault]:
    """Report a study with the images of an earlier one; unreadable images are reported elsewhere."""
    try:
        content = source.content_hash(study_id)
    except FaultError:
        return
    first = first_with.setdefault(content, study_id)
    if first != study_id:
        yield Fault(study_id, FaultKind.DUPLICATE_CONTENT, f"the same images as {first}")
