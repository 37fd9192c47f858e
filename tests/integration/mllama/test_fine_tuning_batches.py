"""What a batch holds: the words and pictures of inference, and labels for the answers alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("peft")

from gliobench.adapters.transformers.fine_tuning.fitting import IGNORED, weighted_loss
from gliobench.adapters.transformers.fine_tuning.samples import (
    PictureReference,
    Sample,
    samples_of,
    weighing,
)
from gliobench.adapters.transformers.fine_tuning.vision_states import VisionState, VisionStates
from gliobench.adapters.transformers.mllama.checkpoint import Checkpoint, load_checkpoint
from gliobench.adapters.transformers.mllama.engine import Engine
from gliobench.adapters.transformers.mllama.learner import (
    Collator,
    examples_of,
    vision_tower_of,
)
from gliobench.adapters.transformers.mllama.options import MllamaOptions
from gliobench.adapters.vision_language.options import ReadingOptions
from gliobench.adapters.vision_language.prompts import Prompts
from gliobench.adapters.vision_language.reader import Asking, Reader
from gliobench.adapters.vision_language.requests import Picture
from gliobench.adapters.vision_language.slices import SlicePrompting
from gliobench.domain.answers.questions import Question
from gliobench.domain.errors import JobError
from gliobench.domain.geometry.grids import Axis, Plane
from gliobench.domain.studies.study import Grade
from integration.mllama.lessons import cases
from integration.mllama.transformers_reference import TransformersReference

PLANE = Plane(Axis.AXIAL, 1)
SIGHT = SlicePrompting(28)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Matrices are so small here that threads only wait for one another."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def checkpoint(tiny_folder: Path) -> Checkpoint:
    return load_checkpoint(MllamaOptions(model=str(tiny_folder)))


@pytest.fixture(scope="module")
def prompts() -> Prompts:
    return Prompts.load()


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return [sample for case in cases(2) for sample in samples_of(case, PLANE, SIGHT, variants=1)]


@pytest.fixture
def states(tmp_path: Path, checkpoint: Checkpoint, samples: Sequence[Sample]) -> VisionStates:
    kept = VisionStates(tmp_path, "tower", vision_tower_of(checkpoint))
    kept.prepare([sample.picture for sample in samples])
    return kept


def test_training_and_inference_send_the_same_pictures_and_words(
    tiny_folder: Path, checkpoint: Checkpoint, samples: list[Sample], prompts: Prompts
) -> None:
    engine = Engine.load(MllamaOptions(model=str(tiny_folder)))
    prompting = SlicePrompting.of(ReadingOptions(), engine)
    reader = Reader(engine, Asking(prompting, prompts), lambda _: (PLANE,))

    examples = examples_of(samples, checkpoint, prompting, prompts)

    for case, example in zip(cases(2), examples, strict=True):
        ((_, request),) = reader.requests(case.study)
        assert example.picture.tobytes() == request.pictures[0].tobytes()
        for turn, prompt in zip(example.turns, request.prompts, strict=True):
            assert checkpoint.tokenizer.decode(turn.prompt) == engine.chat(prompt.text)


def test_only_answers_and_their_end_of_turn_are_learned(
    checkpoint: Checkpoint, samples: list[Sample], prompts: Prompts, states: VisionStates
) -> None:
    examples = examples_of(samples, checkpoint, SIGHT, prompts)

    batch = Collator(checkpoint, states)(examples)

    labels = batch["labels"]
    for row, example in zip(labels, examples, strict=True):
        learned = checkpoint.tokenizer.decode(row[row != IGNORED])
        said = [checkpoint.tokenizer.decode(turn.answer) for turn in example.turns]
        assert learned == "".join(said)
        assert said[0] == '{"grade": "%s"}<|eot_id|>' % ("LGG" if example is examples[0] else "HGG")
    assert (batch["weights"] > 0).equal(labels != IGNORED)
    assert checkpoint.picture_token_id not in labels


def test_a_packed_row_gives_the_logits_of_each_question_asked_alone(
    tiny_folder: Path,
    checkpoint: Checkpoint,
    samples: list[Sample],
    states: VisionStates,
    prompts: Prompts,
) -> None:
    reference = TransformersReference(tiny_folder, checkpoint)
    examples = examples_of(samples, checkpoint, SIGHT, prompts)
    batch = Collator(checkpoint, states)(examples)
    labels, weights = batch.pop("labels"), batch.pop("weights")

    with torch.no_grad():
        logits = checkpoint.model(**batch, use_cache=False).logits

    alone = []
    for row, example in enumerate(examples):
        start = 0
        for question, turn in zip(Question, example.turns, strict=True):
            words = SIGHT.prompt_text(prompts, question)
            answer = checkpoint.tokenizer.decode(turn.answer)
            expected = reference.logits([example.picture], words, answer)
            stop = start + len(expected)
            assert torch.allclose(logits[row, start:stop], expected, atol=1e-4)
            surprise = reference.log_likelihood(
                [example.picture], words, answer.removesuffix("<|eot_id|>")
            )
            alone.append(-surprise / len(turn.answer))
            start = stop
    # One case of each grade: all answers weigh the same.
    assert float(weighted_loss(logits, labels, weights)) == pytest.approx(np.mean(alone), rel=1e-4)


def test_the_vision_tower_run_anew_gives_the_logits_of_its_kept_states(
    checkpoint: Checkpoint, samples: list[Sample], prompts: Prompts, states: VisionStates
) -> None:
    examples = examples_of(samples, checkpoint, SIGHT, prompts)
    kept, anew = Collator(checkpoint, states)(examples), Collator(checkpoint, None)(examples)

    def logits(batch: dict) -> torch.Tensor:
        inputs = {name: one for name, one in batch.items() if name not in {"labels", "weights"}}
        with torch.no_grad():
            return checkpoint.model(**inputs, use_cache=False).logits

    assert torch.allclose(logits(kept), logits(anew), atol=1e-4)


def test_a_picture_is_looked_at_once_and_again_by_another_tower(
    tmp_path: Path, samples: list[Sample]
) -> None:
    encoded: list[Picture] = []

    def see(pictures: Sequence[Picture]) -> list[VisionState]:
        encoded.extend(pictures)
        return [
            {"states": torch.full((4, 2), float(picture.mean())), "shown": torch.ones(4)}
            for picture in pictures
        ]

    pictures = [sample.picture for sample in samples]
    for _ in range(2):
        VisionStates(tmp_path, "a", see).prepare([*pictures, pictures[0].copy()])

    assert len(encoded) == 2
    kept = VisionStates(tmp_path, "a", see)
    assert float(kept[pictures[1]]["states"][0, 0]) == pytest.approx(pictures[1].mean())
    VisionStates(tmp_path, "b", see).prepare(pictures)
    assert len(encoded) == 4


def test_damaged_vision_states_are_named(
    states: VisionStates, samples: list[Sample], tmp_path: Path
) -> None:
    for file in tmp_path.iterdir():
        file.write_bytes(b"{}")

    with pytest.raises(JobError, match="cannot be read, delete them"):
        states[samples[0].picture]


def test_rare_grades_weigh_more_so_that_both_weigh_the_same() -> None:
    def reference(grade: Grade | None) -> PictureReference:
        return PictureReference((0.5, 0.5), (0.4, 0.4, 0.6, 0.6), (), grade)

    weight = weighing(map(reference, [Grade.HGG] * 3 + [Grade.LGG, None]))

    assert weight(Question.GRADE, reference(Grade.HGG)) == pytest.approx(2 / 3)
    assert weight(Question.GRADE, reference(Grade.LGG)) == 2.0
    assert weight(Question.POINT, reference(Grade.LGG)) == 1.0
