"""Hold what backends predicted of one study against its reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np

from gliobench.application.ports.executor import ReadLimit
from gliobench.application.ports.run_store import RunManifest, StudyPrediction
from gliobench.application.ports.study_source import StudySource
from gliobench.application.predict.read_reference import read_reference
from gliobench.application.predict.scope import implausible_images, scope_faults
from gliobench.domain.errors import FaultError
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.evaluation.scoring import Target, score_localisation
from gliobench.domain.evaluation.target_facts import TargetFacts
from gliobench.domain.geometry.grids import FloatArray, Grid
from gliobench.domain.metrics.lesionwise.tasks import GLIOMA, Task, task_of
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    GradePrediction,
    LocalisationPrediction,
    with_answers,
)
from gliobench.domain.studies.faults import Fault
from gliobench.domain.studies.image_hash import image_at_hand, image_hash
from gliobench.domain.studies.implausible_mask import off_brain
from gliobench.domain.studies.patients import is_phantom
from gliobench.domain.studies.study import Grade, Modality, Origin, Reference, Study


@dataclass(frozen=True, eq=False)
class ScoreStudy:
    """Scores predictions of one study, its reference and one of its images read once for all.

    Args:
        study_id: The study.
        origin: Whose it is, and from where.
        content: Hash of its images; None where they cannot be read.
        study: None where it cannot be opened.
        reference: What is not known is not scored.
        task: Whose rules score lesions.
        all_images: Whether all images are checked, as somebody has read them; else the first one is.
        modalities: What every study of the source should have.
    """

    study_id: str
    origin: Origin
    content: str | None
    study: Study | None
    reference: Reference
    task: Task = GLIOMA
    all_images: bool = True
    modalities: Sequence[Modality] = tuple(Modality)

    @classmethod
    def of(
        cls,
        source: StudySource,
        study_id: str,
        content: str | None,
        study: Study | None = None,
        limit: ReadLimit = ReadLimit.ALL,
        *,
        all_images: bool = True,
    ) -> ScoreStudy:
        """Read what a study is scored by.

        Args:
            source: Where it comes from.
            study_id: The study.
            content: Hash of its images.
            study: Itself, where it is open.
            limit: What is looked at, where that may do harm.
            all_images: Whether all images are checked, or only the first one.

        Raises:
            StoreError: The source cannot be read now.
        """
        opened = study or (_open(source, study_id) if limit is ReadLimit.ALL else None)
        seen = (
            Reference(grade=source.grade(study_id))  # so that a failure counts among the grades
            if limit is ReadLimit.NOTHING
            else read_reference(source, study_id)
        )
        task = task_of(source.labels.convention.name if source.labels else None)
        origin = source.origin(study_id)
        return cls(
            study_id,
            origin,
            content,
            opened,
            seen,
            task=task,
            all_images=all_images,
            modalities=source.modalities(),
        )

    def __call__(self, prediction: StudyPrediction, manifest: RunManifest) -> CaseScore:
        """Score one backend.

        Raises:
            InvalidInputError: The study's grid is not that of the predicted mask.
        """
        target, place = self._target, prediction.localisation
        choice = self.study.plane_choice if self.study else None
        shown = manifest.facts.oracle
        if place is not None and not shown:
            place = with_answers(place, manifest.forms)
        return CaseScore(
            study_id=self.study_id,
            patient_id=self.origin.patient_id,
            site=self.origin.site,
            reference_grade=self.reference.grade,
            grade=_grade(prediction.grade, self.reference.grade),
            localisation=score_localisation(
                place, asked=manifest.forms, target=target, sets=manifest.measures
            )
            if place is not None
            else {},
            plane=target.plane if target else None,
            oracle=shown
            or (isinstance(place, LocalisationPrediction) and place.oracle)
            or (choice is not None and choice.counts_as_oracle),
            found_tumour=place.finds_tumour if isinstance(place, LocalisationPrediction) else None,
            confidence=place.confidence if isinstance(place, LocalisationPrediction) else None,
            target=self._facts,
            content_hash=self.content,
            image_hash=None if self._image is None else image_hash(self._image),
            tumour_free=self.reference.has_tumour is False,
            image_fault=self._image_fault,
            image_note=self._image_note,
            reference_fault=self.reference.fault,
            reference_note=self.reference.note or self._mask_note,
            slice_choice=choice,
            simulated=self.study.is_simulated
            if self.study
            else is_phantom(self.study_id) or is_phantom(self.origin.patient_id),
            absent=self._absent,
        )

    @property
    def _absent(self) -> tuple[Modality, ...]:
        lacking = self.study.absent if self.study else ()
        return tuple(modality for modality in lacking if modality in self.modalities)

    @cached_property
    def _target(self) -> Target | None:
        regions = self.reference.regions
        whole = self.reference.tumour
        if whole is None:
            return None
        # The score of a failure needs no grid but for volumes.
        alone = Grid(shape=whole.shape, affine=np.eye(4))
        grid = self.reference.grid or (self.study.grid if self.study else alone)
        return Target.of(regions, grid, self.task)

    @cached_property
    def _image(self) -> FloatArray | None:
        """The first available modality: after skull-stripping, the brain is what is not zero."""
        return None if self.study is None else image_at_hand(self.study)

    @cached_property
    def _image_fault(self) -> Fault | None:
        if self.study is None:
            return None
        seen = self.study.volumes if self.all_images else islice(self.study.volumes, 1)
        return next(implausible_images(self.study, seen), None)

    @cached_property
    def _image_note(self) -> Fault | None:
        """Compare the images, where all of them have been read."""
        if self.study is None or not self.all_images:
            return None
        return next(scope_faults(self.study), None)

    @cached_property
    def _mask_note(self) -> Fault | None:
        whole = self.reference.tumour
        if whole is None or self._image is None or whole.shape != self._image.shape:
            return None
        return off_brain(self.study_id, whole, self._image)

    @cached_property
    def _facts(self) -> TargetFacts | None:
        target = self._target
        if target is None or target.plane is None or self.study is None:
            return None
        brain = None if self._image is None else np.asarray(self._image != 0)
        return TargetFacts.of(target.whole, grid=target.grid, plane=target.plane, brain=brain)


def _grade(
    said: GradePrediction | Failure | None, reference: Grade | None
) -> GradePrediction | Failure | None:
    """Leave out that a backend found no tumour to grade, where the reference has no grade either."""
    if reference is None and isinstance(said, Failure):
        return None if said.reason is FailureReason.NO_TUMOUR_FOUND else said
    return said


def _open(source: StudySource, study_id: str) -> Study | None:
    try:
        return source.study(study_id)
    except FaultError:
        return None
