"""The studies of a source with every image altered, to see what a backend makes of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from hashlib import sha256
from threading import Lock
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from gliobench.application.datasets.studies_of import StudiesOf
from gliobench.application.ports.study_source import StudySource
from gliobench.application.predict.load_modalities import load_modalities
from gliobench.domain.controls.controls import Control
from gliobench.domain.controls.motion import SHIFT_MM, Motion, roomiest_shift
from gliobench.domain.errors import FaultError, NotFoundError
from gliobench.domain.studies.lazy import Lazy
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Modality, Reference, Study

Volume: TypeAlias = NDArray[np.float32]

VERSION = 1
"""Of the alterations; part of every altered study's content hash."""


@final
class ControlledStudies(StudiesOf):
    """Shows the studies of a source under a control, each on its own grid.

    Those that the control cannot alter are not there: no other patient's images may lie on such a
    grid, and a modality that is dropped may be missing anyhow.

    Args:
        source: The studies as they are.
        control: What is done to their images.
        study_ids: The cohort, within which images are swapped.

    Attributes:
        control: As given.
    """

    def __init__(self, source: StudySource, control: Control, study_ids: Collection[str]) -> None:
        super().__init__(source)
        self.control = control
        self._cohort = sorted(set(study_ids))
        self._shifts: dict[str, Motion] = {}

    def study_ids(self) -> list[str]:
        """Name every study that the control alters."""
        return list(self._shown)

    def checked(self, study_id: str) -> str:
        """Return the id of a study that the control alters.

        Raises:
            NotFoundError: It alters no such study.
        """
        if study_id not in self._shown:
            raise NotFoundError(f"study {study_id} is not there under {self.control.value}")
        return study_id

    def study(self, study_id: str) -> Study:
        """Open a study; its images are altered when they are first looked at."""
        shown = self._shown[self.checked(study_id)]
        own = self.whole.study(study_id)
        other = own if shown == study_id else self.whole.study(shown)
        return replace(own, volumes=_altered(other, self._alteration(other), self.control.dropped))

    def modalities(self) -> tuple[Modality, ...]:
        """Name what every study should have: all but the one that the control drops."""
        return tuple(
            modality for modality in self.whole.modalities() if modality != self.control.dropped
        )

    def reference(self, study_id: str) -> Reference:
        """Read what the experts say of a study, moved as its images are."""
        reference = super().reference(study_id)
        if not reference.regions or not self.control.moves:
            return reference
        motion = self.motion(study_id)
        moved = {name: motion.of_array(region) for name, region in reference.regions.items()}
        return replace(reference, regions=moved)

    def content_hash(self, study_id: str) -> str:
        """Hash what the altered volumes are made from (sha256, hex)."""
        content = self.whole.content_hash(self._shown[self.checked(study_id)])
        made_of = f"{self.control.value} {VERSION} {SHIFT_MM} {content}"
        return sha256(made_of.encode()).hexdigest()

    def motion(self, study_id: str) -> Motion:
        """Return how a study's images are moved; a shift is found by reading them.

        Raises:
            NotFoundError: The study is not there.
            InvalidInputError: The study cannot be read.
        """
        self.checked(study_id)
        if self.control is not Control.SHIFTED:
            return Motion(mirrored=self.control is Control.MIRRORED)
        return self._shift(self.whole.study(study_id))

    def _shift(self, study: Study) -> Motion:
        if study.id not in self._shifts:
            brain = np.zeros(study.grid.shape, dtype=np.bool_)
            for volume in load_modalities(study, study.volumes).values():
                brain |= volume != 0
            self._shifts[study.id] = roomiest_shift(brain, study.grid)
        return self._shifts[study.id]

    def _alteration(self, study: Study) -> Callable[[Volume], Volume]:
        match self.control:
            case Control.BLANK:
                return np.zeros_like
            case Control.MIRRORED:
                return Motion(mirrored=True).of_array
            case Control.SHIFTED:
                return lambda volume: self._shift(study).of_array(volume)
        return lambda volume: volume

    @cached_property
    def _shown(self) -> Mapping[str, str]:
        """Name the study whose images are shown for each that is there."""
        if self.control is Control.OTHER_PATIENT:
            return _swapped(_readable(self.whole, self._cohort))
        dropped = self.control.dropped
        if dropped is None:
            return {study_id: study_id for study_id in self._cohort}
        readable = _readable(self.whole, self._cohort)
        return {study.id: study.id for study in readable if dropped in study.volumes}


def _altered(
    study: Study, alter: Callable[[Volume], Volume], dropped: Modality | None
) -> Mapping[Modality, Volume]:
    """Return a study's volumes, each altered at the first look."""
    made: dict[Modality, Volume] = {}
    lock = Lock()  # a shift reads all modalities: one thread does it for all

    def volume(modality: Modality) -> Volume:
        with lock:
            if modality not in made:
                made[modality] = alter(study.volume(modality))
            return made[modality]

    return Lazy([name for name in study.volumes if name is not dropped], volume)


def _readable(source: StudySource, study_ids: Iterable[str]) -> Iterator[Study]:
    for study_id in study_ids:
        try:
            yield source.study(study_id)
        except FaultError:
            continue


def _swapped(studies: Iterable[Study]) -> dict[str, str]:
    """Hand every study the images of another patient's, of those on one kind of grid.

    Sorted by the patients' hashes, each gets the images so many places on as the patient of most
    studies has: no patient gets their own, unless more than half of the studies are one patient's.
    """
    kinds: defaultdict[object, list[tuple[str, str]]] = defaultdict(list)
    for study in studies:
        kind = study.grid.shape, tuple(round(mm, 3) for mm in study.grid.spacing_mm)
        kinds[kind].append((patient_hash(study.patient_id), study.id))
    swapped = {}
    for members in kinds.values():
        members.sort()
        step = max(Counter(patient for patient, _ in members).values())
        for (patient, own), (other, shown) in zip(
            members, members[step:] + members[:step], strict=True
        ):
            if patient != other:
                swapped[own] = shown
    return dict(sorted(swapped.items()))
