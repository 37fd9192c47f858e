"""What training runs leave behind, ready to be exported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from scipy.special import expit

from gliobench.adapters.monai.onnx_export import write_onnx
from gliobench.adapters.monai.region_trainer import load_region_grader
from gliobench.adapters.monai.torch_network import (
    TorchNetwork,
    trained_grader,
    trained_localizer,
    trained_slice_networks,
)
from gliobench.application.ports.trainer import TrainingData
from gliobench.application.train.cross_validate import TRAINING_DATA
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.files.documents import read_document, read_file
from gliobench.domain.files.whole import write_whole
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.networks.region_grader import REGION_GRADER, RegionGrader
from gliobench.domain.statistics.conformal import fit_conformal_sets
from gliobench.domain.statistics.temperature import fit_temperature
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Grade

T = TypeVar("T")
Fold = Annotated[int, Field(ge=0, lt=1000)]


class _HeldOut(BaseModel):
    """What temperature and conformal sets are fitted on, of a held-out prediction."""

    model_config = ConfigDict(strict=True, frozen=True)

    fold: Fold
    grade: Grade | None = None
    logit: float | None = Field(None, allow_inf_nan=False)


_FOLDS: TypeAdapter[Mapping[str, int]] = TypeAdapter(
    Annotated[Mapping[str, Fold], Field(min_length=1)]
)
_DATA = TypeAdapter(TrainingData)
_HELD_OUT = TypeAdapter(list[_HeldOut])
COVERAGE = 0.9
"""Of the sets of grades: with it, ten patients of a grade are enough for a limit."""


@dataclass(frozen=True, slots=True)
class TrainedNetworks:
    """A localizer in PyTorch and a grader, of intensities in PyTorch or of regions."""

    localizer: TorchNetwork
    grader: TorchNetwork | RegionGrader

    @classmethod
    def of(
        cls, localizer_run: Path, grader_run: Path | None = None, *, fold: int | None = None
    ) -> TrainedNetworks:
        """Load the final fits of two training runs, or of one of slices, or those of one fold.

        The grader's temperature and conformal sets are fitted on its run's held-out predictions; a
        fold's on those of the patients that it has learned from, so that it stays blind for its own.

        Args:
            localizer_run: Of the localizer; of slices, where there is no other.
            grader_run: Of the grader.
            fold: Whose networks; None loads those that learned from everybody.

        Raises:
            NotFoundError: A run is not finished.
            InvalidInputError: A run is of other networks, or a file of it is damaged.
            JobError: A checkpoint cannot be read, or its fit is not done.
        """
        is_hgg, logit = _held_out(grader_run or localizer_run, fold)
        temperature = fit_temperature(reference=is_hgg, logit=logit)
        grades: TorchNetwork | RegionGrader
        if grader_run is None:
            fit = _fit(localizer_run, fold)
            finds, grades = trained_slice_networks(*fit, temperature=temperature)
        else:
            finds = trained_localizer(*_fit(localizer_run, fold))
            grades = _grader(*_fit(grader_run, fold), temperature=temperature)
        sets = fit_conformal_sets(
            reference=is_hgg, probability=expit(logit / temperature), coverage=COVERAGE
        )
        if isinstance(grades, RegionGrader):
            return cls(finds, replace(grades, conformal=sets))
        return cls(finds, TorchNetwork(grades.network, replace(grades.card, conformal=sets)))

    @property
    def trained_on(self) -> frozenset[str]:
        """`patient_hash` of every patient that either learned from."""
        grader = self.grader if isinstance(self.grader, RegionGrader) else self.grader.card
        return frozenset((*self.localizer.card.trained_on, *grader.trained_on))

    def recognising(self, images: tuple[str, ...]) -> TrainedNetworks:
        """Name in both cards, once exported, the images that they learned from, by `image_hash`."""
        if isinstance(self.grader, RegionGrader):
            grader: TorchNetwork | RegionGrader = replace(self.grader, learned_images=images)
        else:
            grader = _recognising(self.grader, images)
        return TrainedNetworks(_recognising(self.localizer, images), grader)

    def write(self, folder: Path) -> None:
        """Write localizer.onnx, and grader.onnx or grader.json.

        Raises:
            BackendError: A network cannot be exported.
        """
        write_onnx(self.localizer, folder / "localizer.onnx")
        if isinstance(self.grader, RegionGrader):
            write_whole(folder / REGION_GRADER, self.grader.to_json().encode())
        else:
            write_onnx(self.grader, folder / "grader.onnx")


def count_folds(run: Path) -> int:
    """Count the folds of a training run.

    Raises:
        NotFoundError: It has none.
    """
    return 1 + max(_folds(run).values())


def learned_from(folder: Path) -> TrainingData:
    """Read what the fit in a folder learned from.

    Raises:
        NotFoundError: It does not say.
        InvalidInputError: What it says cannot be read.
    """
    return _read(_DATA, folder / TRAINING_DATA)


def _grader(folder: Path, data: TrainingData, *, temperature: float) -> TorchNetwork | RegionGrader:
    """Load the grader of a fit, of whichever kind it is."""
    if not (folder / REGION_GRADER).exists():
        return trained_grader(folder, data, temperature=temperature)
    return replace(
        load_region_grader(folder),
        training_data=data.sha256,
        trained_on=tuple(patient_hash(patient) for patient in data.patients),
        temperature=temperature,
    )


def _recognising(network: TorchNetwork, images: tuple[str, ...]) -> TorchNetwork:
    return TorchNetwork(network.network, replace(network.card, learned_images=images))


def _held_out(run: Path, fold: int | None) -> tuple[BoolArray, FloatArray]:
    """Return which patients are HGG, and the logits of the folds that had not learned from them."""
    path = run / "out_of_fold.json"
    held_out = _read(_HELD_OUT, path)
    if not all("logit" in row.model_fields_set for row in held_out):
        raise InvalidInputError(
            f"{path} is of no grader: name the localizer's run first and the grader's second, or "
            "the run of slices alone"
        )
    rows = [row for row in held_out if row.fold != fold and row.logit is not None]
    return (
        np.array([row.grade is Grade.HGG for row in rows]),
        np.array([row.logit for row in rows], dtype=np.float64),
    )


def _fit(run: Path, fold: int | None) -> tuple[Path, TrainingData]:
    """Return a fit's folder, and what it learned from.

    Older runs say so of the final fit alone: a fold's had all but its own patients.
    """
    folder = run / ("final" if fold is None else f"fold-{fold}")
    if (folder / TRAINING_DATA).exists():
        return folder, learned_from(folder)
    kept = learned_from(run / "final")
    folds = _folds(run)
    patients = tuple(patient for patient in kept.patients if folds.get(patient) != fold)
    return folder, TrainingData(patients, kept.sha256)


def _folds(run: Path) -> Mapping[str, int]:
    return _read(_FOLDS, run / "folds.json")


def _read(form: TypeAdapter[T], path: Path) -> T:
    if not path.is_file():
        raise NotFoundError(f"{path} is not there: finish the run with gliobench train")
    return read_document(
        partial(form.validate_json, strict=True), read_file(path), name=f"{path} cannot be read"
    )
