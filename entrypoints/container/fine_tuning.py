"""What fits LoRA adapters (extra `vlm`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gliobench.adapters.transformers.fine_tuning.fitting import LoraSchedule
from gliobench.adapters.transformers.fine_tuning.lora import LoraOptions
from gliobench.adapters.transformers.mllama.fine_tuning.trainer import LoraTrainer
from gliobench.adapters.transformers.mllama.options import LlamaOptions
from gliobench.application.ports.study_source import StudySource
from gliobench.application.ports.trainer import Trainer
from gliobench.entrypoints.settings import Settings, backend_table


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
    """Return what trains LoRA adapters for the model that the settings name.

    Raises:
        InvalidInputError: The studies have no masks, or a value is wrong.
    """
    table = backend_table(settings, "llama-vision")
    options = LlamaOptions.checked(table, backend="llama-vision").loading(adapter=None)
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
