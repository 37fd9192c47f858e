"""Trains and judges both networks of slices: one finds the tumour, one grades it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import final

import numpy as np
from monai.losses import DiceLoss
from torch import Tensor, nn
from torch.nn import functional

from gliobench.adapters.monai.fitting import Batch, Schedule, fit
from gliobench.adapters.monai.localizer_trainer import found_row, localizer_scores
from gliobench.adapters.monai.networks import grader_loss
from gliobench.adapters.monai.slice_batches import (
    FOR_GRADER,
    FOR_LOCALIZER,
    SliceBatches,
    TrainingSlice,
)
from gliobench.adapters.monai.slice_lessons import crop_about, lesson_about, lessons_of
from gliobench.adapters.monai.slice_networks import slice_grader, slice_localizer
from gliobench.adapters.monai.torch_network import (
    GRADER,
    LOCALIZER,
    UNTOLD,
    TorchNetwork,
    trained_slice_networks,
)
from gliobench.application.backends.tumour_finder import find_tumour
from gliobench.application.ports.study_source import StudySource
from gliobench.application.ports.trainer import Progress, Row
from gliobench.application.train.training_studies import StudyTrainer, TrainingStudies
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.localisation import hit
from gliobench.domain.networks.slice_input import SliceGeometry, is_slice
from gliobench.domain.predictions.forms import point_in_volume
from gliobench.domain.studies.study import Grade

_dice_loss = DiceLoss(sigmoid=True, smooth_nr=1.0, smooth_dr=1.0)


def localizer_loss(network: nn.Module, batch: Batch) -> Tensor:
    """Dice and cross-entropy of the whole tumour."""
    logits = network(batch["volumes"]).float()
    entropy = functional.binary_cross_entropy_with_logits(logits, batch["regions"])
    loss: Tensor = _dice_loss(logits, batch["regions"]) + entropy
    return loss


@final
class SliceTrainer(StudyTrainer):
    """Learns to find and to grade tumours on single slices.

    Both grades are drawn equally often for the grader, so that P(HGG) is stated for even odds.
    Rows of `predict` are end to end: the grader sees the crop about the predicted tumour.

    Args:
        source: Studies of one axial plane; those without mask or grade are left out.
        schedule: Of the localizer; the grader learns for a sixth of its steps.
        batch_size: Slices a step of the localizer; the grader takes four times as many crops.
        geometry: Pixels and shapes of the networks' inputs.

    Raises:
        InvalidInputError: A study is a volume, or none has a mask and a grade.
    """

    def __init__(
        self,
        source: StudySource,
        *,
        schedule: Schedule,
        batch_size: int = 8,
        geometry: SliceGeometry | None = None,
    ) -> None:
        self._source = source
        self._schedule = schedule
        self._batch_size = batch_size
        self._geometry = geometry or SliceGeometry()
        self._studies = TrainingStudies.of(source, graded=True)
        for study_id in self._studies.ids(self._studies.by_patient):
            if not is_slice(source.study(study_id).grid):
                raise InvalidInputError(
                    f"study {study_id} is a volume: wanted slices, or gliobench train localizer"
                )

    def fit(self, patients: Collection[str], folder: Path, progress: Progress) -> None:
        """Learn to find these patients' tumours, then to grade them."""
        lessons, crops = self._lessons(patients)
        schedules = self._schedule, replace(self._schedule, steps=max(1, self._schedule.steps // 6))
        total = sum(schedule.steps for schedule in schedules)
        fit(
            slice_localizer,
            batch_of=self._batches([lessons], self._geometry.shape, of_grader=False),
            loss_of=localizer_loss,
            schedule=schedules[0],
            folder=folder / LOCALIZER,
            progress=lambda done, _, loss: progress(done, total, loss),
        )
        fit(
            slice_grader,
            batch_of=self._batches(_by_grade(crops), self._geometry.crop, of_grader=True),
            loss_of=grader_loss,
            schedule=schedules[1],
            folder=folder / GRADER,
            progress=lambda done, _, loss: progress(schedules[0].steps + done, total, loss),
        )

    def predict(self, patients: Collection[str], folder: Path) -> list[Row]:
        """Find and grade these patients' tumours, and score them on their own grid."""
        localizer, grader = trained_slice_networks(
            folder, UNTOLD, temperature=1.0, geometry=self._geometry
        )
        return [self._row(localizer, grader, study_id) for study_id in self._studies.ids(patients)]

    def _lessons(
        self, patients: Collection[str]
    ) -> tuple[list[TrainingSlice], list[TrainingSlice]]:
        lessons: list[TrainingSlice] = []
        crops: list[TrainingSlice] = []
        for study_id in self._studies.ids(patients):
            study, reference = self._source.study(study_id), self._source.reference(study_id)
            lessons += lessons_of(study, reference, self._geometry)
            crops.append(lesson_about(study, reference, self._geometry))
        return lessons, crops

    def _batches(
        self,
        groups: Sequence[Sequence[TrainingSlice]],
        shape: tuple[int, int, int],
        *,
        of_grader: bool,
    ) -> SliceBatches:
        return SliceBatches(
            groups,
            size=shape[:2],
            alterations=FOR_GRADER if of_grader else FOR_LOCALIZER,
            beside_mirror=not of_grader,
            batch_size=self._batch_size * (4 if of_grader else 1),
            seed=self._schedule.seed,
        )

    def _row(self, localizer: TorchNetwork, grader: TorchNetwork, study_id: str) -> Row:
        study, reference = self._source.study(study_id), self._source.reference(study_id)
        found = find_tumour(localizer, study)
        logit = None
        if found is not None:
            crop = crop_about(found[Region.WT], study, self._geometry)
            logit = grader.run(crop[np.newaxis]).item()
        row = found_row(study, reference, found) | {"logit": logit}
        point = point_in_volume(found[Region.WT]) if found else None
        row["hit"] = point is not None and hit(
            reference=reference.regions[Region.WT], prediction=point
        )
        return row | localizer_scores(
            study, reference=reference.regions, prediction=found, regions=(Region.WT,)
        )


def _by_grade(crops: Sequence[TrainingSlice]) -> list[list[TrainingSlice]]:
    groups = [[crop for crop in crops if crop.grade is grade] for grade in Grade]
    if not all(groups):
        raise InvalidInputError("a grader needs slices of both grades to learn from")
    return groups
