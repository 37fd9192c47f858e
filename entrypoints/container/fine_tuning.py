"""What fits LoRA adapters (extra `vlm`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gliobench.adapters.transformers.fine_tuning.fitting import LoraSchedule
from gliobench.adapters.transformers.fine_tuning.lora import LoraOptions
from gliobench.adapters.transformers.fine_tuning.trainer import Learner, LoraTrainer
from gliobench.adapters.transformers.hf.checkpoint import with_dialect
from gliobench.adapters.transformers.hf.learner import HfLearner
from gliobench.adapters.transformers.mllama.learner import MllamaLearner
from gliobench.adapters.transformers.mllama.options import LlamaOptions
from gliobench.adapters.transformers.options import HfVisionOptions
from gliobench.adapters.vision_language.options import ReadingOptions
from gliobench.application.ports.study_source import StudySource
from gliobench.application.ports.trainer import Trainer
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.messages import shown
from gliobench.entrypoints.settings import Settings, backend_table


def lora_trainer(
    source: StudySource,
    settings: Settings,
    *,
    backend: str,
    states: Path,
    variants: int,
    four_bit: bool,
    lora: Mapping[str, Any],
    schedule: Mapping[str, Any],
) -> Trainer:
    """Return what trains LoRA adapters for the model of a backend.

    Raises:
        InvalidInputError: The backend is no such model, the studies have no masks, or a value is wrong.
    """
    learner, reading = _learner(backend, backend_table(settings, backend), states)
    return LoraTrainer(
        source,
        learner,
        reading,
        lora=LoraOptions(**lora),
        schedule=LoraSchedule(**schedule),
        variants=variants,
        four_bit=four_bit,
    )


def _learner(
    backend: str, table: dict[str, object], states: Path
) -> tuple[Learner[Any], ReadingOptions]:
    kind = table.pop("kind", None)
    if kind == "hf-vision":
        tuned = with_dialect(HfVisionOptions.checked(table, backend=backend))
        return HfLearner(tuned, states), tuned
    if kind is None and backend in LlamaOptions.backends:
        own = LlamaOptions.checked(table, backend=backend).loading(adapter=None)
        return MllamaLearner(own, states), own
    raise InvalidInputError(
        f"backend {shown(backend)} cannot be tuned: wanted llama-vision, or one whose table has "
        'kind = "hf-vision"'
    )
