"""What fits networks, and what training runs ended in."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from gliobench.domain.errors import MissingExtraError

if TYPE_CHECKING:
    from gliobench.adapters.monai import TrainedNetworks
    from gliobench.application.ports.study_source import StudySource
    from gliobench.application.ports.trainer import Trainer
    from gliobench.entrypoints.settings import Settings

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
    """Give what trains localizers on studies, and on lesions and phantoms besides.

    Args:
        source: The studies.
        lesions: Lesion cubes and their masks.
        phantoms: How many to add.
        steps: Updates of the weights.
        seed: Of weights and batches.

    Raises:
        MissingExtraError: The extra `train` is not installed.
        InvalidInputError: The studies have no masks, or the cubes cannot be read.
    """
    monai = _monai()
    simulated = None
    if phantoms:
        from gliobench.adapters.phantom import PhantomStudySource

        simulated = PhantomStudySource(count=phantoms, seed=PHANTOM_SEED, spacing_mm=2.0)
    trainer: Trainer = monai.LocalizerTrainer(
        source,
        monai.load_lesion_cubes(*lesions) if lesions else [],
        simulated,
        schedule=monai.Schedule(steps=steps, seed=seed),
    )
    return trainer


def grader_trainer(
    source: StudySource | None, *, cubes: Path, masks: Path, steps: int, seed: int
) -> Trainer:
    """Give what trains graders on lesion cubes, and on crops of studies besides.

    Raises:
        MissingExtraError: The extra `train` is not installed.
        InvalidInputError: The cubes cannot be read.
    """
    from gliobench.adapters.nifti.name_mapping import NameMapping

    monai = _monai()
    subjects = NameMapping.near(cubes.resolve().parent).subjects
    trainer: Trainer = monai.GraderTrainer(
        monai.load_lesion_cubes(cubes, masks),
        source,
        sites={name: one.site for name, one in subjects.items() if one.site},
        schedule=monai.Schedule(steps=steps, seed=seed),
    )
    return trainer


def slice_trainer(source: StudySource, *, steps: int, seed: int) -> Trainer:
    """Give what trains the networks of `cnn-2d-onnx` on slices.

    Raises:
        MissingExtraError: The extra `train` is not installed.
        InvalidInputError: The studies are volumes, or none has mask and grade.
    """
    monai = _monai()
    schedule = monai.Schedule(steps=steps, learning_rate=3e-3, weight_decay=1e-2, seed=seed)
    trainer: Trainer = monai.SliceTrainer(source, schedule=schedule)
    return trainer


def lora_trainer(
    source: StudySource,
    settings: Settings,
    *,
    states: Path,
    variants: int,
    four_bit: bool,
    lora: Mapping[str, Any],
    schedule: Mapping[str, Any],
) -> Trainer:
    """Give what trains LoRA adapters for the model that the settings name.

    Raises:
        MissingExtraError: The extra `vlm` is not installed.
        InvalidInputError: The studies have no masks, or a value is wrong.
    """
    from gliobench.adapters.transformers.mllama.options import LlamaOptions
    from gliobench.entrypoints.settings import backend_table

    table = backend_table(settings, "llama-vision")
    options = LlamaOptions.checked(table, backend="llama-vision").loading(adapter=None)
    try:
        from gliobench.adapters.transformers.fine_tuning.fitting import LoraSchedule
        from gliobench.adapters.transformers.fine_tuning.lora import LoraOptions
        from gliobench.adapters.transformers.mllama.fine_tuning.trainer import LoraTrainer
    except ModuleNotFoundError as error:
        raise MissingExtraError(extra="vlm", purpose="Fine-tuning") from error
    return LoraTrainer(
        source,
        options,
        options,
        lora=LoraOptions(**lora),
        schedule=LoraSchedule(**schedule),
        states=states,
        variants=variants,
        four_bit=four_bit,
    )


def trained_networks(
    localizer_run: Path, grader_run: Path | None, *, fold: int | None = None
) -> TrainedNetworks:
    """Load what training runs ended in, or what one of their folds did.

    Args:
        localizer_run: Of the localizer; of both networks of slices, where there is no other.
        grader_run: Of the grader.
        fold: Whose networks; None loads those that learned from everybody.

    Raises:
        MissingExtraError: The extra `train` is not installed.
        NotFoundError: A run is not finished.
    """
    networks: TrainedNetworks = _monai().TrainedNetworks.of(localizer_run, grader_run, fold=fold)
    return networks


def count_folds(run: Path) -> int:
    """Count the folds of a training run.

    Raises:
        MissingExtraError: The extra `train` is not installed.
        NotFoundError: It has none.
    """
    folds: int = _monai().count_folds(run)
    return folds


def _monai() -> ModuleType:
    try:
        return import_module("gliobench.adapters.monai")
    except ModuleNotFoundError as error:
        raise MissingExtraError(extra="train", purpose="Training") from error
