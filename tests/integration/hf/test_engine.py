"""The engine says what Transformers says, one question at a time, whatever the family."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("llguidance")

from fakes.tiny_families import FAMILIES
from gliobench.adapters.transformers.hf.checkpoint import HfCheckpoint, load_checkpoint
from gliobench.adapters.transformers.hf.engine import HfEngine, _check_causal
from gliobench.adapters.transformers.mllama.engine import Engine
from gliobench.adapters.transformers.mllama.options import MllamaOptions
from gliobench.adapters.transformers.options import HfVisionOptions
from gliobench.adapters.transformers.replies import ReplyEnd, Writing
from gliobench.adapters.vision_language.prompts import GRADE_ANSWERS, answer_schema
from gliobench.adapters.vision_language.requests import Picture, Prompt, Request
from gliobench.domain.answers.questions import Question
from gliobench.domain.errors import BackendError, InvalidInputError

LIMIT = 10
EACH = pytest.mark.parametrize("family", FAMILIES)
REPLIES = (*GRADE_ANSWERS.values(), "a longer reply than those")


def options(folder: Path, **more: Any) -> HfVisionOptions:
    given = {"max_new_tokens": LIMIT, "device": "cpu", **more}
    return HfVisionOptions(model=str(folder), **given)


@pytest.fixture(scope="module")
def loaded(checkpoint_of: Callable[[str], Path]) -> Callable[[str], HfCheckpoint]:
    """Load each family once."""
    opened: dict[str, HfCheckpoint] = {}

    def load(family: str) -> HfCheckpoint:
        if family not in opened:
            opened[family] = load_checkpoint(options(checkpoint_of(family)))
        return opened[family]

    return load


def picture(seed: int = 0, edge: int = 56) -> Picture:
    noise = np.random.default_rng(seed).integers(0, 256, (edge, edge, 3))
    return noise.astype(np.uint8)


def requests() -> list[Request]:
    return [
        Request((picture(),), (Prompt("Where?"), Prompt("How far does it reach, and where?"))),
        Request((picture(1), picture(2)), (Prompt("Which?"), Prompt("Grade", None, REPLIES))),
        Request((picture(3, edge=112),), (Prompt("Grade", None, REPLIES), Prompt("A point?"))),
        Request((picture(4),), (Prompt("Grade", None, REPLIES[:2]),)),
    ]


def inputs(opened: HfCheckpoint, pictures: tuple[Picture, ...], text: str) -> dict[str, Any]:
    """What the family's processor makes of one text and its pictures."""
    return opened.processor(
        text=[text], images=[list(pictures)], return_tensors="pt", add_special_tokens=False
    )


@EACH
@torch.no_grad()
def test_replies_and_likelihoods_are_those_of_one_question_at_a_time(
    family: str, loaded: Callable[[str], HfCheckpoint]
) -> None:
    opened = loaded(family)

    answered = HfEngine(opened, options(Path("unused"))).answer(requests())

    closing = opened.tokenizer.decode([opened.end_token_ids[0]])
    for request, replies in zip(requests(), answered, strict=True):
        for prompt, reply in zip(request.prompts, replies, strict=True):
            chat = opened.chat(prompt.text, pictures=len(request.pictures))
            asked = inputs(opened, request.pictures, chat)
            start = asked["input_ids"].shape[1]
            assert reply.tokens
            assert reply.tokens.read == start
            if not prompt.continuations:
                written = opened.model.generate(**asked, max_new_tokens=LIMIT)[0, start:]
                said = opened.tokenizer.decode(written, skip_special_tokens=True)
                assert said.startswith(reply.text)
                assert reply.finished or said == reply.text
                continue
            for text, found in zip(prompt.continuations, reply.log_likelihoods, strict=True):
                whole = inputs(opened, request.pictures, chat + text + closing)
                scores = opened.model(**whole).logits[0, start - 1 : -1].log_softmax(-1)
                wanted = scores.gather(1, whole["input_ids"][0, start:, None]).sum()
                assert found == pytest.approx(float(wanted), abs=2e-3)  # a sum over 26 tokens
            assert reply.text == prompt.continuations[int(np.argmax(reply.log_likelihoods))]


@EACH
def test_a_batch_equals_as_many_batches_of_one(
    family: str, loaded: Callable[[str], HfCheckpoint]
) -> None:
    engine = HfEngine(loaded(family), options(Path("unused")))
    alone = HfEngine(loaded(family), options(Path("unused"), batch_size=1))

    together = engine.answer(requests())

    for request, replies in zip(requests(), together, strict=True):
        for prompt, reply in zip(request.prompts, replies, strict=True):
            ((one,),) = alone.answer([replace(request, prompts=(prompt,))])
            assert (one.text, one.finished) == (reply.text, reply.finished)
            assert one.log_likelihoods == pytest.approx(reply.log_likelihoods, abs=2e-3)


@EACH
def test_a_grammar_holds_replies_to_its_schema(
    family: str, loaded: Callable[[str], HfCheckpoint]
) -> None:
    engine = HfEngine(loaded(family), HfVisionOptions(model="unused", max_new_tokens=40))

    held = Prompt("Grade?", answer_schema(Question.GRADE))
    ((grade, free),) = engine.answer([Request((picture(),), (held, Prompt("And where is it?")))])

    assert grade.finished
    assert json.loads(grade.text)["grade"] in {"LGG", "HGG"}
    assert free.text != grade.text


def test_the_llama_engine_and_the_general_one_agree(shared_folder: Callable[..., Path]) -> None:
    from fakes.tiny_mllama import tiny_mllama

    folder = shared_folder("tiny_mllama", tiny_mllama)
    asked = [
        Request((picture(edge=28),), (Prompt("Where?"), Prompt("Grade", None, REPLIES))),
        Request((picture(1, edge=28),), (Prompt("A box, please."), Prompt("Grade", None, REPLIES))),
    ]

    own = Engine.load(MllamaOptions(model=str(folder), max_new_tokens=LIMIT)).answer(asked)
    general = HfEngine.load(options(folder)).answer(asked)

    for mine, theirs in zip(own, general, strict=True):
        assert [reply.text for reply in mine] == [reply.text for reply in theirs]
        assert mine[1].log_likelihoods == pytest.approx(theirs[1].log_likelihoods, abs=2e-3)


def test_out_of_memory_halves_the_batch(loaded: Callable[[str], HfCheckpoint]) -> None:
    opened = loaded("gemma3")
    rows: list[int] = []

    class Short(HfEngine):
        def _answer_at_once(self, batch):
            rows.append(sum(len(request.prompts) for request in batch))
            if rows[-1] > 2:
                raise torch.OutOfMemoryError
            return super()._answer_at_once(batch)

    answered = Short(opened, options(Path("unused"))).answer(requests())

    assert max(rows[1:]) < rows[0]
    assert answered == HfEngine(opened, options(Path("unused"), batch_size=2)).answer(requests())


def test_a_request_without_a_picture_is_refused(loaded: Callable[[str], HfCheckpoint]) -> None:
    with pytest.raises(InvalidInputError, match="no picture or no prompt"):
        HfEngine(loaded("gemma3"), options(Path("unused"))).answer([Request((), (Prompt("a"),))])


def test_a_model_of_words_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')

    with pytest.raises(BackendError, match=r"of type llama: wanted one of pictures and words"):
        load_checkpoint(options(tmp_path))


def test_a_model_that_takes_no_picture_in_a_chat_is_refused(
    checkpoint_of: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(checkpoint_of("gemma3"), tmp_path / "model")
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text().replace("<start_of_image>", ""))

    with pytest.raises(BackendError, match=r"model .*/model cannot be loaded: .*image"):
        load_checkpoint(options(folder))


def test_a_model_that_reads_replies_in_both_directions_is_refused() -> None:
    read = torch.tensor([[5, 6, 7, 1], [5, 6, 8, 1]])
    scores = torch.randn(1, 4, 10, generator=torch.Generator().manual_seed(0)).repeat(2, 1, 1)
    scores[1, 3] = 0.0  # behind the place where they part

    _check_causal(scores.log_softmax(-1), read, [2])
    scores[1, 1] += torch.arange(10)
    with pytest.raises(BackendError, match="in both directions"):
        _check_causal(scores.log_softmax(-1), read, [2])


def test_a_chat_begins_as_transformers_begins_it(
    checkpoint_of: Callable[[str], Path], tmp_path: Path
) -> None:
    """Gemma's template writes the first token; of another's template the tokenizer adds it."""
    folder = copied_with_begin(checkpoint_of("llava_onevision"), tmp_path)
    begun, opened = (
        load_checkpoint(options(checkpoint_of("gemma3"))),
        load_checkpoint(options(folder)),
    )

    for checkpoint in (begun, opened):
        turns = [
            {
                "role": "user",
                "content": [{"type": "image", "image": picture()}, {"type": "text", "text": "?"}],
            }
        ]
        theirs = checkpoint.processor.apply_chat_template(
            turns, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
        )
        ours = checkpoint.inputs([checkpoint.chat("?")], [(picture(),)])
        assert ours["input_ids"].tolist() == theirs["input_ids"].tolist()


def copied_with_begin(source: Path, folder: Path) -> Path:
    """Copy a checkpoint, with a tokenizer that begins every text."""
    shutil.copytree(source, folder, dirs_exist_ok=True)
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    token = tokenizer["added_tokens"][2]
    tokenizer["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [
            {"SpecialToken": {"id": token["content"], "type_id": 0}},
            {"Sequence": {"id": "A", "type_id": 0}},
        ],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {
            token["content"]: {
                "id": token["content"],
                "ids": [token["id"]],
                "tokens": [token["content"]],
            }
        },
    }
    path.write_text(json.dumps(tokenizer))
    return folder


@pytest.mark.parametrize(
    ("opening", "is_refused"), [("<think>\\n", True), ("<think>\\n\\n</think>\\n", False)]
)
def test_a_template_that_opens_a_thought_is_refused(
    checkpoint_of: Callable[[str], Path], tmp_path: Path, opening: str, is_refused: bool
) -> None:
    folder = shutil.copytree(checkpoint_of("qwen3_vl"), tmp_path / "model")
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text().replace("assistant\\n'", f"assistant\\n{opening}'"))

    if is_refused:
        with pytest.raises(BackendError, match="thinks before it answers"):
            load_checkpoint(options(folder))
    else:
        assert load_checkpoint(options(folder)).chat("?").endswith("</think>\n")


def test_json_in_a_thought_does_not_end_a_reply(loaded: Callable[[str], HfCheckpoint]) -> None:
    tokenizer = loaded("gemma3").tokenizer
    end, writing = ReplyEnd(tokenizer, loaded("gemma3").end_token_ids), Writing()

    for token in tokenizer.encode('<think>{"a": 1}</think>{"b": 2} more', add_special_tokens=False):
        end.add(writing, token)
        if writing.finished:
            break

    assert end.text(writing.tokens) == '<think>{"a": 1}</think>{"b": 2}'


@pytest.mark.gpu
@EACH
def test_a_gpu_replies_as_the_cpu_does(
    family: str, checkpoint_of: Callable[[str], Path], loaded: Callable[[str], HfCheckpoint]
) -> None:
    on_gpu = options(checkpoint_of(family), device="cuda", dtype="float32")

    answered = HfEngine.load(on_gpu).answer(requests())

    on_cpu = HfEngine(loaded(family), options(Path("unused"))).answer(requests())
    for found, wanted in zip(answered, on_cpu, strict=True):
        for one, other in zip(found, wanted, strict=True):
            assert (one.text, one.finished) == (other.text, other.finished)
            assert one.log_likelihoods == pytest.approx(other.log_likelihoods, abs=1e-2)
