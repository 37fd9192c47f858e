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
from gliobench.adapters.transformers.hf import learner
from gliobench.adapters.transformers.hf.checkpoint import HfCheckpoint, load_checkpoint
from gliobench.adapters.transformers.hf.learner import HfLearner
from gliobench.adapters.transformers.options import HfVisionOptions
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
    family: str, checkpoint_of: Callable[[str], Path], tmp_path: Path
) -> None:
    taught = HfLearner(options(checkpoint_of(family)), tmp_path)
    opened = taught.open(four_bit=False)
    prompting = SlicePrompting.of(READING, opened)
    samples = samples_of(cases(1)[0], Plane(Axis.AXIAL, 1), prompting, variants=1)

    examples, collate = taught.lesson(opened, samples, prompting, PROMPTS, vision=False)
    batch = collate(list(examples))

    assert len(examples) == 4
    assert "pixel_values" not in batch  # but what the tower has made of them
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


@pytest.mark.parametrize("family", ["qwen3_vl", "llava_onevision"])
def test_features_that_are_kept_change_no_loss(
    family: str, checkpoint_of: Callable[[str], Path], tmp_path: Path, monkeypatch: Any
) -> None:
    def losses(states: Path) -> list[float]:
        found: list[float] = []
        trainer = LoraTrainer(
            FakeStudySource(cases(2)),
            HfLearner(options(checkpoint_of(family)), states),
            READING,
            lora=LoraOptions(rank=2, alpha=4, dropout=0.0),
            schedule=LoraSchedule(epochs=2, batch_size=4, learning_rate=1e-3),
            variants=1,
            prompts=PROMPTS,
        )
        trainer.fit(list(trainer.strata()), states / "fit", lambda *step: found.append(step[2]))
        return found

    kept = losses(tmp_path / "kept")
    monkeypatch.setattr(learner, "takes_features", lambda _: False)
    plain = losses(tmp_path / "plain")

    assert len(list((tmp_path / "kept").glob("*.safetensors"))) == 2  # one a picture
    assert not list((tmp_path / "plain").glob("*.safetensors"))
    assert kept == pytest.approx(plain, abs=1e-4)


def test_features_that_change_answers_are_not_kept(
    checkpoint_of: Callable[[str], Path], tmp_path: Path, monkeypatch: Any
) -> None:
    taught = HfLearner(options(checkpoint_of("gemma3")), tmp_path)
    opened = taught.open(four_bit=False)
    prompting = SlicePrompting.of(READING, opened)
    samples = samples_of(cases(1)[0], Plane(Axis.AXIAL, 1), prompting, variants=1)
    monkeypatch.setattr(
        learner,
        "vision_tower_of",
        lambda _: lambda pictures: [{"pooler_output": torch.zeros(1, 4, 64)} for _ in pictures],
    )

    examples, collate = taught.lesson(opened, samples, prompting, PROMPTS, vision=False)

    assert "pixel_values" in collate(list(examples))


@pytest.mark.slow
@pytest.mark.parametrize(
    "family",
    [pytest.param(name, marks=[] if name == IN_CI else pytest.mark.full) for name in FAMILIES],
)
def test_eight_samples_are_learned_by_heart(
    family: str, checkpoint_of: Callable[[str], Path], tmp_path: Path, full: bool
) -> None:
    losses: list[float] = []
    trainer = LoraTrainer(
        FakeStudySource(cases(2)),
        HfLearner(options(checkpoint_of(family)), tmp_path / "states"),
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
    fit_briefly(options(folder), tmp_path)

    plain = load_checkpoint(options(folder)).model
    tuned = load_checkpoint(options(folder, adapter=str(tmp_path / "adapter"))).model

    changed = {
        name
        for (name, before), after in zip(plain.named_parameters(), tuned.parameters(), strict=True)
        if not torch.equal(before, after)
    }
    assert changed
    assert all("language_model" in name and "_proj" in name for name in changed)


@pytest.mark.gpu
def test_a_fit_on_a_gpu_is_left_as_an_adapter(
    checkpoint_of: Callable[[str], Path], tmp_path: Path
) -> None:
    fit_briefly(HfVisionOptions(model=str(checkpoint_of("qwen3_vl")), device="cuda"), tmp_path)

    assert (tmp_path / "adapter" / "adapter_model.safetensors").exists()


def fit_briefly(model: HfVisionOptions, folder: Path) -> None:
    trainer = LoraTrainer(
        FakeStudySource(cases(2)),
        HfLearner(model, folder / "states"),
        READING,
        lora=LoraOptions(rank=2, alpha=4),
        schedule=LoraSchedule(epochs=1, batch_size=4),
        variants=1,
        prompts=PROMPTS,
    )
    trainer.fit(list(trainer.strata()), folder, nothing)
