"""Small things to learn from: bright boxes in noise, asked about in one word each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.adapters.transformers.fine_tuning.fitting import LoraSchedule
from gliobench.adapters.transformers.fine_tuning.lora import LoraOptions
from gliobench.adapters.transformers.fine_tuning.trainer import LoraTrainer
from gliobench.adapters.transformers.mllama.checkpoint import Checkpoint
from gliobench.adapters.transformers.mllama.learner import MllamaLearner
from gliobench.adapters.transformers.mllama.options import MllamaOptions
from gliobench.adapters.vision_language.options import ReadingOptions
from gliobench.adapters.vision_language.prompts import Prompts
from gliobench.domain.answers.questions import Question
from gliobench.domain.geometry.grids import Box3D
from gliobench.domain.studies.study import Case, Grade

PROMPTS = Prompts({question: question.value for question in Question})
"""Of one word each: the tokenizer of the tests knows bytes only."""


def cases(count: int) -> list[Case]:
    return [
        fake_case(
            f"study-{n}",
            shape=(40, 44, 4),
            tumour=Box3D(start=(6 + 2 * n, 10, 1), stop=(16 + 2 * n, 20 + n, 3)),
            grade=Grade.HGG if n % 2 else Grade.LGG,
        )
        for n in range(count)
    ]


def lora_trainer(
    model: Path,
    states: Path,
    studies: Sequence[Case],
    *,
    lora: LoraOptions | None = None,
    variants: int = 1,
    prompts: Prompts = PROMPTS,
    reading: ReadingOptions | None = None,
    max_new_tokens: int = 100,
    **schedule: Any,
) -> LoraTrainer[Checkpoint]:
    return LoraTrainer(
        FakeStudySource(studies),
        MllamaLearner(MllamaOptions(model=str(model), max_new_tokens=max_new_tokens), states),
        reading or ReadingOptions(),
        lora=lora or LoraOptions(rank=4, alpha=8),
        schedule=LoraSchedule(**{"epochs": 2, "batch_size": 2, "learning_rate": 1e-3, **schedule}),
        variants=variants,
        prompts=prompts,
    )


def nothing(_done: int, _wanted: int, _loss: float) -> None:
    """Report no progress."""
