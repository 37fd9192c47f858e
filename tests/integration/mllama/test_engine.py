"""The engine says what Transformers says, one question at a time, over four padded tiles."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("llguidance")

from gliobench.adapters.transformers.mllama.checkpoint import load_checkpoint
from gliobench.adapters.transformers.mllama.decoding import Decoder
from gliobench.adapters.transformers.mllama.dialogues import Dialogue, Dialogues, begin
from gliobench.adapters.transformers.mllama.engine import Engine
from gliobench.adapters.transformers.mllama.options import MllamaOptions
from gliobench.adapters.transformers.mllama.vision import tiles_of
from gliobench.adapters.transformers.mllama.vision_cache import encode_pictures
from gliobench.adapters.transformers.replies import ReplyEnd, Writing
from gliobench.adapters.vision_language.requests import Picture, Prompt, Request
from gliobench.domain.errors import BackendError, InvalidInputError
from gliobench.domain.predictions.tokens import Tokens
from integration.mllama.transformers_reference import TransformersReference

LIMIT = 12
GRADE = json.dumps(
    {
        "type": "object",
        "properties": {"grade": {"enum": ["LGG", "HGG"]}},
        "required": ["grade"],
        "additionalProperties": False,
    }
)


@pytest.fixture(scope="module")
def engine(tiny_folder: Path) -> Engine:
    return Engine.load(MllamaOptions(model=str(tiny_folder), max_new_tokens=LIMIT))


@pytest.fixture(scope="module")
def reference(tiny_folder: Path) -> TransformersReference:
    return TransformersReference(
        tiny_folder, load_checkpoint(MllamaOptions(model=str(tiny_folder)))
    )


def picture(height: int = 28, width: int = 28, seed: int = 0) -> Picture:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3))
    return noise.astype(np.uint8)


ONE_TILE = (picture(),)
FOUR_TILES = (picture(56, 56),)
TWO_PICTURES = (picture(40, 28, seed=1), picture(seed=2))
SHOWN = pytest.mark.parametrize(
    "shown", [ONE_TILE, FOUR_TILES, TWO_PICTURES], ids=["one tile", "four tiles", "two pictures"]
)
REQUESTS = [
    Request(ONE_TILE, (Prompt("Where?"), Prompt("What is it, and how far does it reach?"))),
    Request(FOUR_TILES, (Prompt("A box, please."),)),
    Request(TWO_PICTURES, (Prompt("Which?"), Prompt("Grade", continuations=("LGG", "HGG grade")))),
    Request((picture(seed=3),), (Prompt("Grade", grammar=GRADE), Prompt("And a point?"))),
    Request((picture(28, 84, seed=4),), (Prompt("One more"),)),
]


def begun(
    reference: TransformersReference, shown: tuple[Picture, ...], prompts: list[str]
) -> tuple[Dialogues, torch.Tensor]:
    """The fast path after its prompts, on a model of its own."""
    checkpoint = load_checkpoint(MllamaOptions(model=str(reference.model.name_or_path)))
    Engine(checkpoint, MllamaOptions(model="unused"))
    chats = [checkpoint.token_ids(checkpoint.chat(p, pictures=len(shown))) for p in prompts]
    first = chats[0].index(checkpoint.picture_token_id)
    tiles = tiles_of(checkpoint.picture_processor, shown)
    return begin(
        checkpoint.model,
        encode_pictures(checkpoint.model, tiles, [len(shown)], chats[0][:first]),
        [Dialogue(0, tuple(chat[first:])) for chat in chats],
        pad_token=checkpoint.tokenizer.pad_token_id,
        picture_token=checkpoint.picture_token_id,
        room=LIMIT,
    )


@SHOWN
@torch.no_grad()
def test_logits_equal_those_of_four_padded_tiles_and_one_question_at_a_time(
    reference: TransformersReference, shown: tuple[Picture, ...]
) -> None:
    prompts = ["Where?", "What is it, and how far does it reach?"]
    reply = "a reply"

    state, logits = begun(reference, shown, prompts)
    read = reference.checkpoint.token_ids(reply)
    steps = [logits, *(state.next_logits(torch.full((2, 1), token)) for token in read)]

    for row, prompt in enumerate(prompts):
        expected = reference.logits(shown, prompt, reply)[-len(reply) - 1 :]
        assert torch.allclose(torch.stack([one[row] for one in steps]), expected, atol=1e-4)


@SHOWN
def test_greedy_tokens_are_those_of_generate(
    engine: Engine, reference: TransformersReference, shown: tuple[Picture, ...]
) -> None:
    prompts = ("Where?", "What is it, and how far does it reach?", "Grade", "Draw its outline.")

    replies = engine.answer([Request(shown, tuple(Prompt(text) for text in prompts))])[0]

    decode = reference.checkpoint.tokenizer.decode
    expected = [reference.greedy(shown, text, tokens=LIMIT) for text in prompts]
    assert [reply.text for reply in replies] == [decode(tokens) for tokens in expected]
    assert not any(reply.finished for reply in replies)
    chats = [reference.checkpoint.chat(text, pictures=len(shown)) for text in prompts]
    assert [reply.tokens for reply in replies] == [
        Tokens(len(reference.checkpoint.token_ids(chat)), LIMIT) for chat in chats
    ]


def test_a_batch_of_requests_equals_as_many_batches_of_one(engine: Engine) -> None:
    together = engine.answer(REQUESTS)

    for request, replies in zip(REQUESTS, together, strict=True):
        for prompt, reply in zip(request.prompts, replies, strict=True):
            alone = engine.answer([Request(request.pictures, (prompt,))])[0][0]
            assert (alone.text, alone.finished) == (reply.text, reply.finished)
            assert alone.log_likelihoods == pytest.approx(reply.log_likelihoods, abs=1e-4)


@SHOWN
def test_log_likelihoods_equal_those_of_a_plain_forward(
    engine: Engine, reference: TransformersReference, shown: tuple[Picture, ...]
) -> None:
    replies = ('{"grade": "LGG"}', '{"grade": "HGG"}', "a longer reply than those")

    reply = engine.answer([Request(shown, (Prompt("Grade?", continuations=replies),))])[0][0]

    expected = [reference.log_likelihood(shown, "Grade?", text) for text in replies]
    assert reply.log_likelihoods == pytest.approx(expected, abs=1e-3)  # sums over up to 26 tokens
    assert reply.text == replies[int(np.argmax(expected))]


def test_a_grammar_holds_the_reply_to_its_schema(tiny_folder: Path) -> None:
    engine = Engine.load(MllamaOptions(model=str(tiny_folder), max_new_tokens=32))

    replies = engine.answer(
        [Request((picture(seed=n),), (Prompt("Grade?", grammar=GRADE),)) for n in range(4)]
    )

    assert all(reply.finished for (reply,) in replies)
    assert all(json.loads(reply.text)["grade"] in {"LGG", "HGG"} for (reply,) in replies)


def test_a_grammar_that_is_no_schema_is_refused(engine: Engine) -> None:
    with pytest.raises(InvalidInputError, match="cannot be compiled"):
        engine.answer([Request(ONE_TILE, (Prompt("Grade?", grammar='{"type": "grade"}'),))])


def test_each_picture_goes_through_the_tower_once_for_all_its_prompts(tiny_folder: Path) -> None:
    checkpoint = load_checkpoint(MllamaOptions(model=str(tiny_folder)))
    engine = Engine(checkpoint, MllamaOptions(model=str(tiny_folder), max_new_tokens=2))
    tiles: list[int] = []
    checkpoint.model.model.vision_model.patch_embedding.register_forward_hook(
        lambda _module, _inputs, output: tiles.append(output.shape[0])
    )

    engine.answer([Request((picture(seed=n),), (Prompt("a"),) * 4) for n in range(3)])

    assert tiles == [3 * 4]


@dataclass(slots=True, eq=False)
class OfLength(Writing):
    """A reply that ends after so many tokens, whatever they are."""

    length: int = LIMIT


class AtLength(ReplyEnd):
    """Ends replies of a given length."""

    def add(self, writing, token):
        writing.tokens.append(token)
        writing.finished = len(writing.tokens) == writing.length


@torch.no_grad()
def test_rows_that_end_are_left_out_and_the_others_go_on_the_same(
    reference: TransformersReference,
) -> None:
    prompts = ["Where?", "What is it, and how far does it reach?", "Draw its outline.", "Grade"]
    state, logits = begun(reference, TWO_PICTURES, prompts)
    writings = [OfLength(length=length) for length in (1, 2, 9, 5)]

    end = AtLength(reference.checkpoint.tokenizer, ())
    Decoder(end, limit=LIMIT, capture=False).write(state, logits, writings)

    assert [writing.tokens for writing in writings] == [
        reference.greedy(TWO_PICTURES, prompt, tokens=writing.length)
        for prompt, writing in zip(prompts, writings, strict=True)
    ]


def test_a_reply_ends_where_its_json_closes(reference: TransformersReference) -> None:
    end = ReplyEnd(reference.checkpoint.tokenizer, reference.checkpoint.end_token_ids)
    writing = Writing()

    for token in reference.checkpoint.token_ids('{"a": {"b": "}"}} and so on'):
        end.add(writing, token)
        if writing.finished:
            break

    assert end.text(writing.tokens) == '{"a": {"b": "}"}}'


class ShortOfMemory(Engine):
    """An engine whose device holds so many prompts."""

    holds = 2

    def _answer_at_once(self, batch):
        if sum(len(one.prompts) for one in batch) > self.holds:
            raise torch.OutOfMemoryError
        return super()._answer_at_once(batch)


def test_out_of_memory_halves_the_batch_and_goes_on(
    engine: Engine, tiny_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    short = ShortOfMemory.load(MllamaOptions(model=str(tiny_folder), max_new_tokens=LIMIT))
    requests = [Request(ONE_TILE, REQUESTS[0].prompts * 3), *REQUESTS]

    with caplog.at_level(logging.WARNING):
        replies = short.answer(requests)

    assert [[one.text for one in each] for each in replies] == [
        [one.text for one in each] for each in engine.answer(requests)
    ]
    assert "out_of_memory prompts=14 batch_size=7" in caplog.text


def test_one_prompt_that_does_not_fit_is_said_in_one_line(tiny_folder: Path) -> None:
    short = ShortOfMemory.load(MllamaOptions(model=str(tiny_folder)))
    short.holds = 0

    with pytest.raises(BackendError, match="one prompt needs more memory"):
        short.answer(REQUESTS[:1])


def test_a_request_without_a_prompt_is_refused(engine: Engine) -> None:
    with pytest.raises(InvalidInputError, match="no picture or no prompt"):
        engine.answer([Request(ONE_TILE, ())])


def test_what_is_sent_begins_once_and_names_every_picture(engine: Engine) -> None:
    sent = engine.chat("Where?", pictures=2)

    assert sent.count("<|begin_of_text|>") == 1
    assert "<|image|><|image|>Where?<|eot_id|>" in sent


def test_settings_that_decide_replies_are_part_of_the_fingerprint(
    engine: Engine, tiny_folder: Path
) -> None:
    options = MllamaOptions(model=str(tiny_folder), max_new_tokens=LIMIT)

    assert Engine.load(options).fingerprint == engine.fingerprint
    assert (
        Engine.load(options.model_copy(update={"max_new_tokens": 3})).fingerprint
        != engine.fingerprint
    )


@torch.no_grad()
def test_a_step_never_waits_for_a_value_from_the_device(reference: TransformersReference) -> None:
    # Tensors on the device `meta` have no values: a step that passes there can be captured.
    state, _ = begun(reference, TWO_PICTURES, ["Where?", "Which?"])
    state.model.to("meta")
    for layer in state.memory.layers:
        layer.keys, layer.values = layer.keys.to("meta"), layer.values.to("meta")
    state.rows = state.rows._replace(
        request=state.rows.request.to("meta"), place=state.rows.place.to("meta")
    )
    for name in ("visible", "positions", "column", "sees"):
        setattr(state, name, getattr(state, name).to("meta"))

    assert state.next_logits(torch.zeros(2, 1, dtype=torch.long, device="meta")).shape[0] == 2


@pytest.mark.gpu
def test_a_captured_step_replies_as_the_plain_one(tiny_folder: Path) -> None:
    options = MllamaOptions(
        model=str(tiny_folder), dtype="float32", device="cuda", max_new_tokens=LIMIT, compile=True
    )

    captured = Engine.load(options)

    expected = Engine.load(options.model_copy(update={"compile": False})).answer(REQUESTS)
    assert [captured.answer(REQUESTS) for _ in range(2)] == [expected, expected]


@pytest.mark.gpu
def test_a_gpu_replies_as_the_cpu_does(tiny_folder: Path) -> None:
    options = MllamaOptions(model=str(tiny_folder), dtype="float32", max_new_tokens=LIMIT)

    replies = {
        device: Engine.load(options.model_copy(update={"device": device})).answer(REQUESTS)
        for device in ("cpu", "cuda")
    }

    assert [[reply.text for reply in each] for each in replies["cuda"]] == [
        [reply.text for reply in each] for each in replies["cpu"]
    ]
