"""Trains and judges the grader."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
import torch
from monai.transforms import Compose, RandAffined, RandFlipd, RandRotate90d
from numpy.typing import NDArray
from torch import Generator, Tensor

from gliobench.adapters.monai.fitting import Batch, Schedule, fit, load_network
from gliobench.adapters.monai.lesions import LesionCube
from gliobench.adapters.monai.networks import GraderNetwork, grader_loss
from gliobench.adapters.monai.randomise import rescanned
from gliobench.application.ports.study_source import StudySource
from gliobench.application.ports.trainer import Progress, Row, Trainer, TrainingData
from gliobench.application.train.training_studies import TrainingStudies, case_hash, hash_of
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.regions import Region
from gliobench.domain.networks.grader_input import (
    GraderGeometry,
    grader_crop,
    grader_volumes,
    intensity_rules,
    tumour_centre,
)
from gliobench.domain.networks.input import REGION_ORDER
from gliobench.domain.studies.study import Grade


@dataclass(frozen=True, eq=False)
class Lesion:
    """What the grader learns from.

    Args:
        patient_id: Whose it is.
        grade: Its reference grade.
        volumes: (4, i, j, k) z-scores.
        regions: (3, i, j, k).
        site: Where it was imaged; None where that is unknown.
        sha256: Hash of where it comes from.
    """

    patient_id: str
    grade: Grade
    volumes: NDArray[np.float32]
    regions: NDArray[np.float32]
    site: str | None
    sha256: str


@final
class GraderTrainer(Trainer):
    """Learns grades from lesion cubes, and from the same crops of whole studies.

    Both grades are drawn equally often, so that P(HGG) is stated for even odds, and within a grade all
    sites, so that it is not one scanner that is learned. A patient is judged
    on the lesion cube, and on the crops only where there is none.

    Args:
        cubes: Lesions with grades.
        source: Whole studies with grade and mask, cropped as inference crops; may be absent.
        sites: Site of every patient with a cube, for strata and audits.
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
        of_cubes = [_of_cube(cube, sites.get(cube.patient_id)) for cube in cubes]
        of_studies = _crops(source) if source else []
        with_cube = {cube.patient_id for cube in cubes}
        self._lesions = [*of_cubes, *of_studies]
        self._judged = [
            *of_cubes,
            *(crop for crop in of_studies if crop.patient_id not in with_cube),
        ]
        self._schedule = schedule
        self._batch_size = batch_size

    def strata(self) -> Mapping[str, str]:
        """Name site and grade of every patient; of several crops, the last's."""
        return {lesion.patient_id: f"{lesion.site}×{lesion.grade.value}" for lesion in self._judged}

    def training_data(self, patients: Collection[str]) -> TrainingData:
        """Name these patients, and hash their cubes and crops."""
        contents = hash_of(lesion.sha256 for lesion in _of(patients, self._lesions))
        return TrainingData(tuple(sorted(patients)), contents)

    def fit(self, patients: Collection[str], folder: Path, progress: Progress) -> None:
        """Learn from these patients' cubes and crops."""
        lesions = _of(patients, self._lesions)
        fit(
            GraderNetwork,
            batch_of=GraderBatches(lesions, batch_size=self._batch_size, seed=self._schedule.seed),
            loss_of=grader_loss,
            schedule=self._schedule,
            folder=folder,
            progress=progress,
        )

    def predict(self, patients: Collection[str], folder: Path) -> list[Row]:
        """Grade these patients' lesions."""
        network = load_network(GraderNetwork, folder)
        chosen = _of(patients, self._judged)
        with torch.inference_mode():
            logits = [
                network(torch.from_numpy(lesion.volumes[np.newaxis])).item() for lesion in chosen
            ]
        return [
            {
                "patient_id": one.patient_id,
                "site": one.site,
                "grade": one.grade.value,
                "logit": logit,
            }
            for one, logit in zip(chosen, logits, strict=True)
        ]


def _of(patients: Collection[str], lesions: Sequence[Lesion]) -> list[Lesion]:
    wanted = set(patients)
    return [lesion for lesion in lesions if lesion.patient_id in wanted]


class GraderBatches:
    """Makes the batch of any step, grades even and sites within them; the same at every call.

    Raises:
        InvalidInputError: A grade is absent.
    """

    def __init__(self, lesions: Sequence[Lesion], *, batch_size: int, seed: int) -> None:
        self._sites_of = [
            _by_site([lesion for lesion in lesions if lesion.grade is grade]) for grade in Grade
        ]
        if not all(self._sites_of):
            raise InvalidInputError("a grader needs lesions of both grades to learn from")
        self._batch_size = batch_size
        self._seed = seed
        self._move = _spatial()

    def __call__(self, step: int) -> Batch:
        """Make (N, 4, i, j, k) volumes, (N, 3, i, j, k) regions and (N, 1) hgg."""
        rng = np.random.default_rng((self._seed, step))
        self._move.set_random_state(seed=int(rng.integers(2**31)))
        chance = Generator().manual_seed(int(rng.integers(2**62)))
        chosen = [self._lesion(n, rng) for n in range(self._batch_size)]
        crops = [self._move(_tensors(lesion)) for lesion in chosen]
        brain = torch.stack([crop["brain"] for crop in crops])
        volumes = rescanned(torch.stack([crop["volumes"] for crop in crops]), chance) * brain
        return {
            "volumes": volumes.contiguous(memory_format=torch.channels_last_3d),
            "regions": torch.stack([crop["regions"] for crop in crops]),
            "hgg": torch.tensor([[float(lesion.grade is Grade.HGG)] for lesion in chosen]),
        }

    def _lesion(self, place: int, rng: np.random.Generator) -> Lesion:
        sites = self._sites_of[place % len(self._sites_of)]
        among = sites[rng.integers(len(sites))]
        return among[rng.integers(len(among))]


def _by_site(lesions: Sequence[Lesion]) -> list[list[Lesion]]:
    sites = sorted({str(lesion.site) for lesion in lesions})
    return [[lesion for lesion in lesions if str(lesion.site) == site] for site in sites]


def _tensors(lesion: Lesion) -> dict[str, Tensor]:
    return {
        "volumes": torch.from_numpy(lesion.volumes),
        "regions": torch.from_numpy(lesion.regions),
        "brain": torch.from_numpy((lesion.volumes != 0).astype(np.float32)),
    }


def _spatial() -> Compose:
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
        ]
    )


def _of_cube(cube: LesionCube, site: str | None) -> Lesion:
    return Lesion(
        patient_id=cube.patient_id,
        grade=cube.grade,
        volumes=cube.volumes,
        regions=cube.regions(),
        site=site,
        sha256=cube.sha256(),
    )


def _crops(source: StudySource) -> list[Lesion]:
    return [
        _crop(source, study_id, GraderGeometry())
        for study_ids in TrainingStudies.of(source, graded=True).by_patient.values()
        for study_id in study_ids
    ]


def _crop(source: StudySource, study_id: str, geometry: GraderGeometry) -> Lesion:
    study, reference = source.study(study_id), source.reference(study_id)
    if reference.grade is None:
        raise InvalidInputError(f"study {study_id} has no reference grade")
    centre = tumour_centre(reference.regions[Region.WT])
    regions = [
        grader_crop(reference.regions[region], grid=study.grid, centre=centre, geometry=geometry)
        for region in REGION_ORDER
    ]
    return Lesion(
        patient_id=study.patient_id,
        grade=reference.grade,
        volumes=grader_volumes(
            study, centre=centre, geometry=geometry, rules=intensity_rules(study)
        ),
        regions=np.stack(regions),
        site=study.site,
        sha256=case_hash(source, study_id),
    )
