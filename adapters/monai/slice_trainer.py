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
from gliobench.domain.geometry.grids import BoolArray, Spacing
from gliobench.domain.geometry.resampling import Float32Array, resample_to_spacing
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.localisation import hit
from gliobench.domain.networks.grader_input import (
    GraderGeometry,
    grader_crop,
    grader_volumes,
    intensity_rules,
    tumour_centre,
)
from gliobench.domain.networks.input import Shape, brain_windows, localizer_volumes, window
from gliobench.domain.networks.slice_input import (
    SLICE_MODALITIES,
    SliceGeometry,
    is_slice,
    thick_as,
)
from gliobench.domain.predictions.forms import point_in_volume
from gliobench.domain.studies.study import Grade, Reference, Study

_dice_loss = DiceLoss(sigmoid=True, smooth_nr=1.0, smooth_dr=1.0)
ROOM = 2
"""How much wider than its crop a grader's lesson is, so that turns and shifts find pixels there."""


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


def lessons_of(study: Study, reference: Reference, geometry: SliceGeometry) -> list[TrainingSlice]:
    """Cut a study into windows that hold its brain, one as a rule."""
    spacing_mm = _spacing_mm(study, geometry)
    volumes = localizer_volumes(study, spacing_mm, SLICE_MODALITIES)
    whole = resample_to_spacing(
        reference.regions[Region.WT].astype(np.float32),
        spacing_mm=study.grid.spacing_mm,
        target_mm=spacing_mm,
    )
    stacked = np.concatenate([volumes, whole[np.newaxis]])
    cuts = (window(stacked, s, geometry.shape) for s in brain_windows(volumes, geometry.shape))
    return [
        TrainingSlice(study.patient_id, reference.grade, cut[0, :, :, 0], cut[1, :, :, 0])
        for cut in cuts
    ]


def lesson_about(study: Study, reference: Reference, geometry: SliceGeometry) -> TrainingSlice:
    """Cut a wide crop about a study's reference tumour."""
    i, j, k = geometry.crop
    wide = replace(geometry, crop=(ROOM * i, ROOM * j, k))
    whole = reference.regions[Region.WT]
    tumour = grader_crop(
        whole, grid=study.grid, centre=tumour_centre(whole), geometry=_crop_geometry(study, wide)
    )
    pixels = crop_about(whole, study, wide)
    return TrainingSlice(study.patient_id, reference.grade, pixels[0, :, :, 0], tumour[:, :, 0])


def crop_about(whole: BoolArray, study: Study, geometry: SliceGeometry) -> Float32Array:
    """Cut a grader's input about a tumour, as inference does: (1, i, j, 1) float32."""
    return grader_volumes(
        study,
        centre=tumour_centre(whole),
        geometry=_crop_geometry(study, geometry),
        rules=intensity_rules(study, SLICE_MODALITIES),
    )


def _crop_geometry(study: Study, geometry: SliceGeometry) -> GraderGeometry:
    shape: Shape = geometry.crop
    return GraderGeometry(spacing_mm=_spacing_mm(study, geometry), shape=shape)


def _spacing_mm(study: Study, geometry: SliceGeometry) -> Spacing:
    return thick_as(study.grid, geometry.spacing_mm)
