"""One LoRA fit by Transformers' Trainer: resumable, watched, whole or not at all."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import torch
import transformers
from peft import PeftModel
from torch import Tensor, nn
from torch.utils.data import Dataset
from transformers import (
    PrinterCallback,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from gliobench.application.ports.trainer import Progress
from gliobench.domain.errors import InvalidInputError, JobError
from gliobench.domain.files.tables import write_csv
from gliobench.domain.files.whole import write_whole

ADAPTER = "adapter"
CURVE = "curve.csv"
_CHECKPOINTS = "checkpoints"
_SETTINGS = "settings.json"
_SOON = 10
"""Steps within which no honest loss is zero."""

Batch: TypeAlias = dict[str, Tensor]
IGNORED = -100
"""Label of a token that is not learned: of prompts, image tokens and padding."""
Curve: TypeAlias = list[tuple[int, float]]
"""Step and loss, from the first step on."""


@dataclass(frozen=True, slots=True)
class LoraSchedule:
    """How long and how fast to learn.

    Args:
        epochs: How often every picture is seen.
        batch_size: Pictures at once, on each device.
        accumulation: Batches to an update of the weights.
        learning_rate: Peak, after a warm-up of 5 % of the steps and before a cosine decay.
        checkpointing: Compute activations twice instead of keeping them: less memory, more time.
            None does so on a GPU.
        seed: Of the added weights, the order of the pictures and dropout.

    Raises:
        InvalidInputError: A value that is not positive.
    """

    epochs: int = 3
    batch_size: int = 8
    accumulation: int = 1
    learning_rate: float = 2e-4
    checkpointing: bool | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "accumulation", "learning_rate"):
            if not getattr(self, name) > 0:
                raise InvalidInputError(f"{name} is {getattr(self, name)}: wanted more than 0")


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What a fit needs.

    Args:
        model: With the trainable weights added to it.
        examples: What to learn from.
        collate: Makes a batch of some examples, with `labels` and `weights`.
        sign: Called with the adapter's folder and the curve before the adapter is put in place.
    """

    model: PeftModel
    examples: Sequence[Any]
    collate: Callable[[list[Any]], Batch]
    sign: Callable[[Path, Curve], None] = lambda _folder, _curve: None


def fit_adapter(
    prepare: Callable[[], Lesson],
    *,
    schedule: LoraSchedule,
    settings: Mapping[str, object],
    folder: Path,
    progress: Progress,
) -> None:
    """Learn an adapter, or go on from the last epoch that an interrupted fit finished.

    Leaves `adapter/` (as PEFT saves it) and `curve.csv` with the loss of every step in the folder.

    Args:
        prepare: Gets everything ready, the random part of the model last.
        schedule: How long and how fast.
        settings: All that decides the outcome, ready for JSON.
        folder: Of this fit.
        progress: Called after each step.

    Raises:
        JobError: The loss is not finite, or zero at once; or the folder's fit has other settings.
    """
    _settle(folder / _SETTINGS, settings)
    if (folder / ADAPTER).exists():
        return
    transformers.set_seed(schedule.seed)
    lesson = prepare()
    on_gpu = torch.cuda.is_available()
    if on_gpu if schedule.checkpointing is None else schedule.checkpointing:
        _checkpoint_activations(lesson.model.get_base_model())
    trainer = _Trainer(
        model=lesson.model,
        args=_arguments(schedule, folder / _CHECKPOINTS),
        train_dataset=_Examples(lesson.examples),
        data_collator=lesson.collate,
        callbacks=[_Watch(progress)],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.model_accepts_loss_kwargs = False  # a mean over the batch: the Trainer divides it
    trainer.train(resume_from_checkpoint=_last_whole(folder / _CHECKPOINTS))
    _keep(trainer, lesson, folder)
    trainer.accelerator.wait_for_everyone()


def _checkpoint_activations(model: Any) -> None:  # noqa: ANN401 - PEFT gives it without a type
    before = "gradient_checkpointing_enable"  # until Transformers 5.23 renamed it
    enable = getattr(model, "activation_checkpointing_enable", None) or getattr(model, before)
    enable({"use_reentrant": False})


def _settle(path: Path, settings: Mapping[str, object]) -> None:
    """Check that a fit that was begun here has the same settings."""
    text = json.dumps(settings, indent=1, sort_keys=True)
    if not path.exists():
        write_whole(path, text.encode())
    elif path.read_text() != text:
        raise JobError(f"{path.parent} holds a fit with other settings: choose another folder")


def _arguments(schedule: LoraSchedule, folder: Path) -> TrainingArguments:
    on_gpu = torch.cuda.is_available()
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=schedule.epochs,
        per_device_train_batch_size=schedule.batch_size,
        gradient_accumulation_steps=schedule.accumulation,
        learning_rate=schedule.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=0.05,
        use_cpu=not on_gpu,
        bf16=on_gpu and torch.cuda.is_bf16_supported(),
        logging_steps=1,
        logging_nan_inf_filter=False,  # else a NaN is logged as the mean of the others
        save_strategy="epoch",
        save_total_limit=1,
        remove_unused_columns=False,
        dataloader_pin_memory=on_gpu,
        report_to="none",
        disable_tqdm=True,
        seed=schedule.seed,
    )


def _last_whole(folder: Path) -> str | None:
    """Find the newest checkpoint whose last file was written."""
    whole = [file.parent for file in folder.glob("checkpoint-*/trainer_state.json")]
    newest = max(whole, key=lambda file: int(file.name.rpartition("-")[2]), default=None)
    return str(newest) if newest else None


def _keep(trainer: _Trainer, lesson: Lesson, folder: Path) -> None:
    """Put the curve and the adapter in place, then drop what was only for resuming."""
    temporary = folder / f"{ADAPTER}.tmp"
    trainer.save_model(str(temporary))
    if not trainer.is_world_process_zero():
        return
    curve = [(int(log["step"]), log["loss"]) for log in trainer.state.log_history if "loss" in log]
    rows = [(step, round(loss, 6)) for step, loss in curve]
    (folder / CURVE).write_text(write_csv(("step", "loss"), rows))
    lesson.sign(temporary, curve)
    temporary.replace(folder / ADAPTER)
    shutil.rmtree(folder / _CHECKPOINTS, ignore_errors=True)


class _Examples(Dataset[Any]):
    def __init__(self, examples: Sequence[Any]) -> None:
        self._examples = examples

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, index: int) -> Any:  # noqa: ANN401 - the collator knows
        return self._examples[index]


class _Trainer(transformers.Trainer):
    """Weighs answers instead of tokens."""

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,  # noqa: ARG002 - answers count, not tokens
    ) -> Any:  # noqa: ANN401 - the loss, with the outputs where they are asked for
        labels, weights = inputs.pop("labels"), inputs.pop("weights")
        # A cache hides from Transformers that the sequences are packed.
        outputs = model(**inputs, use_cache=False)
        loss = weighted_loss(outputs.logits, labels, weights)
        return (loss, outputs) if return_outputs else loss


class _Watch(TrainerCallback):
    """Stops a fit that went wrong, and reports the progress of any other."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def on_log(
        self,
        args: TrainingArguments,  # noqa: ARG002 - Transformers calls it so
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002 - as above
        logs: dict[str, float] | None = None,
        **_: object,
    ) -> None:
        loss = (logs or {}).get("loss")
        if loss is None:
            return
        if not math.isfinite(loss):
            raise JobError(f"loss {loss} at step {state.global_step}: lower the learning rate")
        if loss == 0 and state.global_step <= _SOON:
            raise JobError(f"loss {loss} at step {state.global_step}: nothing is left to learn")
        self._progress(state.global_step, state.max_steps, loss)


def weighted_loss(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Average the surprise at the labelled tokens, by weight.

    Args:
        logits: (N, L, vocabulary), each of the next token.
        labels: (N, L), each token itself, or `IGNORED`.
        weights: (N, L), of the labels.
    """
    learned = labels[:, 1:] != IGNORED
    surprise = torch.nn.functional.cross_entropy(
        logits[:, :-1][learned].float(), labels[:, 1:][learned], reduction="none"
    )
    weight = weights[:, 1:][learned]
    return (surprise * weight).sum() / weight.sum()
