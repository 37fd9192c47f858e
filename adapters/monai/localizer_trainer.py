"""Trains and judges the localizer.

Lesions of patients without a study come first: they belong to no fold, so what is learned from them serves all
folds, and no held-out patient is among them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from math import ceil
from pathlib import Path
from typing import final

import numpy as np
import torch
from monai.losses import DiceLoss
from torch import Tensor, nn
from torch.nn import functional

from gliobench.adapters.monai.brain_lessons import TrainingStudy
from gliobench.adapters.monai.fitting import Batch, Schedule, fit, load_network
from gliobench.adapters.monai.lesion_batches import LesionBatches, LesionWindows
from gliobench.adapters.monai.lesions import LesionCube
from gliobench.adapters.monai.localizer_batches import (
    ABOUT_TUMOURS,
    ANYWHERE,
    LocalizerBatches,
    Transplant,
    Windows,
)
from gliobench.adapters.monai.networks import coarse_network, fine_network
from gliobench.adapters.monai.torch_network import (
    COARSE,
    FINE,
    UNTOLD,
    TorchNetwork,
    trained_localizer,
)
from gliobench.adapters.monai.training_run import learned_from
from gliobench.application.backends.tumour_finder import Regions, find_tumour
from gliobench.application.ports.study_source import StudySource
from gliobench.application.ports.trainer import Progress, Row, TrainingData
from gliobench.application.train.training_studies import StudyTrainer, TrainingStudies, hash_of
from gliobench.domain.errors import JobError
from gliobench.domain.geometry.resampling import resample_to_spacing
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.metrics.localisation import box_iou, centre_error_mm
from gliobench.domain.metrics.segmentation import dice
from gliobench.domain.networks.input import LocalizerGeometry, localizer_volumes
from gliobench.domain.networks.intensity import ROBUST_RULE
from gliobench.domain.networks.region_measures import RegionMeasures
from gliobench.domain.predictions.forms import box_in_volume, point_in_volume
from gliobench.domain.studies.study import Reference, Study

_dice_loss = DiceLoss(sigmoid=True, batch=True, smooth_nr=1.0, smooth_dr=1.0)
_SURE_BACKGROUND = -20.0


@dataclass(frozen=True, slots=True)
class Lessons:
    """How one of the two networks learns: first from lesions of patients without a study, then from studies.

    Args:
        build: Makes the network.
        lesions: How lesions are cut out.
        on_lesions: Steps with them, as a share of the schedule's.
        windows: Which windows of studies it sees.
        on_studies: Steps with them, as a share of the schedule's.
        bfloat16: See `fit`.
    """

    build: Callable[[], nn.Module]
    lesions: LesionWindows
    on_lesions: float
    windows: Windows
    on_studies: float
    bfloat16: bool


LESSONS = {
    COARSE: Lessons(
        coarse_network,
        lesions=LesionWindows(shape=(32, 32, 32), batch_size=16),
        on_lesions=1.0,
        windows=ANYWHERE,
        on_studies=1.0,
        bfloat16=False,
    ),
    FINE: Lessons(
        fine_network,
        lesions=LesionWindows(shape=(32, 32, 20), batch_size=8),
        on_lesions=1.6,
        windows=ABOUT_TUMOURS,
        on_studies=0.6,
        bfloat16=True,
    ),
}
GENTLER = 0.5
"""Rate at which studies are learned from by a network that has learned before, as a share of the schedule's."""


def localizer_loss(network: nn.Module, batch: Batch) -> Tensor:
    """Dice and cross-entropy of three regions, blind where the weights are zero."""
    seen = batch["weights"] > 0
    logits = network(batch["volumes"]).float()
    logits = torch.where(seen, logits, torch.full_like(logits, _SURE_BACKGROUND))
    regions = batch["regions"] * seen
    entropy = functional.binary_cross_entropy_with_logits(logits, regions)
    loss: Tensor = _dice_loss(logits, regions) + entropy
    return loss


@final
class LocalizerTrainer(StudyTrainer):
    """Learns where tumours are from whole studies, and from lesions laid into them.

    Args:
        source: Studies with reference masks; those without are left out.
        cubes: More patients' lesions, to be transplanted; may be empty.
        phantoms: Simulated studies to learn from besides, never to be judged on.
        schedule: How long and how fast to fit.
        batch_size: Windows a step.
        geometry: Voxels and shape of the exported network's input.
        earlier: Training run whose networks to go on from, fold by fold, in place of untrained ones.
    """

    def __init__(
        self,
        source: StudySource,
        cubes: Sequence[LesionCube] = (),
        phantoms: StudySource | None = None,
        *,
        schedule: Schedule,
        batch_size: int = 2,
        geometry: LocalizerGeometry | None = None,
        earlier: Path | None = None,
    ) -> None:
        self._source = source
        self._cubes = cubes
        self._phantoms = phantoms
        self._schedule = schedule
        self._batch_size = batch_size
        self._geometry = geometry or LocalizerGeometry()
        self._earlier = earlier
        self._studies = TrainingStudies.of(source)

    def training_data(self, patients: Collection[str]) -> TrainingData:
        """Name these patients and those of the lesions that are transplanted."""
        contents = self._studies.hashes(patients)
        if self._phantoms:
            contents += [
                self._phantoms.content_hash(study_id) for study_id in self._phantoms.study_ids()
            ]
        cubes = self._cubes_beside(patients)
        contents += [cube.sha256() for cube in cubes]
        named = {*patients, *(cube.patient_id for cube in cubes)}
        return TrainingData(tuple(sorted(named)), hash_of(contents))

    def fit(self, patients: Collection[str], folder: Path, progress: Progress) -> None:
        """Learn from these patients' studies, and from the lesions of all but the others."""
        studies = [
            self._training_study(self._source, study_id) for study_id in self._studies.ids(patients)
        ]
        transplants = [
            Transplant(*cube.on_spacing(self._geometry.spacing_mm))
            for cube in self._cubes_beside(patients)
        ]
        phantoms = self._phantom_studies()
        for name, lessons in LESSONS.items():
            learned = (
                self._earlier_fit(self._earlier / folder.name, patients) / name
                if self._earlier
                else self._learn_lesions(name, lessons, folder.parent, progress)
            )
            schedule = self._steps(lessons.on_studies)
            if learned:
                schedule = replace(schedule, learning_rate=GENTLER * schedule.learning_rate)
            fit(
                partial(load_network, lessons.build, learned) if learned else lessons.build,
                batch_of=LocalizerBatches(
                    studies,
                    transplants,
                    phantoms,
                    windows=lessons.windows,
                    batch_size=self._batch_size,
                    seed=schedule.seed,
                ),
                loss_of=localizer_loss,
                schedule=schedule,
                folder=folder / name,
                progress=progress,
                bfloat16=lessons.bfloat16,
            )

    def predict(self, patients: Collection[str], folder: Path) -> list[Row]:
        """Segment these patients and score them on their own grid."""
        network = trained_localizer(folder, UNTOLD, geometry=self._geometry)
        return [self._row(network, study_id) for study_id in self._studies.ids(patients)]

    def _earlier_fit(self, earlier: Path, patients: Collection[str]) -> Path:
        """Check that the earlier fit of this name has learned from the same data."""
        if learned_from(earlier) != self.training_data(patients):
            raise JobError(
                f"{earlier} has learned from other data: its fits cannot go on with these"
            )
        return earlier

    def _learn_lesions(
        self, name: str, lessons: Lessons, run: Path, progress: Progress
    ) -> Path | None:
        """Learn from the lesions of patients without a study, once for all fits of a run.

        Returns:
            Where the network is left; None where there are no such patients.
        """
        cubes = [cube for cube in self._cubes if cube.patient_id not in self._studies.by_patient]
        if not cubes:
            return None
        schedule = self._steps(lessons.on_lesions)
        learned = hash_of(cube.sha256() for cube in cubes)
        folder = run / f"lesions-{learned[:12]}" / name
        fit(
            lessons.build,
            batch_of=LesionBatches(
                cubes, self._geometry.spacing_mm, windows=lessons.lesions, seed=schedule.seed
            ),
            loss_of=localizer_loss,
            schedule=schedule,
            folder=folder,
            progress=progress,
            bfloat16=lessons.bfloat16,
        )
        return folder

    def _steps(self, share: float) -> Schedule:
        return replace(self._schedule, steps=ceil(share * self._schedule.steps))

    def _cubes_beside(self, patients: Collection[str]) -> list[LesionCube]:
        """Return all lesions but those of the patients with a study who are held out."""
        held_out = set(self._studies.by_patient) - set(patients)
        return [cube for cube in self._cubes if cube.patient_id not in held_out]

    def _phantom_studies(self) -> list[TrainingStudy]:
        if self._phantoms is None:
            return []
        return [
            self._training_study(self._phantoms, study_id)
            for study_id in self._phantoms.study_ids()
        ]

    def _training_study(self, source: StudySource, study_id: str) -> TrainingStudy:
        study = source.study(study_id)
        spacing_mm = self._geometry.spacing_mm
        reference = source.reference(study_id)
        coarse = {
            region: resample_to_spacing(
                voxels.astype(np.float32), spacing_mm=study.grid.spacing_mm, target_mm=spacing_mm
            )
            >= 0.5
            for region, voxels in reference.regions.items()
            if region in NESTED
        }
        labels = BUILT_IN["brats-gli-2017"].merge(coarse)
        volumes = localizer_volumes(study, spacing_mm, rule=ROBUST_RULE)
        return TrainingStudy(volumes, labels, reference.grade)

    def _row(self, network: TorchNetwork, study_id: str) -> Row:
        study, reference = self._source.study(study_id), self._source.reference(study_id)
        found = find_tumour(network, study)
        row = found_row(study, reference, found)
        row["measures"] = asdict(RegionMeasures.of(found, study.grid)) if found else None
        return row | localizer_scores(study, reference=reference.regions, prediction=found)


def found_row(study: Study, reference: Reference, found: Regions | None) -> Row:
    """Begin the row of a study with whose it is, and whether its tumour was found."""
    return {
        "study_id": study.id,
        "patient_id": study.patient_id,
        "site": study.site,
        "grade": reference.grade.value if reference.grade else None,
        "found": found is not None,
    }


def localizer_scores(
    study: Study,
    *,
    reference: Regions,
    prediction: Regions | None,
    regions: Sequence[Region] = NESTED,
) -> Row:
    """Score regions on the study's grid; a tumour that is not found counts as Dice and IoU of 0."""
    if prediction is None:
        missed: Row = {f"dice_{region.value}": 0.0 for region in regions}
        return missed | {"centre_error_mm": None, "box_iou": 0.0}
    whole, expected = prediction[Region.WT], reference[Region.WT]
    return {
        **{
            f"dice_{region.value}": dice(reference=reference[region], prediction=prediction[region])
            for region in regions
        },
        "centre_error_mm": centre_error_mm(
            reference=point_in_volume(expected), prediction=point_in_volume(whole), grid=study.grid
        ),
        "box_iou": box_iou(reference=box_in_volume(expected), prediction=box_in_volume(whole)),
    }
