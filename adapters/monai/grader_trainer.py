"""Trains and judges the grader."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
import torch
from monai.transforms import (
    Compose,
    RandAffined,
    RandFlipd,
    RandGaussianSmoothd,
    RandRotate90d,
    RandScaleIntensityd,
    RandShiftIntensityd,
)
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from gliobench.adapters.monai.fitting import Batch, Schedule, fit, load_network
from gliobench.adapters.monai.lesions import LesionCube, hash_of
from gliobench.adapters.monai.networks import GraderNetwork
from gliobench.application.ports.study_source import StudySource
from gliobench.application.ports.trainer import Progress, Row, Trainer, TrainingData
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.network_input import (
    REGION_ORDER,
    GraderGeometry,
    grader_crop,
    grader_volumes,
    intensity_rules,
    tumour_centre,
)
from gliobench.domain.regions import Region
from gliobench.domain.study import Grade

LABEL_SMOOTHING = 0.025
_OUTLINE_STRIDE = 4


@dataclass(frozen=True, eq=False)
class Lesion:
    """What the grader learns from: (4, i, j, k) z-scores, (3, i, j, k) regions, and the grade."""

    patient_id: str
    grade: Grade
    volumes: NDArray[np.float32]
    regions: NDArray[np.float32]


def grader_loss(network: nn.Module, batch: Batch) -> Tensor:
    """Cross-entropy of the grade, and of the tumour's outline at a quarter of the resolution."""
    if not isinstance(network, GraderNetwork):
        raise TypeError(f"a {type(network).__name__} is no GraderNetwork")
    logits, outline = network.forward_with_outline(batch["volumes"])
    grade = batch["hgg"] * (1 - 2 * LABEL_SMOOTHING) + LABEL_SMOOTHING
    regions = functional.avg_pool3d(batch["regions"], _OUTLINE_STRIDE)
    decided = functional.binary_cross_entropy_with_logits(logits.float(), grade)
    return decided + functional.binary_cross_entropy_with_logits(outline.float(), regions)


@final
class GraderTrainer(Trainer):
    """Learns grades from lesion cubes, and from the same crops of whole studies.

    Both grades are drawn equally often, so that P(HGG) is stated for even odds.

    Args:
        cubes: Lesions with grades.
        source: Whole studies with grade and mask, cropped as inference crops; may be absent.
        sites: Site of every patient, for strata and audits.
        schedule: How long and how fast.
        batch_size: Crops a step.
    """

    def __init__(
        self,
        cubes: Sequence[LesionCube],
        source: StudySource | None,
        *,
        sites: Mapping[str, str],
        schedule: Schedule,
        batch_size: int = 16,
    ) -> None:
        self._contents = hash_of(
            [source.content_hash(one) for one in source.study_ids()] if source else [], cubes
        )
        self._cubes = [Lesion(c.patient_id, c.grade, c.volumes, c.regions()) for c in cubes]
        self._crops = _crops(source) if source else []
        self._sites = sites
        self._schedule = schedule
        self._batch_size = batch_size

    def strata(self) -> Mapping[str, str]:
        """Name site and grade of every patient with a lesion cube."""
        return {
            c.patient_id: f"{self._sites.get(c.patient_id)}×{c.grade.value}" for c in self._cubes
        }

    def training_data(self) -> TrainingData:
        """Name the patients of the cubes and of the studies."""
        patients = {one.patient_id for one in (*self._cubes, *self._crops)}
        return TrainingData(tuple(sorted(patients)), self._contents)

    def fit(self, patients: Collection[str], folder: Path, progress: Progress) -> None:
        """Learn from these patients' cubes and crops."""
        wanted = set(patients)
        lesions = [one for one in (*self._cubes, *self._crops) if one.patient_id in wanted]
        fit(
            GraderNetwork,
            batch_of=GraderBatches(lesions, batch_size=self._batch_size, seed=self._schedule.seed),
            loss_of=grader_loss,
            schedule=self._schedule,
            folder=folder,
            progress=progress,
        )

    def predict(self, patients: Collection[str], folder: Path) -> list[Row]:
        """Grade these patients' lesion cubes."""
        network = load_network(GraderNetwork, folder)
        chosen = [one for one in self._cubes if one.patient_id in set(patients)]
        with torch.inference_mode():
            logits = [network(torch.from_numpy(one.volumes[np.newaxis])).item() for one in chosen]
        return [
            {
                "patient_id": one.patient_id,
                "site": self._sites.get(one.patient_id),
                "grade": one.grade.value,
                "logit": logit,
            }
            for one, logit in zip(chosen, logits, strict=True)
        ]


class GraderBatches:
    """Makes the batch of any step, grades even; the same step always gives the same batch.

    Raises:
        InvalidInputError: A grade is absent.
    """

    def __init__(self, lesions: Sequence[Lesion], *, batch_size: int, seed: int) -> None:
        self._by_grade = [[one for one in lesions if one.grade is grade] for grade in Grade]
        if not all(self._by_grade):
            raise InvalidInputError("a grader needs lesions of both grades to learn from")
        self._batch_size = batch_size
        self._seed = seed
        self._augment = _augmentation()

    def __call__(self, step: int) -> Batch:
        """Make (N, 4, i, j, k) volumes, (N, 3, i, j, k) regions and (N, 1) hgg."""
        rng = np.random.default_rng((self._seed, step))
        self._augment.set_random_state(seed=int(rng.integers(2**31)))
        chosen = [self._lesion(n, rng) for n in range(self._batch_size)]
        crops = [self._augment(_tensors(one)) for one in chosen]
        volumes = torch.stack([crop["volumes"] * crop["brain"] for crop in crops])
        return {
            "volumes": volumes.contiguous(memory_format=torch.channels_last_3d),
            "regions": torch.stack([crop["regions"] for crop in crops]),
            "hgg": torch.tensor([[float(one.grade is Grade.HGG)] for one in chosen]),
        }

    def _lesion(self, place: int, rng: np.random.Generator) -> Lesion:
        among = self._by_grade[place % len(self._by_grade)]
        return among[rng.integers(len(among))]


def _tensors(lesion: Lesion) -> dict[str, Tensor]:
    return {
        "volumes": torch.from_numpy(lesion.volumes),
        "regions": torch.from_numpy(lesion.regions),
        "brain": torch.from_numpy((lesion.volumes != 0).astype(np.float32)),
    }


def _augmentation() -> Compose:
    everything = ["volumes", "regions", "brain"]
    return Compose(
        [
            *(RandFlipd(everything, prob=0.5, spatial_axis=axis) for axis in range(3)),
            RandRotate90d(everything, prob=0.5, spatial_axes=(0, 1)),
            RandAffined(
                everything,
                prob=0.7,
                rotate_range=(0.3, 0.3, 0.3),
                scale_range=(0.15, 0.15, 0.15),
                translate_range=(4, 4, 4),
                mode=("bilinear", "nearest", "nearest"),
                padding_mode="zeros",
            ),
            RandScaleIntensityd("volumes", factors=0.15, prob=1.0, channel_wise=True),
            RandShiftIntensityd("volumes", offsets=0.25, prob=1.0, channel_wise=True),
            RandGaussianSmoothd("volumes", prob=0.2),
        ]
    )


def _crops(source: StudySource) -> list[Lesion]:
    geometry = GraderGeometry()
    lesions = []
    for study_id in source.study_ids():
        reference = source.reference(study_id)
        if reference.grade is None or not reference.regions.get(Region.WT, np.False_).any():
            continue
        study = source.study(study_id)
        centre = tumour_centre(reference.regions[Region.WT])
        volumes = grader_volumes(
            study, centre=centre, geometry=geometry, rules=intensity_rules(study)
        )
        regions = np.stack(
            [
                grader_crop(
                    reference.regions[region], grid=study.grid, centre=centre, geometry=geometry
                )
                for region in REGION_ORDER
            ]
        )
        lesions.append(Lesion(study.patient_id, reference.grade, volumes, regions))
    return lesions
