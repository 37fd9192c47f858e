"""Make the tiny checkpoint that stands in for LLaMA: pretrained on phantoms, from nothing.

    python docs/results/pretrain_stand_in.py draw WORK
    python docs/results/pretrain_stand_in.py look WORK --minutes 9
    python docs/results/pretrain_stand_in.py speak WORK --minutes 16
    python docs/results/pretrain_stand_in.py write WORK FOLDER

No picture of a patient is read at any step.
"""

import argparse
import math
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import numpy as np
import torch
from stand_in.checkpoint import write_checkpoint
from stand_in.planes import MODALITIES, Lesson, Planes, draw_phantoms
from stand_in.speech import Teacher, answers_about, make_model
from stand_in.tower import Heads, OneTile, normalise, tower_losses, vision_config
from stand_in.words import make_tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers.models.mllama.modeling_mllama import MllamaVisionModel

from gliobench.domain.answers.questions import Question
from gliobench.domain.studies.study import Modality

SEEDS = {7001: 370, 7002: 800}
"""Phantoms drawn of each series."""
BATCH = 32
EASY = {Modality.T1N: 0.05, Modality.T1C: 0.25, Modality.T2W: 0.2, Modality.T2F: 0.5}
FINAL = {Modality.T1N: 0.1, Modality.T1C: 0.7, Modality.T2W: 0.06, Modality.T2F: 0.14}
"""How often each modality is shown at first, where tumours are bright, and in the end."""
SHARE_OF_LESSON = {Question.GRADE: 2, Question.POINT: 1, Question.BOX: 1, Question.POLYGON: 3}
"""Of a batch, one picture in so many is asked about."""
WEIGHTS = {Question.GRADE: 0.3, Question.POINT: 1.0, Question.BOX: 1.0, Question.POLYGON: 0.7}
WHOLE_PROMPTS_FROM = 0.55
"""Of the time; before it mostly the last line of each prompt is read, which is quicker."""


def look(planes: Planes, minutes: float, *, rate: float = 1.5e-3) -> tuple[OneTile, Heads]:
    """Teach the tower where tumours are, before there is a language."""
    torch.manual_seed(0)
    tower = OneTile(MllamaVisionModel(vision_config()))
    heads = Heads(tower.model.config)
    fast = torch.compile(tower)
    weights = [*tower.parameters(), *heads.parameters()]
    optimiser = torch.optim.AdamW(
        [
            {"params": [weight for weight in weights if weight.ndim > 1], "weight_decay": 0.05},
            {"params": [weight for weight in weights if weight.ndim <= 1], "weight_decay": 0.0},
        ],
        betas=(0.9, 0.98),
    )
    rng = np.random.default_rng(2)
    for step, spent in _clock(minutes):
        _set_rate(optimiser, rate * min(1, (step + 1) / 150) * _cosine(spent, 0.03))
        lesson = planes.varied(BATCH, rng, _shares(min(1, spent / 0.4)))
        surprise, edges, grade = tower_losses(heads, fast(normalise(lesson.pictures)), lesson.masks)
        of_grade = functional.binary_cross_entropy_with_logits(grade, lesson.is_hgg.float())
        _improve(optimiser, weights, 4 * surprise + 0.4 * edges + 0.05 * of_grade)
        _report(step, spent, cells=surprise, edges=edges, grade=of_grade)
    return tower, heads


def speak(
    planes: Planes, looked: dict[str, dict[str, Tensor]], minutes: float, *, rate: float = 2e-3
) -> dict[str, dict[str, Tensor]]:
    """Teach the language model to read the tower and to answer in JSON."""
    torch.manual_seed(0)
    tokenizer = make_tokenizer()
    model = make_model(vision_config(), tokenizer)
    tower, heads = OneTile(model.model.vision_model), Heads(model.config.vision_config)
    tower.load_state_dict(looked["tower"])
    heads.load_state_dict(looked["heads"])
    teacher = Teacher(model, tokenizer)
    seeing = [*tower.parameters(), *heads.parameters()]
    ids = set(map(id, seeing))
    speaking = [parameter for parameter in model.parameters() if id(parameter) not in ids]
    optimiser = torch.optim.AdamW(
        [
            {"params": seeing, "weight_decay": 0.02, "share": 0.3},
            {"params": [item for item in speaking if item.ndim > 1], "weight_decay": 0.02},
            {"params": [item for item in speaking if item.ndim <= 1], "weight_decay": 0.0},
        ],
        betas=(0.9, 0.98),
    )
    drawing, wording = np.random.default_rng(7), np.random.default_rng(3)

    def prepare() -> tuple[Lesson, dict[Question, list[str]]]:
        lesson = planes.varied(BATCH, drawing, _shares(1.0))
        return lesson, answers_about(lesson)

    with ThreadPoolExecutor(1) as pool:
        ready = pool.submit(prepare)
        for step, spent in _clock(minutes):
            _set_rate(optimiser, rate * min(1, (step + 1) / 60) * _cosine(spent, 0.02))
            (lesson, answers), ready = ready.result(), pool.submit(prepare)
            states = tower(normalise(lesson.pictures))
            surprise, edges, _ = tower_losses(heads, states, lesson.masks)
            projected = model.model.multi_modal_projector(states)
            whole = spent > WHOLE_PROMPTS_FROM or wording.random() < 0.08
            losses = {}
            for question in Question:
                prompt = _prompt(teacher, question, wording) if whole else teacher.short[question]
                some = slice(BATCH // SHARE_OF_LESSON[question])
                losses[question] = teacher.loss(projected[some], prompt, answers[question][some])
            total = sum(WEIGHTS[question] * loss for question, loss in losses.items())
            _improve(optimiser, [*seeing, *speaking], total + 2 * surprise + 0.2 * edges)
            _report(step, spent, **{question.value: loss for question, loss in losses.items()})
    return {"tower": tower.state_dict(), "model": model.state_dict()}


def write(spoken: dict[str, dict[str, Tensor]], folder: Path) -> None:
    """Write the checkpoint."""
    tokenizer = make_tokenizer()
    model = make_model(vision_config(), tokenizer)
    tower = OneTile(model.model.vision_model)
    model.load_state_dict(spoken["model"])
    tower.load_state_dict(spoken["tower"])
    made_of = " and ".join(f"{number} of seed {seed}" for seed, number in SEEDS.items())
    card = {"pretrained_on": f"phantoms: {made_of}", "trained_on": []}
    write_checkpoint(folder, model, tower, tokenizer, card)


def _prompt(teacher: Teacher, question: Question, rng: np.random.Generator) -> list[int]:
    """Ask mostly about T1c, sometimes about what is not shown: pictures are grey in any case."""
    if rng.random() < 0.8:
        return teacher.full[question][MODALITIES.index(Modality.T1C)]
    return teacher.full[question][int(rng.integers(len(MODALITIES)))]


def _shares(progress: float) -> np.ndarray:
    easy, final = (np.array([item[modality] for modality in MODALITIES]) for item in (EASY, FINAL))
    return (1 - progress) * easy + progress * final


def _clock(minutes: float):
    """Count steps, and what part of the time is spent, until it is."""
    start = time.monotonic()
    for step in count():
        spent = (time.monotonic() - start) / (60 * minutes)
        if spent >= 1:
            return
        yield step, spent


def _cosine(spent: float, least: float) -> float:
    return least + (1 - least) * 0.5 * (1 + math.cos(math.pi * spent))


def _set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate * group.get("share", 1.0)


def _improve(optimiser: torch.optim.Optimizer, weights: list[Tensor], loss: Tensor) -> None:
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(weights, 1.0)
    optimiser.step()


def _report(step: int, spent: float, **losses: Tensor) -> None:
    if step % 50 == 0:
        text = "  ".join(f"{name} {float(loss.detach()):.3f}" for name, loss in losses.items())
        print(f"step {step}, {spent:.0%}: {text}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["draw", "look", "speak", "write"])
    parser.add_argument("work", type=Path)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--minutes", type=float, default=10)
    given = parser.parse_args()
    if given.what == "draw":
        for seed, number in SEEDS.items():
            draw_phantoms(given.work / "phantoms", seed=seed, count=number)
    elif given.what == "write":
        write(torch.load(given.work / "spoken.pt"), given.folder)
    else:
        planes = Planes(sorted((given.work / "phantoms").glob("*.npz")))
        if given.what == "look":
            tower, heads = look(planes, given.minutes)
            kept = {"tower": tower.state_dict(), "heads": heads.state_dict()}
            torch.save(kept, given.work / "looked.pt")
        else:
            looked = torch.load(given.work / "looked.pt")
            torch.save(speak(planes, looked, given.minutes), given.work / "spoken.pt")


if __name__ == "__main__":
    main()
