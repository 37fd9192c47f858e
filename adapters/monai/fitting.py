"""One training loop: resumable, reproducible, averaged."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from gliobench.application.ports.trainer import Progress
from gliobench.domain.errors import InvalidInputError, JobError
from gliobench.domain.files.tables import write_csv
from gliobench.domain.files.whole import sweep, write_whole, writing_whole

Batch: TypeAlias = dict[str, Tensor]
LossOfBatch: TypeAlias = Callable[[nn.Module, Batch], Tensor]
BatchOfStep: TypeAlias = Callable[[int], Batch]

CHECKPOINT = "checkpoint.pt"
SCALER = "scaler"
"""Has no state on a CPU, nor in checkpoints of before it was kept."""
_RISE = 0.1 + 1e-9
"""Share of the steps in which the rate rises; torch 2.13 divides by zero where that is one step."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to learn.

    Args:
        steps: Updates of the weights.
        learning_rate: Peak of the one-cycle schedule.
        weight_decay: Of AdamW.
        average: Decay of the weights' moving average, which is what is kept.
        checkpoint_every: Steps between checkpoints.
        seed: Of weights and batches.
    """

    steps: int
    learning_rate: float = 2e-3
    weight_decay: float = 1e-3
    average: float = 0.99
    checkpoint_every: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise InvalidInputError(f"steps {self.steps} is not positive")


def device() -> torch.device:
    """Choose the GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def fit(
    build: Callable[[], nn.Module],
    *,
    batch_of: BatchOfStep,
    loss_of: LossOfBatch,
    schedule: Schedule,
    folder: Path,
    progress: Progress,
    bfloat16: bool = False,
) -> None:
    """Train a network, or go on from the checkpoint in the folder.

    A batch depends on the step alone, so an interrupted training ends in the same network.

    Args:
        build: Makes the untrained network.
        batch_of: Makes the batch of a step.
        loss_of: Scalar loss of a network on a batch.
        schedule: How long and how fast.
        folder: Where to keep the checkpoint, replaced whole, and `curve.csv` with every loss.
        progress: Called after each step.
        bfloat16: Compute so on a CPU that can, in half the time. oneDNN's weight gradients of small 3D images
            are then wrong (of 2 x 2 x 2 voxels at random, of one image of 5 x 6 x 5 by more than their size):
            only for networks whose images are known to be large enough.

    Raises:
        JobError: The loss is not finite, or the checkpoint is of another schedule.
    """
    torch.manual_seed(schedule.seed)
    on = device()
    network = _channels_last(build()).to(on)
    averaged = AveragedModel(
        network, multi_avg_fn=get_ema_multi_avg_fn(schedule.average), use_buffers=True
    )
    optimiser = torch.optim.AdamW(
        network.parameters(), schedule.learning_rate, weight_decay=schedule.weight_decay, fused=True
    )
    rate = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, schedule.learning_rate, total_steps=schedule.steps, pct_start=_RISE
    )
    scaler = torch.amp.GradScaler(on.type, enabled=on.type == "cuda")
    parts = {
        "network": network,
        "averaged": averaged,
        "optimiser": optimiser,
        "rate": rate,
        SCALER: scaler,
    }
    half = on.type == "cuda" or (
        bfloat16 and torch.cpu.get_capabilities().get("avx512_bf16", False)
    )
    curve = _resume(parts, folder / CHECKPOINT, schedule, on)
    network.train()
    for step in range(len(curve), schedule.steps):
        torch.manual_seed(schedule.seed + step)
        batch = {name: part.to(on, non_blocking=True) for name, part in batch_of(step).items()}
        with torch.autocast(on.type, enabled=half):
            loss = loss_of(network, batch)
        curve.append(loss.item())
        if not math.isfinite(curve[-1]):
            raise JobError(f"loss {curve[-1]} at step {step}: lower the learning rate")
        optimiser.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimiser)
        scaler.update()
        rate.step()
        averaged.update_parameters(network)
        if (step + 1) % schedule.checkpoint_every == 0 or step + 1 == schedule.steps:
            _save(parts, folder, schedule, curve)
        recent = curve[-50:]
        progress(step + 1, schedule.steps, sum(recent) / len(recent))


def load_network(build: Callable[[], nn.Module], folder: Path) -> nn.Module:
    """Return the averaged network that a fit left in a folder, in evaluation mode, on the CPU.

    Raises:
        JobError: The checkpoint cannot be read, is of another network, or of a fit that is not done.
    """
    averaged = AveragedModel(build(), use_buffers=True)
    checkpoint = folder / CHECKPOINT
    state = _read(checkpoint, torch.device("cpu"))
    if not state["schedule"].startswith(f"Schedule(steps={len(state['curve'])},"):
        raise JobError(f"{checkpoint} is of a fit that is not done: finish it with gliobench train")
    _restore(averaged, "averaged", state, checkpoint)
    network: nn.Module = averaged.module.eval()
    return network


def _channels_last(network: nn.Module) -> nn.Module:
    """Lay out kernels as batches are, channels last, which convolutions prefer."""
    layouts = {4: torch.channels_last, 5: torch.channels_last_3d}
    for weights in network.parameters():
        if layout := layouts.get(weights.dim()):
            weights.data = weights.data.contiguous(memory_format=layout)
    return network


def _resume(
    parts: dict[str, Any], checkpoint: Path, schedule: Schedule, on: torch.device
) -> list[float]:
    if not checkpoint.exists():
        return []
    state = _read(checkpoint, on)
    if state["schedule"] != repr(schedule):
        raise JobError(f"{checkpoint} is of {state['schedule']}: delete it, or ask for the same")
    for name, part in parts.items():
        if name != SCALER or state.get(SCALER):
            _restore(part, name, state, checkpoint)
    curve: list[float] = state["curve"]
    return curve


def _restore(part: Any, name: str, state: dict[str, Any], checkpoint: Path) -> None:  # noqa: ANN401 - network, optimiser or schedule
    try:
        part.load_state_dict(state[name])
    except (RuntimeError, ValueError, KeyError) as error:
        raise JobError(f"checkpoint {checkpoint} is of another network: {error}") from error


def _save(parts: dict[str, Any], folder: Path, schedule: Schedule, curve: list[float]) -> None:
    states = {name: part.state_dict() for name, part in parts.items()}
    sweep(folder)
    with writing_whole(folder / CHECKPOINT) as file:
        torch.save({**states, "curve": curve, "schedule": repr(schedule)}, file)
    rows = [(step, round(loss, 6)) for step, loss in enumerate(curve)]
    write_whole(folder / "curve.csv", write_csv(("step", "loss"), rows).encode())


def _read(checkpoint: Path, on: torch.device) -> dict[str, Any]:
    try:
        state: dict[str, Any] = torch.load(checkpoint, map_location=on, weights_only=True)
    except Exception as error:  # torch raises whatever the unpickler met
        raise JobError(f"checkpoint {checkpoint} cannot be read: {error}") from error
    return state
