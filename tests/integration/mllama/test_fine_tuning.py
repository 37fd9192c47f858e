"""LoRA fits: what learns, that it learns, that it survives, and what it leaves behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("peft")

from safetensors.torch import load_file

from fakes.study_folder import write_study
from gliobench.adapters.transformers.cards import CARD, card_of
from gliobench.adapters.transformers.fine_tuning.fitting import (
    ADAPTER,
    CURVE,
    Lesson,
    LoraSchedule,
    fit_adapter,
)
from gliobench.adapters.transformers.fine_tuning.lora import (
    LoraOptions,
    add_lora,
    check_parameters,
    expected_parameters,
    trainable_parameters,
)
from gliobench.adapters.transformers.mllama.checkpoint import load_checkpoint
from gliobench.adapters.transformers.options import EngineOptions
from gliobench.adapters.vision_language.options import ReadingOptions
from gliobench.application.train.cross_validate import CrossValidation
from gliobench.domain.errors import InvalidInputError, JobError, MissingExtraError
from gliobench.domain.studies.image_hash import image_hashes
from gliobench.domain.studies.patients import patient_hash
from gliobench.entrypoints.cli import app
from integration.mllama.lessons import cases, lora_trainer, nothing

pytestmark = pytest.mark.filterwarnings(
    # peft 0.21 reads an attribute that transformers 5.23 renames
    "ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"
)


class InterruptedFitError(Exception):
    """The process was killed."""


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("states")


@pytest.fixture(scope="module")
def fitted(tiny_folder: Path, states: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished fit of two patients."""
    folder = tmp_path_factory.mktemp("fit")
    lora_trainer(tiny_folder, states, cases(2)).fit(["study-0", "study-1"], folder, nothing)
    return folder


def weights_in(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / ADAPTER / "adapter_model.safetensors")


def probe_logits(model: torch.nn.Module) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        return model(
            input_ids=torch.arange(20)[None],
            cross_attention_states=torch.randn(1, 10, 64, generator=generator),
            use_cache=False,
        ).logits


def test_the_language_model_learns_and_the_vision_tower_only_where_asked_for(
    tiny_folder: Path,
) -> None:
    def learned(**options: bool) -> dict[str, int]:
        model = load_checkpoint(EngineOptions(model=str(tiny_folder))).model
        return trainable_parameters(add_lora(model, LoraOptions(rank=2, alpha=4, **options)))

    # Width 64, heads of 16: q and o are 64 × 64, k and v 64 × 32, in each of four layers.
    assert learned() == {"language": 4 * 2 * 2 * (128 + 96), "vision": 0}
    # Width 32: q, k, v and o are 32 × 32, in each of five layers.
    assert learned(vision=True)["vision"] == 5 * 2 * 4 * 64


def test_a_model_without_the_named_modules_cannot_be_tuned() -> None:
    with pytest.raises(InvalidInputError, match="trainable parameters"):
        check_parameters({"language": 0}, expected_parameters(torch.nn.Linear(2, 2), LoraOptions()))


@pytest.mark.slow
def test_a_few_samples_are_overfitted(
    tiny_folder: Path, states: Path, tmp_path: Path, full: bool
) -> None:
    losses = []
    count, epochs = (8, 100) if full else (2, 50)
    trainer = lora_trainer(
        tiny_folder,
        states,
        cases(count),
        lora=LoraOptions(rank=32, alpha=64, dropout=0.0),
        reading=ReadingOptions(dialect="pixels"),  # fewer bytes to learn
        epochs=epochs,
        batch_size=count // 2,
        learning_rate=5e-3,
    )

    trainer.fit(list(trainer.strata()), tmp_path, lambda *step: losses.append(step[2]))
    rows = trainer.predict(list(trainer.strata()), tmp_path)

    assert losses[-1] < losses[0] / 50
    assert [row["grade_answer"] for row in rows] == ["LGG", "HGG"] * (count // 2)
    assert all(row["hit"] for row in rows)
    assert sum(row["box_iou"] for row in rows) > count * 0.4


def test_an_adapter_loads_as_it_was_saved_and_merges_without_a_change(
    tiny_folder: Path, fitted: Path
) -> None:
    base = EngineOptions(model=str(tiny_folder))
    tuned = base.model_copy(update={"adapter": str(fitted / ADAPTER)})
    plain = load_checkpoint(base).model
    in_memory = add_lora(load_checkpoint(base).model, LoraOptions(rank=4, alpha=8))
    saved = weights_in(fitted)
    renamed = {name.replace(".weight", ".default.weight"): one for name, one in saved.items()}
    in_memory.load_state_dict(renamed, strict=False)

    unmerged = probe_logits(load_checkpoint(tuned, merge_adapter=False).model)
    merged = probe_logits(load_checkpoint(tuned).model)

    assert torch.equal(unmerged, probe_logits(in_memory.eval()))
    assert torch.allclose(unmerged, merged, atol=1e-4)
    assert not torch.allclose(unmerged, probe_logits(plain), atol=1e-3)


def test_an_interrupted_fit_ends_in_the_same_adapter(
    tiny_folder: Path, states: Path, tmp_path: Path, fitted: Path
) -> None:
    def interrupt(done: int, _wanted: int, _loss: float) -> None:
        if done == 2:  # of two: the first epoch was kept
            raise InterruptedFitError

    trainer, patients = lora_trainer(tiny_folder, states, cases(2)), ["study-0", "study-1"]
    resumed_at = []

    with pytest.raises(InterruptedFitError):
        trainer.fit(patients, tmp_path, interrupt)
    trainer.fit(patients, tmp_path, lambda *step: resumed_at.append(step[0]))

    assert resumed_at == [2]
    assert (tmp_path / CURVE).read_text() == (fitted / CURVE).read_text()
    whole, parts = weights_in(fitted), weights_in(tmp_path)
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    assert not list(tmp_path.glob("checkpoints*"))


def test_a_finished_fit_is_not_done_again_and_one_of_other_settings_is_refused(
    tiny_folder: Path, states: Path, fitted: Path
) -> None:
    before = (fitted / ADAPTER / CARD).stat().st_mtime_ns

    lora_trainer(tiny_folder, states, cases(2)).fit(["study-0", "study-1"], fitted, nothing)

    assert (fitted / ADAPTER / CARD).stat().st_mtime_ns == before
    other = lora_trainer(tiny_folder, states, cases(2), epochs=3)
    with pytest.raises(JobError, match="other settings: choose another folder"):
        other.fit(["study-0", "study-1"], fitted, nothing)


def test_checkpointing_changes_nothing_but_memory(
    tiny_folder: Path, states: Path, tmp_path: Path, fitted: Path
) -> None:
    trainer = lora_trainer(tiny_folder, states, cases(2), checkpointing=True)

    trainer.fit(["study-0", "study-1"], tmp_path, nothing)

    kept, anew = weights_in(fitted), weights_in(tmp_path)
    assert all(torch.allclose(kept[name], anew[name], atol=1e-6) for name in kept)


@pytest.mark.parametrize(
    ("weight", "complaint"), [(float("nan"), "loss nan at step 1"), (1.0, "loss 0.0 at step 1")]
)
def test_a_loss_that_is_not_finite_or_zero_at_once_stops_the_fit(
    tiny_folder: Path, tmp_path: Path, weight: float, complaint: str
) -> None:
    def lesson() -> Lesson:
        model = load_checkpoint(EngineOptions(model=str(tiny_folder))).model
        model.lm_head.weight.data *= 1e6  # sure of whatever it says
        ids = torch.tensor([[5, 6]])
        certain = model(input_ids=ids, use_cache=False).logits.argmax(-1)
        batch = {
            "input_ids": ids,
            "labels": certain.roll(1, dims=1),
            "weights": torch.full((1, 2), weight),
        }
        return Lesson(add_lora(model, LoraOptions()), [0, 1], lambda _: dict(batch))

    with pytest.raises(JobError, match=complaint):
        fit_adapter(lesson, schedule=LoraSchedule(), settings={}, folder=tmp_path, progress=nothing)
    assert not (tmp_path / ADAPTER).exists()


def test_an_adapter_says_what_it_is_and_nothing_of_this_machine(
    tiny_folder: Path, fitted: Path
) -> None:
    card = json.loads((fitted / ADAPTER / CARD).read_text())

    assert card["trained_on"] == sorted(patient_hash(f"study-{n}") for n in range(2))
    images = set().union(*(image_hashes(case.study) for case in cases(2)))
    assert card["learned_images"] == sorted(images)
    assert card["base"] == tiny_folder.name
    assert card["settings"]["lora"]["rank"] == 4
    assert card["parameters"]["vision"] == 0
    assert [step for step, _ in card["curve"]] == [1, 2]
    assert "Research use only" in (fitted / ADAPTER / "README.md").read_text()
    config = json.loads((fitted / ADAPTER / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == tiny_folder.name
    kept = {file.name for file in (fitted / ADAPTER).iterdir()}
    assert kept == {CARD, "README.md", "adapter_config.json", "adapter_model.safetensors"}


def test_held_out_patients_are_scored_question_by_question(
    tiny_folder: Path, states: Path, tmp_path: Path
) -> None:
    trainer = lora_trainer(tiny_folder, states, cases(4), epochs=1, max_new_tokens=8)

    rows = CrossValidation(trainer, tmp_path, folds=2).run_fold(0, lambda _: nothing)
    (base,) = trainer.predict(["study-0"], None)

    assert len(rows) == 2
    for row in rows:
        assert row["fold"] == 0
        assert 0 < row["probability_hgg"] < 1
        # A random model says nothing that can be read.
        assert set(row["failures"]) == {"point", "box", "polygon"}
        assert set(row["raw"]) == {"grade", "point", "box", "polygon"}
        assert (row["hit"], row["centre_error_mm"], row["box_iou"]) == (False, None, 0.0)
    assert base["grade"] == "LGG"
    assert set(base) | {"fold"} == set(rows[0])


def test_the_vision_tower_learns_too_where_asked_for(tiny_folder: Path, tmp_path: Path) -> None:
    trainer = lora_trainer(
        tiny_folder,
        tmp_path / "states",
        cases(2),
        lora=LoraOptions(rank=2, alpha=4, vision=True),
    )

    trainer.fit(["study-0", "study-1"], tmp_path, nothing)

    towers = {name: one for name, one in weights_in(tmp_path).items() if "vision_model" in name}
    assert any(one.abs().max() > 0 for name, one in towers.items() if "lora_B" in name)
    assert not (tmp_path / "states").exists()


def test_four_bits_need_an_extra(tiny_folder: Path) -> None:
    with pytest.raises(MissingExtraError, match=r"gliobench\[qlora\]"):
        load_checkpoint(EngineOptions(model=str(tiny_folder)), four_bit=True)


def test_the_command_leaves_folds_rows_and_an_adapter_of_all_patients(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for case in cases(4):
        write_study(tmp_path / "studies", case)
    (tmp_path / "studies" / "name_mapping.csv").write_text(
        "Grade,BraTS_2020_subject_ID\n"
        + "".join(f"{one.reference.grade.value},{one.study.id}\n" for one in cases(4))
    )
    out = tmp_path / "run"
    settings = [f"llama.model={tiny_folder}", "llama.max_new_tokens=8", "labels=brats-gli-2017"]
    flags = ["--out", str(out), "--folds", "2", "--epochs", "1", "--variants", "1", "--rank", "2"]

    with pytest.raises(SystemExit) as ended:
        app(
            [
                *(word for one in settings for word in ("--set", one)),
                *("train", "lora", str(tmp_path / "studies"), *flags),
            ]
        )

    assert ended.value.code == 0
    assert "4 held-out predictions" in capsys.readouterr().out
    assert len(json.loads((out / "out_of_fold.json").read_text())) == 4
    assert len(card_of(str(out / "final" / ADAPTER))["trained_on"]) == 4
