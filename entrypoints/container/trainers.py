"""What fits networks, and exports what training runs ended in (extra `train`)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from gliobench.adapters.monai import (
    GraderTrainer,
    LocalizerTrainer,
    Schedule,
    SliceTrainer,
    TrainedNetworks,
    count_folds,
    load_lesion_cubes,
)
from gliobench.adapters.nifti.name_mapping import NameMapping
from gliobench.adapters.phantom import PhantomStudySource
from gliobench.application.ports.backend import Backend
from gliobench.application.ports.study_source import StudySource
from gliobench.application.ports.trainer import Trainer
from gliobench.application.train.export_networks import ExportNetworks
from gliobench.entrypoints.progress import tracked

PHANTOM_SEED = 1000
"""Of the phantoms that a localizer learns from."""


def localizer_trainer(
    source: StudySource,
    *,
    lesions: tuple[Path, Path] | None = None,
    phantoms: int = 0,
    steps: int,
    seed: int,
) -> Trainer:
    """Return what trains localizers on studies, and on lesions and phantoms besides.

    Args:
        source: The studies.
        lesions: Lesion cubes and their masks.
        phantoms: How many to add.
        steps: Updates of the weights.
        seed: Of weights and batches.

    Raises:
        InvalidInputError: The studies have no masks, or the cubes cannot be read.
    """
    simulated = (
        PhantomStudySource(count=phantoms, seed=PHANTOM_SEED, spacing_mm=2.0) if phantoms else None
    )
    return LocalizerTrainer(
        source,
        load_lesion_cubes(*lesions) if lesions else [],
        simulated,
        schedule=Schedule(steps=steps, seed=seed),
    )


def grader_trainer(
    source: StudySource | None, *, cubes: Path, masks: Path, steps: int, seed: int
) -> Trainer:
    """Return what trains graders on lesion cubes, and on crops of studies besides.

    Raises:
        InvalidInputError: The cubes cannot be read.
    """
    subjects = NameMapping.near(cubes.resolve().parent).subjects
    return GraderTrainer(
        load_lesion_cubes(cubes, masks),
        source,
        sites={name: one.site for name, one in subjects.items() if one.site},
        schedule=Schedule(steps=steps, seed=seed),
    )


def slice_trainer(source: StudySource, *, steps: int, seed: int) -> Trainer:
    """Return what trains the networks of `cnn-2d-onnx` on slices.

    Raises:
        InvalidInputError: The studies are volumes, or none has mask and grade.
    """
    schedule = Schedule(steps=steps, learning_rate=3e-3, weight_decay=1e-2, seed=seed)
    return SliceTrainer(source, schedule=schedule)


def export_networks(
    source: StudySource,
    localizer_run: Path,
    grader_run: Path | None = None,
    *,
    exported_backend: Callable[[str, Path], Backend],
) -> ExportNetworks:
    """Return what exports the networks that training runs ended in.

    Args:
        source: Real studies.
        localizer_run: Of the localizer; of both networks of slices, where there is no other.
        grader_run: Of the grader.
        exported_backend: Runs exported networks as the backend of a name.
    """
    return ExportNetworks(
        source,
        networks_of=lambda fold: TrainedNetworks.of(localizer_run, grader_run, fold=fold),
        count_folds=lambda: count_folds(localizer_run),
        exported_backend=exported_backend,
        track=partial(tracked, "checking"),
    )
