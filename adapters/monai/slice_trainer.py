"""Trains and judges both networks of slices: one finds the tumour, one grades it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import final

import numpy as np
from monai.losses import DiceLoss
from torch import Tensor, nn
from torch.nn import functional

from gliobench.adapters.monai.fitting import Batch, Schedule, fit
from gliobench.adapters.monai.slice_batches import (
    FOR_GRADER,
    FOR_LOCALIZER,
    SliceBatches,
    TrainingSlice,
)
from gliobench.adapters.monai.slice_lessons import crop_about, lesson_about, lessons_of
from gliobench.adapters.monai.slice_networks import SliceGrader, slice_localizer
from gliobench.adapters.monai.torch_network import (
    GRADER,
    LOCALIZER,
    UNTOLD,
    TorchNetwork,
    trained_slice_networks,
)
from gliobench.application.backends.tumour_finder import Regions, find_tumour
from gliobench.application.ports.study_source import StudySource
from gliobench.application.ports.trainer import Progress, Row, Trainer, TrainingData
from gliobench.application.train.training_studies import TrainingStudies, hash_of
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.localisation import box_iou, centre_error_mm, hit
from gliobench.domain.metrics.segmentation import dice
from gliobench.domain.networks.slice_input import SliceGeometry, is_slice
from gliobench.domain.predictions.forms import box_in_volume, point_in_volume
from gliobench.domain.studies.study import Grade, Study

LABEL_SMOOTHING = 0.025
_OUTLINE_STRIDE = 4

_dice_loss = DiceLoss(sigmoid=True, smooth_nr=1.0, smooth_dr=1.0)


def localizer_loss(network: nn.Module, batch: Batch) -> Tensor:
    """Dice and cross-entropy of the whole tumour."""
    logits = network(batch["pixels"]).float()
    entropy = functional.binary_cross_entropy_with_logits(logits, batch["tumour"])
    loss: Tensor = _dice_loss(logits, batch["tumour"]) + entropy
    return loss


def grader_loss(network: nn.Module, batch: Batch) -> Tensor:
    """Cross-entropy of the grade, and of the tumour's outline at a quarter of the resolution."""
    if not isinstance(network, SliceGrader):
        raise TypeError(f"a {type(network).__name__} is no SliceGrader")
    logits, outline = network.forward_with_outline(batch["pixels"])
    grade = batch["hgg"] * (1 - 2 * LABEL_SMOOTHING) + LABEL_SMOOTHING
    tumour = functional.avg_pool2d(batch["tumour"], _OUTLINE_STRIDE)
    decided = functional.binary_cross_entropy_with_logits(logits.float(), grade)
    return decided + functional.binary_cross_entropy_with_logits(outline.float(), tumour)


@final
class SliceTrainer(Trainer):
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

    def strata(self) -> Mapping[str, str]:
        """Name site and grade of every patient; of several studies, the first's."""
        return self._studies.strata()

    def training_data(self, patients: Collection[str]) -> TrainingData:
        """Name these patients, and hash their studies."""
        contents = hash_of(self._studies.hashes(patients))
        return TrainingData(tuple(sorted(patients)), contents)

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
            SliceGrader,
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
        row: Row = {
            "study_id": study_id,
            "patient_id": study.patient_id,
            "site": study.site,
            "grade": reference.grade.value if reference.grade else None,
            "found": found is not None,
            "logit": logit,
        }
        return row | _scores(study, reference=reference.regions, prediction=found)


def _by_grade(crops: Sequence[TrainingSlice]) -> list[list[TrainingSlice]]:
    groups = [[crop for crop in crops if crop.grade is grade] for grade in Grade]
    if not all(groups):
        raise InvalidInputError("a grader needs slices of both grades to learn from")
    return groups


def _scores(study: Study, *, reference: Regions, prediction: Regions | None) -> Row:
    if prediction is None:
        return {"dice_WT": 0.0, "hit": False, "centre_error_mm": None, "box_iou": 0.0}
    whole, expected = prediction[Region.WT], reference[Region.WT]
    point = point_in_volume(whole)
    return {
        "dice_WT": dice(reference=expected, prediction=whole),
        "hit": hit(reference=expected, prediction=point),
        "centre_error_mm": centre_error_mm(
            reference=point_in_volume(expected), prediction=point, grid=study.grid
        ),
        "box_iou": box_iou(reference=box_in_volume(expected), prediction=box_in_volume(whole)),
    }
