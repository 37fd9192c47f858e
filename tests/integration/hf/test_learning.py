"""Any family learns: the words and pictures of inference, the language model alone, eight samples by heart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("peft")
pytest.importorskip("llguidance")

from fakes.fake_study_source import FakeStudySource
from fakes.tiny_families import FAMILIES
from gliobench.adapters.transformers.fine_tuning.fitting import IGNORED, LoraSchedule
from gliobench.adapters.transformers.fine_tuning.lora import (
    LoraOptions,
    add_lora,
    trainable_parameters,
)
from gliobench.adapters.transformers.fine_tuning.samples import samples_of
from gliobench.adapters.transformers.fine_tuning.trainer import LoraTrainer
from gliobench.adapters.transformers.hf.checkpoint import HfCheckpoint, load_checkpoint
from gliobench.adapters.transformers.hf.learner import HfLearner
from gliobench.adapters.transformers.hf.options import HfVisionOptions
from gliobench.adapters.vision_language.options import ReadingOptions
from gliobench.adapters.vision_language.slices import SlicePrompting
from gliobench.domain.geometry.grids import Axis, Plane
from integration.mllama.lessons import PROMPTS, cases, nothing

EACH = pytest.mark.parametrize("family", FAMILIES)
IN_CI = "smolvlm"
"""The family that learns by heart there; the others do at the full dose."""
READING = ReadingOptions(dialect="pixels", size_px=56)


def options(folder: Path, **more: Any) -> HfVisionOptions:
    return HfVisionOptions(model=str(folder), device="cpu", max_new_tokens=100, **more)


@EACH
def test_the_language_model_learns_and_what_sees_only_where_asked_for(
    family: str, checkpoint_of: Callable[[str], Path]
) -> None:
    def learned(**more: bool) -> dict[str, int]:
        model = load_checkpoint(options(checkpoint_of(family))).model
        return trainable_parameters(add_lora(model, LoraOptions(rank=2, alpha=4, **more)))

    # Width 64: q and o are 64 × 64, k and v 64 × 32, in each of four layers.
    assert learned() == {"language": 4 * 2 * 2 * (128 + 96), "vision": 0}
    both = learned(vision=True)
    assert both["language"] == learned()["language"]
    assert both["vision"] > 0


@EACH
@torch.no_grad()
def test_a_row_is_what_inference_sends_and_the_answer_behind_it(
    family: str, checkpoint_of: Callable[[str], Path]
) -> None:
    learner = HfLearner(options(checkpoint_of(family)))
    opened = learner.open(four_bit=False)
    prompting = SlicePrompting.of(READING, opened)
    samples = samples_of(cases(1)[0], Plane(Axis.AXIAL, 1), prompting, variants=1)

    examples, collate = learner.lesson(opened, samples, prompting, PROMPTS, vision=False)
    batch = collate(list(examples))

    assert len(examples) == 4
    for row, example in enumerate(examples):
        learned = batch["labels"][row] != IGNORED
        assert batch["labels"][row][learned].tolist() == example.answer.tolist()
        assert batch["input_ids"][row][learned].tolist() == example.answer.tolist()
        assert batch["weights"][row].sum() == pytest.approx(example.weight)
        assert example.answer[-1] == opened.end_token_ids[0]
        alone = log_likelihood(opened, example)
        together = opened.model(
            **{name: value for name, value in batch.items() if name not in ("labels", "weights")}
        ).logits[row, :-1]
        each = together.log_softmax(-1)[learned[1:]].gather(1, example.answer[:, None])
        assert float(each.sum()) == pytest.approx(alone, abs=5e-3)


def log_likelihood(opened: HfCheckpoint, example: Any) -> float:
    """Of one answer, without padding."""
    inputs = opened.inputs([example.chat], [(example.picture,)])
    start = inputs["input_ids"].shape[1]
    text = example.chat + opened.tokenizer.decode(example.answer)
    whole = opened.inputs([text], [(example.picture,)])
    scores = opened.model(**whole).logits[0, start - 1 : -1].log_softmax(-1)
    return float(scores.gather(1, example.answer[:, None]).sum())


@pytest.mark.slow
@EACH
def test_eight_samples_are_learned_by_heart(
    family: str, checkpoint_of: Callable[[str], Path], tmp_path: Path, full: bool
) -> None:
    if family != IN_CI and not full:
        pytest.skip("at the full dose only")
    losses: list[float] = []
    trainer = LoraTrainer(
        FakeStudySource(cases(2)),
        HfLearner(options(checkpoint_of(family))),
        READING,
        lora=LoraOptions(rank=32, alpha=64, dropout=0.0),
        schedule=LoraSchedule(epochs=150 if full else 45, batch_size=8, learning_rate=1e-2),
        variants=1,
        prompts=PROMPTS,
    )
    patients = list(trainer.strata())

    trainer.fit(patients, tmp_path, lambda *step: losses.append(step[2]))
    rows = trainer.predict(patients, tmp_path)

    assert losses[-1] < losses[0] / 20
    assert [row["grade_answer"] for row in rows] == ["LGG", "HGG"]
    assert all(row["hit"] for row in rows)


def test_a_fit_is_left_as_an_adapter_that_the_backend_loads(
    checkpoint_of: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = checkpoint_of("gemma3")
    trainer = LoraTrainer(
        FakeStudySource(cases(2)),
        HfLearner(options(folder)),
        READING,
        lora=LoraOptions(rank=2, alpha=4),
        schedule=LoraSchedule(epochs=1, batch_size=4),
        variants=1,
        prompts=PROMPTS,
    )
    trainer.fit(list(trainer.strata()), tmp_path, nothing)

    plain = load_checkpoint(options(folder)).model
    tuned = load_checkpoint(options(folder, adapter=str(tmp_path / "adapter"))).model

    changed = {
        name
        for (name, before), after in zip(plain.named_parameters(), tuned.parameters(), strict=True)
        if not torch.equal(before, after)
    }
    assert changed
    assert all("language_model" in name and "_proj" in name for name in changed)
