"""What fits networks, and exports what training runs ended in (extra `train`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from gliobench.adapters.monai import (
    BrainTrainer,
    GraderTrainer,
    LocalizerTrainer,
    RegionTrainer,
    Schedule,
    SliceTrainer,
    TrainedNetworks,
    count_folds,
    load_lesion_cubes,
    load_mask_tumours,
    load_study_tumours,
)
from gliobench.adapters.phantom import PhantomStudySource
from gliobench.application.datasets.name_mapping import NameMapping
from gliobench.application.ports.backend import Backend
from gliobench.application.ports.study_source import StudySource
from gliobench.application.ports.trainer import Trainer
from gliobench.application.train.export_networks import ExportNetworks
from gliobench.entrypoints.container.preparation import embedded_template
from gliobench.entrypoints.progress import tracked

PHANTOM_SEED = 1000
"""Of the phantoms that a localizer learns from."""


def localizer_trainer(
    source: StudySource,
    *,
    lesions: tuple[Path, Path] | None = None,
    phantoms: int = 0,
    earlier: Path | None = None,
    steps: int,
    seed: int,
) -> Trainer:
    """Return what trains localizers on studies, and on lesions and phantoms besides.

    Args:
        source: The studies.
        lesions: Lesion cubes and their masks.
        phantoms: How many to add.
        earlier: Training run whose networks to go on from.
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
        earlier=earlier,
    )


def grader_trainer(
    source: StudySource | None, *, cubes: Path, masks: Path, steps: int, seed: int
) -> Trainer:
    """Return what trains graders on lesion cubes, and on crops of studies besides.

    Raises:
        InvalidInputError: The cubes cannot be read.
    """
    return GraderTrainer(
        load_lesion_cubes(cubes, masks),
        source,
        sites=_sites(cubes),
        schedule=Schedule(steps=steps, seed=seed),
    )


def region_trainer(
    source: StudySource | None,
    *,
    masks: Path,
    localizer_run: Path | None = None,
    features: Sequence[str],
) -> Trainer:
    """Return what trains graders on the regions of masks, and of studies besides.

    Args:
        source: Whole studies with grades and masks; their measures take the place of those of `masks`.
        masks: Archive of masks.
        localizer_run: Of a localizer, whose held-out predictions are learned from; it needs the studies.
        features: Of the model.

    Raises:
        InvalidInputError: The masks cannot be read, or a feature is not known.
        JobError: The localizer has no fold.
    """
    tumours = {tumour.patient_id: tumour for tumour in load_mask_tumours(masks, _sites(masks))}
    if source is not None:
        found = load_study_tumours(source, localizer_run)
        tumours |= {tumour.patient_id: tumour for tumour in found}
    return RegionTrainer(list(tumours.values()), features=features)


def _sites(archive: Path) -> dict[str, str]:
    """Read the sites of patients from the name mapping near an archive."""
    subjects = NameMapping.near(archive.resolve().parent).subjects
    return {name: subject.site for name, subject in subjects.items() if subject.site}


def slice_trainer(source: StudySource, *, steps: int, seed: int) -> Trainer:
    """Return what trains the networks of `cnn-2d-onnx` on slices.

    Raises:
        InvalidInputError: The studies are volumes, or none has mask and grade.
    """
    schedule = Schedule(steps=steps, learning_rate=3e-3, weight_decay=1e-2, seed=seed)
    return SliceTrainer(source, schedule=schedule)


def brain_trainer(
    source: StudySource, *, held_out: Sequence[str] = (), steps: int, seed: int
) -> Trainer:
    """Return what trains the network that outlines brains in heads.

    Raises:
        InvalidInputError: The studies have no masks, or a patient is not among them.
        MissingExtraError: The extra `prepare` is not installed.
    """
    schedule = Schedule(steps=steps, learning_rate=3e-3, checkpoint_every=250, seed=seed)
    return BrainTrainer(source, embedded_template, schedule=schedule, held_out=held_out)


def export_networks(
    source: StudySource,
    localizer_run: Path,
    grader_runs: Sequence[Path] = (),
    *,
    exported_backend: Callable[[str, Path], Backend],
) -> ExportNetworks:
    """Return what exports the networks that training runs ended in.

    Args:
        source: Real studies.
        localizer_run: Of the localizer; of both networks of slices, where there is no other.
        grader_runs: Of the graders: of intensities, of regions, or both.
        exported_backend: Runs exported networks as the backend of a name.
    """
    runs: Sequence[Path | None] = grader_runs or [None]
    return ExportNetworks(
        source,
        networks_of=lambda fold: [
            TrainedNetworks.of(localizer_run, run, fold=fold) for run in runs
        ],
        count_folds=lambda: count_folds(localizer_run),
        exported_backend=exported_backend,
        track=partial(tracked, "checking"),
    )
